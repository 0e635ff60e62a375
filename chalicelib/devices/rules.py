"""Rules of binding devices, for time zones and for settings."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from chalicelib import typed
from chalicelib.errors import Invalid
from chalicelib.words import Phrase

# Of a device by whomever, and of a person at whichever device.
TRIES = 10
TRIES_REMEMBERED = timedelta(days=2)


normal_sn, normal_code = typed.serial_number, typed.printed_code


class TimeZoneUnknown(Invalid):
    pass


def locked_s(wrong: int) -> int:
    """Every tenth wrong code locks for half an hour, every twentieth for a day."""
    if wrong and wrong % (2 * TRIES) == 0:
        return 24 * 3600
    return 1800 if wrong and wrong % TRIES == 0 else 0


@cache
def _zones() -> frozenset[str]:
    # Those of the pinned package, whatever the machine knows. Here and not above: most containers never hear of one.
    from importlib.resources import files

    # `Factory` is what a machine has where nobody has said yet.
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


@cache
def _zones_in_small_letters() -> dict[str, str]:
    return {name.lower(): name for name in _zones()}


def normal_time_zone(name: str) -> str:
    """As IANA writes it; what it does not know stays as it is."""
    return _zones_in_small_letters().get(typed.tidied(name).lower(), name)


def require_time_zone(name: str) -> None:
    if name not in _zones():
        raise TimeZoneUnknown(fields={"time_zone": Phrase("not_a_time_zone")})


# Settings


def require_channels(named: list[str], known: list[str]) -> None:
    """Each at most once, and none but the device's. Raises Invalid."""
    if len(named) != len(set(named)) or not set(named) <= set(known):
        wrong = Phrase("channels_twice_or_unknown")
        raise Invalid(fields={"settings.channels": wrong})
