"""CORS: the API may be called by pages of the one other origin that is configured, or of none."""

from __future__ import annotations

from collections.abc import Iterable

_ASKING = ("Authorization", "Content-Type", "Idempotency-Key", "Accept-Language", "Range")
_EXPOSED = ("Retry-After",)
_MAX_AGE_SECONDS = 600


def of_answer(origin: str) -> dict[str, str]:
    """The CORS headers of every answer, refusals included; none without an origin.

    It does not depend on who asks: the browser compares, and API Gateway's own answers could not.
    """
    if not origin:
        return {}
    return {**_allows(origin), "Access-Control-Expose-Headers": ", ".join(_EXPOSED)}


def of_preflight(origin: str, methods: Iterable[str]) -> dict[str, str]:
    """The CORS headers of a preflight's answer."""
    return {
        **_allows(origin),
        "Access-Control-Allow-Methods": ", ".join(sorted(methods)),
        "Access-Control-Allow-Headers": ", ".join(_ASKING),
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
    }


def _allows(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
