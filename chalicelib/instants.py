"""Instants as keys, marks and addresses write them: in milliseconds since 1970, in base 36 where it is to be short."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def ms_of(at: datetime) -> int:
    """The millisecond that it lies in."""
    return (at - _EPOCH) // _MS


def at_ms(ms: float) -> datetime:
    return _EPOCH + int(ms) * _MS


def base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (base36(rest) if rest else "") + _DIGITS[digit]
