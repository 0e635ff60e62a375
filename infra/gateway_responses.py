"""Gateway responses, in our words: deployed, and on this machine."""

from __future__ import annotations

from chalicelib import errors
from chalicelib.entry import refusals
from chalicelib.entry.http import ServerFault

# By AWS's names for them. Who asks for a route that is not there, signed or not, is answered so.
KINDS: dict[str, type[errors.Refusal]] = {
    "ACCESS_DENIED": errors.Forbidden,
    "BAD_REQUEST_BODY": errors.Malformed,
    "BAD_REQUEST_PARAMETERS": errors.Malformed,
    "EXPIRED_TOKEN": errors.NotSignedIn,
    "INTEGRATION_FAILURE": errors.Unavailable,
    "INTEGRATION_TIMEOUT": errors.Unavailable,
    "INVALID_SIGNATURE": errors.NotFound,
    "MISSING_AUTHENTICATION_TOKEN": errors.NotFound,
    "QUOTA_EXCEEDED": errors.TooMany,
    "REQUEST_TOO_LARGE": errors.TooLarge,
    "RESOURCE_NOT_FOUND": errors.NotFound,
    "THROTTLED": errors.TooMany,
    "UNAUTHORIZED": errors.NotSignedIn,
    "WAF_FILTERED": errors.Forbidden,
    "DEFAULT_4XX": errors.Malformed,
    "DEFAULT_5XX": ServerFault,
}
_COME_BACK_SECONDS = 2


def status_of(kind: str) -> int | None:
    """None for what is left over, which keeps the status that API Gateway gives it."""
    return None if kind.startswith("DEFAULT") else refusals.status_of(KINDS[kind])


def headers_of(kind: str) -> dict[str, str]:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    if KINDS[kind] in (errors.TooMany, errors.Unavailable):
        headers["Retry-After"] = str(_COME_BACK_SECONDS)
    return headers


def body_of(kind: str, request_id: str) -> dict[str, object]:
    """In English: API Gateway does not look at what the caller reads."""
    return refusals.body_of(KINDS[kind](), "en", request_id)
