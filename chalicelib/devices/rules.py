"""What holds for serial numbers, printed codes, time zones, and what a factory writes."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from chalicelib import typed
from chalicelib.errors import Invalid, Words

# Closing an account cuts all its devices in one transaction of a hundred writes: three for each, and sixteen for an
# account that is reached by e-mail and phone and linked to three platforms.
MOST_DEVICES = 28
REPORT_LIFE = timedelta(days=30)
# Of a device by whomever, and of a person at whichever device.
TRIES = 10
OFFER_LIFE = timedelta(days=7)
MOST_OFFERS = 5
TRIES_REMEMBERED = timedelta(days=2)
LONGEST_LINE = 64 * 1024
_COLUMNS = {"sn", "model", "code", "secret"}
# API Gateway's own: no connection lasts longer, and one on which nothing is said for ten minutes ends.
CONNECTION_LIFE, CONNECTION_IDLE = timedelta(hours=2), timedelta(minutes=10)
# A camera that has lost its connection comes back at a moment of its own within this time.
COME_BACK_WITHIN = timedelta(minutes=15)


class TimeZoneUnknown(Invalid):
    en = "There is no such time zone."
    pl = "Nie ma takiej strefy czasowej."


normal_sn, normal_mac, normal_code = typed.serial_number, typed.mac_address, typed.printed_code


def locked_s(wrong: int) -> int:
    """Every tenth wrong code locks for half an hour, every twentieth for a day."""
    if wrong and wrong % (2 * TRIES) == 0:
        return 24 * 3600
    return 1800 if wrong and wrong % TRIES == 0 else 0


def is_online(connected_at: float | None, now_s: int) -> bool:
    """Connected, and not for longer than a connection can last: the news of its end may have been lost."""
    return connected_at is not None and now_s < connected_at + CONNECTION_LIFE.total_seconds()


@cache
def _zones() -> frozenset[str]:
    # Those of the pinned package, whatever the machine knows. Here and not above: most containers never hear of one.
    from importlib.resources import files

    return frozenset(files("tzdata").joinpath("zones").read_text().split())


@cache
def _zones_in_small_letters() -> dict[str, str]:
    return {name.lower(): name for name in _zones()}


def normal_time_zone(name: str) -> str:
    """As IANA writes it; what it does not know stays as it is."""
    return _zones_in_small_letters().get(typed.tidied(name).lower(), name)


def require_time_zone(name: str) -> None:
    if name not in _zones():
        raise TimeZoneUnknown(fields={"time_zone": Words("is not an IANA time zone", "nie jest strefą czasową IANA")})


# Settings


def require_channels(named: list[str], known: list[str]) -> None:
    """Each at most once, and none but the device's. Raises Invalid."""
    if len(named) != len(set(named)) or not set(named) <= set(known):
        wrong = Words("names a channel twice, or one that there is not", "wymienia kanał dwa razy albo nieistniejący")
        raise Invalid(fields={"settings.channels": wrong})


def is_private_at(at: int, since: float | None, until: float | None) -> bool:
    """Whether privacy mode was on then, by when it was last switched on and off; `until` is None while it is on."""
    return since is not None and since <= at and (until is None or at < until)


# What a factory writes


def columns_of(first: bytes) -> list[str] | None:
    """The names in a CSV file's first line; None where JSON lines begin. Raises Invalid."""
    import csv

    line = _text_of(first)
    if line is not None and line.startswith("{"):
        return None
    named = [] if line is None else [name.strip().lower() for name in next(csv.reader([line]), [])]
    if sorted(named) != sorted(_COLUMNS):
        raise Invalid(fields={"s3": Words("does not begin with sn,model,code,secret", "nie zaczyna się nagłówkiem")})
    return named


def row_of(line: bytes, columns: list[str] | None) -> Any:
    """What a line says by these columns, or as JSON; what is neither is itself, and no camera."""
    import csv

    text = _text_of(line)
    if text is None:
        return None
    try:
        if columns is None:
            return json.loads(text)
        return dict(zip(columns, next(csv.reader([text], strict=True)), strict=True))
    except (ValueError, RecursionError, csv.Error):
        return text


def _text_of(line: bytes) -> str | None:
    """Without the mark that some programs put before UTF-8; None for what is no UTF-8."""
    try:
        return line.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return None
