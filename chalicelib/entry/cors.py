"""Which other origin's pages may call the API from a browser: the one that is configured, or none."""

from __future__ import annotations

from collections.abc import Iterable

_ASKING = ("Authorization", "Content-Type", "Idempotency-Key", "Accept-Language")
_EXPOSED = ("Retry-After",)
_MAX_AGE_SECONDS = 600


def of_answer(origin: str) -> dict[str, str]:
    """What every answer bears, refusals included; nothing without an origin.

    It does not depend on who asks: the browser compares, and API Gateway's own answers could not.
    """
    if not origin:
        return {}
    return {**_allows(origin), "Access-Control-Expose-Headers": ", ".join(_EXPOSED)}


def of_preflight(origin: str, methods: Iterable[str]) -> dict[str, str]:
    """What a browser is told of a path before it asks."""
    return {
        **_allows(origin),
        "Access-Control-Allow-Methods": ", ".join(sorted(methods)),
        "Access-Control-Allow-Headers": ", ".join(_ASKING),
        "Access-Control-Max-Age": str(_MAX_AGE_SECONDS),
    }


def _allows(origin: str) -> dict[str, str]:
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
