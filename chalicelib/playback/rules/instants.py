"""Instants as addresses and ids write them: milliseconds or seconds since 1970, in base 36."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def ms_of(at: datetime) -> int:
    """The millisecond that it lies in."""
    return (at - _EPOCH) // _MS


def at_ms(ms: int) -> datetime:
    return _EPOCH + ms * _MS


def base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (base36(rest) if rest else "") + _DIGITS[digit]
