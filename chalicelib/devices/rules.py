"""What holds for serial numbers, printed codes and time zones."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

from chalicelib.errors import Invalid, Words

# Closing an account cuts all its devices in one transaction of a hundred writes: three for each, and eleven for an
# account that is reached by e-mail and phone.
MOST_DEVICES = 28
REPORT_LIFE = timedelta(days=30)
# API Gateway's own: no connection lasts longer, and one on which nothing is said for ten minutes ends.
CONNECTION_LIFE, CONNECTION_IDLE = timedelta(hours=2), timedelta(minutes=10)
# A camera that has lost its connection comes back at a moment of its own within this time.
COME_BACK_WITHIN = timedelta(minutes=15)


class TimeZoneUnknown(Invalid):
    en = "There is no such time zone."
    pl = "Nie ma takiej strefy czasowej."


def normal_sn(sn: str) -> str:
    return sn.strip().upper()


def normal_mac(mac: str) -> str:
    return mac.strip().replace("-", ":").upper()


def normal_code(code: str) -> str:
    """As printed, whatever way it was typed: case, spaces and dashes do not count."""
    return "".join(code.split()).replace("-", "").upper()


def locked_s(wrong_codes: int) -> int:
    """Every tenth wrong code locks for half an hour, every twentieth for a day."""
    if wrong_codes and wrong_codes % 20 == 0:
        return 24 * 3600
    return 1800 if wrong_codes and wrong_codes % 10 == 0 else 0


def is_online(connected_at: float | None, now_s: int) -> bool:
    """Connected, and not for longer than a connection can last: the news of its end may have been lost."""
    return connected_at is not None and now_s < connected_at + CONNECTION_LIFE.total_seconds()


@cache
def _zones() -> frozenset[str]:
    # Here and not above: most containers never hear of a time zone.
    from zoneinfo import available_timezones

    return frozenset(available_timezones())


def require_time_zone(name: str) -> None:
    if name not in _zones():
        raise TimeZoneUnknown(fields={"time_zone": Words("is not an IANA time zone", "nie jest strefą czasową IANA")})
