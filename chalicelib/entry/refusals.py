"""HTTP statuses of refusals: the only module that writes one."""

from __future__ import annotations

from chalicelib import errors
from chalicelib.words import Phrase

STATUS: dict[type[errors.Refusal], int] = {
    errors.Malformed: 400,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Misdirected: 421,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}
SERVER_ERROR = 500


def status_of(refusal: errors.Refusal | type[errors.Refusal]) -> int:
    """Looked up along the refusal's ancestry, so that a house names a situation and inherits its status."""
    kind = refusal if isinstance(refusal, type) else type(refusal)
    return next(STATUS[family] for family in kind.__mro__ if family in STATUS)


def body_of(refusal: errors.Refusal, language: str, request_id: str) -> dict[str, object]:
    body = {"code": type(refusal).__name__, "message": refusal.message(language), "request_id": request_id}
    return body | {name: _in_language(detail, language) for name, detail in refusal.details.items()}


def _in_language(detail: object, language: str) -> object:
    if isinstance(detail, Phrase):
        return detail.read_in(language)
    if isinstance(detail, dict):
        return {name: _in_language(one, language) for name, one in detail.items()}
    return detail
