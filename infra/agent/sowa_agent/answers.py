"""Fields of JSON that others have sent, checked where they are read: what is of another form has no effect at all."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any, TypeVar

Json = dict[str, Any]
# A clock that was set to the end of all calendars could not be counted on from there.
_YEARS = range(2000, 2200)

T = TypeVar("T")


def field(said: Any, name: str, kind: type[T], default: T | None = None) -> T:
    """Raises ValueError where it is of another kind, or missing without a default; what is null is not missing."""
    if not isinstance(said, dict):
        raise ValueError(f"{name} stands in no object")
    value = said.get(name, default)
    if type(value) is not kind:
        raise ValueError(f"{name} is no {kind.__name__}")
    return value


def number(said: Any, name: str, default: float | None = None) -> float:
    """A finite one. Raises ValueError."""
    kind = int if isinstance(said, dict) and type(said.get(name, default)) is int else float
    try:
        value = float(field(said, name, kind, None if default is None else kind(default)))
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise ValueError(f"{name} is not finite")
    return value


def instant(text: Any) -> datetime:
    """Raises ValueError."""
    if not isinstance(text, str):
        raise ValueError("a moment is no text")
    found = datetime.fromisoformat(text)
    if found.year not in _YEARS or found.tzinfo is None:
        raise ValueError(f"{text} is of another age")
    return found
