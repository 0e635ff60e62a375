"""Presence of cameras that keep their channel open: a scheduled check notices that one has gone away (B6)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.stock import rules
from chalicelib.stock.records import CheckPosition, ConnectionCheck, PresenceChange, Stock
from chalicelib.stock.rules import Presence
from chalicelib.store.commit import Write, change, check, commit, create, is_set, put
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# What the camera's record knows of an ownership beside its id: an owner begins with none of it.
NOTHING_REPORTED: Final = dict.fromkeys(("away_since", "told_offline_at", "told_back_at"))
NOBODYS: Final = {"device_id": None, **NOTHING_REPORTED}
_PAGE = 100
_OF_CONNECTIONS = ("", "connections")
# The function has 29 s for both of its walks: one that is out of time is gone on with by the next run.
_WALK_S = 12
_KEPT = timedelta(days=2)
# From when a connection begins until its camera is missed if nothing else is heard.
_MISSED_AFTER_S = int((rules.CONNECTION_LIFE + rules.OFFLINE_AFTER).total_seconds())


def check_at(stock: Stock, due_s: int, connection_id: str | None = None) -> Write:
    """Let the camera be looked at then. A row that nothing comes of is harmless: whoever looks judges what is then."""
    check_id = f"{due_s}-{stock.pk_id}"
    ends = due_s + int(_KEPT.total_seconds())
    row = ConnectionCheck.new(
        _day_of(due_s), check_id, stock_id=stock.pk_id, connection_id=connection_id, expires_at=ends
    )
    return put(row)


def check_when_opened(stock: Stock, connection_id: str, now_s: int) -> None:
    """Before a connection is noted: its end may never be reported, and itself never come about; and an owner who was
    notified that it is away is notified that it is back.

    One row for both would be looked at too early or too late.
    """
    commit(check_at(stock, now_s + _MISSED_AFTER_S, connection_id))
    if presence_of(stock).is_told_offline:
        commit(check_at(stock, now_s + int(rules.BACK_AFTER.total_seconds())))


def checks_when_closed(stock: Stock, now_s: int) -> list[Write]:
    """Writes that let a camera be missed that has an owner, and does not sleep between what it does. A connection that
    lasted as long as one can is checked just then by what was noted when it began."""
    if stock.device_id is None or stock.sleeps or rules.lasted(stock.connected_at, now_s):
        return []
    return [check_at(stock, now_s + int(rules.OFFLINE_AFTER.total_seconds()))]


def ended_at(now_s: int) -> dict[str, int | None]:
    """The values that are noted of a camera whose connection ended then."""
    return {"connection_id": None, "connected_at": None, "away_since": now_s}


def presence_of(stock: Stock) -> Presence:
    return Presence(
        stock.connected_at, stock.away_since, stock.told_offline_at, stock.told_back_at, bool(stock.sleeps)
    )


def is_online(stock: Stock) -> bool:
    """Whether the camera is connected now."""
    return rules.is_online(stock.connected_at, clock.now_s())


# The clock


def check_connections() -> dict[str, int]:
    """Look at the cameras whose time has come since the last run, in the order of their times; how many, and of how
    many something is reported."""
    now_s = clock.now_s()
    answer = {"checked": 0, "told": 0}
    for page in _checks_until(now_s):
        answer["checked"] += len(page)
        answer["told"] += _check([one.stock_id for one in page], now_s)
    return answer


def checks_of_connections(*, begun_until: int) -> Iterator[list[ConnectionCheck]]:
    """Pages of what was noted as connections began, since the last run and until then: the rows of which the cameras
    are missed later, since nothing else is noted so long before it is due."""
    return _checks_until(begun_until + _MISSED_AFTER_S, *_OF_CONNECTIONS)


def _checks_until(last_s: int, *position: str) -> Iterator[list[ConnectionCheck]]:
    """Pages of the checks that are due by then, from a position on, which moves when the next page is asked for."""
    ends = clock.ticks_s() + _WALK_S
    (stored,) = read(CheckPosition.key(*position))
    begun = last_s - int(_KEPT.total_seconds()) if stored is None else int(stored.last.partition("-")[0])
    last = str(begun) if stored is None else str(stored.last)
    for day in _days_between(begun, last_s):
        is_over = False
        while not is_over:
            if clock.ticks_s() >= ends:
                return
            page = ConnectionCheck.list_of(day, first=last, last=str(last_s), limit=_PAGE, after=last)
            yield page.items
            is_over = page.cursor is None
            # What is over by its TTL is on no page, and passed over.
            if (seen := page.cursor or (page.items[-1].sort_id if page.items else None)) is not None:
                last = seen
                commit(put(CheckPosition.new(*position, last=last)))
    if _day_of(begun) != _day_of(last_s):
        # Where nothing happens days are not looked through again and again.
        commit(put(CheckPosition.new(*position, last=max(last, str(last_s)))))


def _days_between(first_s: int, last_s: int) -> list[str]:
    """At most as many as rows are kept."""
    first = max(first_s, last_s - int(_KEPT.total_seconds()))
    days = (clock.at_epoch(last_s).date() - clock.at_epoch(first).date()).days
    return [_day_of(first + number * 86_400) for number in range(days + 1)]


def _day_of(at_s: float) -> str:
    at: datetime = clock.at_epoch(at_s)
    return f"{at:%Y%m%d}"


def _check(stock_ids: list[str], now_s: int) -> int:
    found = read(*map(Stock.key, dict.fromkeys(stock_ids)))
    return sum(_notify(stock, now_s) for stock in found if stock is not None and stock.device_id is not None)


def _notify(stock: Stock, now_s: int) -> bool:
    """Decide, in one commit with what it was decided by, that something is reported; the stream brings it on."""
    word, again_s = rules.next_of(presence_of(stock), now_s)
    if again_s is not None:
        commit(check_at(stock, again_s))
    if word is None:
        return False
    # By its connection and its owner: whoever changes them lets it be looked at anew, or nobody is left to be notified.
    with suppress(StaleRead):
        commit(*_notices(stock, word, now_s))
        return True
    return False


def _notices(stock: Stock, word: str, now_s: int) -> tuple[Write, ...]:
    as_read = Stock.device_id == stock.device_id
    for name in ("connection_id", "away_since", "told_offline_at", "told_back_at"):
        as_read &= is_set(getattr(Stock, name), getattr(stock, name))
    # Named after the moment at which it was reported offline, as its alarm is, of which being back is the end.
    offline_at = now_s if word == rules.OFFLINE else int(stock.told_offline_at)
    stamps = {"told_offline_at": now_s} if word == rules.OFFLINE else {"told_back_at": now_s}
    return (
        change(stock, when=as_read, otherwise=StaleRead, **stamps),
        create(PresenceChange.new(stock.device_id, f"{offline_at}-{word}"), otherwise=StaleRead),
        check(Device.key(stock.device_id), Device.pk.exists(), otherwise=StaleRead),
    )
