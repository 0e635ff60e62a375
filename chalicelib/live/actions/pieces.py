"""Pieces of a live view: found by listing them, or by the number that comes next, and judged before they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.aws import s3
from chalicelib.aws.s3 import Stored
from chalicelib.errors import NotFound
from chalicelib.live.records import PIECES, Live
from chalicelib.live.rules import numbered
from chalicelib.live.rules import pieces as rules
from chalicelib.live.rules.numbered import Window
from chalicelib.live.rules.pieces import Piece, Played
from chalicelib.register import upload_hours
from chalicelib.store.commit import Write, change, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


class Shown(Struct, frozen=True):
    """What may be shown of a view by now, and how much there was before."""

    played: Sequence[Played]
    counted: int
    breaks: int


def shown(device: Device, live: Live) -> Shown:
    """What a playlist has to tell. Raises NotFound where the view ended meanwhile."""
    if live.window is not None:
        return _of_window(live, _follow(device, live, _window_of(live)))
    pieces = list(_of_view(live))
    window = _begin(device, live, pieces) if any(one.number is not None for one in pieces) else None
    if window is not None:
        return _of_window(live, window)
    played = _named_by_time(device, live, pieces)
    if played:
        _remember_first(live, played)
    return Shown(played, int(live.counted), int(live.counted_breaks or 0))


def uncounted(device: Device, live: Live) -> list[Played]:
    """Everything whose name says its time, that came since it was last counted, and may be seen."""
    return _named_by_time(device, live, list(_of_view(live)))


def _named_by_time(device: Device, live: Live, pieces: Iterable[Piece]) -> list[Played]:
    played = rules.in_order(one for one in pieces if one.number is None and _may_see(device, live, one))
    return [(init, segment) for init, segment in played if segment.mark > (live.counted_to or "")]


def noted(live: Live, when: Condition, **values: object) -> Write:
    """A write on this very view; raises StaleRead where it is another's place by now, or the condition fails."""
    return change(live, when=(Live.live_id == live.live_id) & when, otherwise=StaleRead, **values)


def _remember_first(live: Live, played: Sequence[Played]) -> None:
    """Note from where on to list: no earlier hour and no earlier ticket from the next request on."""
    if live.listed_from is None:
        with suppress(StaleRead):
            commit(noted(live, Live.listed_from.does_not_exist(), listed_from=rules.earliest_ticket(played[0])))


# By number


def _window_of(live: Live) -> Window:
    return numbered.read(live.window, int(live.counted), int(live.counted_breaks or 0))


def _begin(device: Device, live: Live, pieces: list[Piece]) -> Window | None:
    """The window of a view whose camera numbers what it sends; None if nothing can be played yet."""
    found = numbered.in_turn(pieces)
    if not found:
        return None
    began = clock.at_epoch(live.started_at)
    of_before = [one for one in found if not rules.may_have_come_since(one[1], began)]
    init, edge = of_before[-1] if of_before else found[0]
    counts = int(live.counted), int(live.counted_breaks or 0)
    window = Window(edge, init, clock.now(), (), *counts)
    fresh = [one for one in found if rules.may_have_come_since(one[1], began)]
    return _with(device, live, window, [one for one in fresh if one[1].mark > (live.counted_to or "")])


def _follow(device: Device, live: Live, window: Window) -> Window:
    """The window with what came since: by number, and where that leads nowhere, by listing."""
    now = clock.now()
    if window.is_followed_by_number:
        found = list(_next_by_number(live, window, now))
        if found:
            return _judged(device, live, window, found)
    elif window.edge.number is None:
        return _with(device, live, window, _behind(live, window))
    if not window.is_to_be_listed(now):
        return window
    return _with(device, live, replace(window, listed_at=now), _behind(live, window))


def _behind(live: Live, window: Window) -> list[Played]:
    return numbered.in_turn(_listed(live, window.edge.let_in), window)


def _next_by_number(live: Live, window: Window, now: datetime) -> Iterator[Played]:
    """As many as are there, of at most so many as are shown; whether there is one more behind those that were found is
    asked only if it is due."""
    edge = window.edge
    for _ in range(rules.SHOWN):
        found = _described(live, rules.next_of(edge))
        if found is None:
            return
        yield window.init, found
        edge = found
        if not numbered.is_followed_by(edge, now):
            return


def _with(device: Device, live: Live, window: Window, found: Sequence[Played]) -> Window:
    """The window with the newest of these that a listing has found, as far as they may be seen."""
    newest = ((init, one if one.number is None else _described(live, one)) for init, one in found[-rules.SHOWN :])
    return _judged(device, live, window, [(init, one) for init, one in newest if one is not None])


def _judged(device: Device, live: Live, window: Window, found: Sequence[Played]) -> Window:
    """The window with these, as far as they may be seen; whoever does not say how long a piece is shows nothing."""
    seen = [(init, one) for init, one in found if one.duration_ms and _may_see(device, live, one)]
    return numbered.followed(window, found[-1], seen) if found else window


def _described(live: Live, piece: Piece) -> Piece | None:
    """A numbered piece with what S3 knows of it; None if it is not there."""
    found = s3.head(object_key(live, piece.path))
    return None if found is None else rules.described(piece, found.modified_at, found.metadata)


def _of_window(live: Live, window: Window) -> Shown:
    """What the window shows, remembered for the next request. Where another request of the same view was faster, what
    that found: a piece has one number for all who ask. Raises NotFound."""
    text = numbered.written(window)
    if text != live.window:
        before = Live.window.does_not_exist() if live.window is None else Live.window == live.window
        try:
            commit(noted(live, before, window=text, counted=window.counted, counted_breaks=window.breaks))
        except StaleRead:
            (there,) = read(live.own_key)
            if there is None or there.live_id != live.live_id or there.window is None:
                raise NotFound from None
            window = _window_of(there)
    return Shown(window.played, window.counted, window.breaks)


# By listing


def object_key(live: Live, path: str) -> str:
    """The key of a piece's object, from the path that tells it from the others of its device and channel."""
    hour, ticket, name = path.split("/")
    return f"{PIECES.name}/{hour}/{live.pk_id}/{ticket}/{live.channel}/{name}"


def _of_view(live: Live) -> Iterator[Piece]:
    """Those on the tickets that may bring something for the view. Before there was anything, the hours in which there
    was a ticket are asked for: that costs a fortieth of a listing, and a camera that sleeps has none."""
    if live.listed_from is not None:
        return _listed(live, live.listed_from)
    begun = clock.at_epoch(live.started_at) - rules.TICKET_LIFE
    first = f"{PIECES.stamp(begun)}/{rules.ticket_id(begun)}"
    hours = [PIECES.stamp(at) for at in _hours(first)]
    return _listed(live, first, upload_hours.noted_among(PIECES, live.pk_id, hours))


def _hours(first: str) -> list[datetime]:
    """A time within each hour, from that of a ticket on, in which something may have been let in that is still there
    to be shown."""
    now = clock.now()
    return [at for at in (now - PIECES.step, now) if PIECES.stamp(at) >= first.partition("/")[0]]


def _listed(live: Live, first: str, noted: set[str] | None = None) -> Iterator[Piece]:
    """Those on tickets from the first one on, by our own clock: what a camera's says decides nothing here."""
    first_hour, _, first_ticket = first.partition("/")
    for at in _hours(first):
        hour = PIECES.stamp(at)
        if noted is not None and hour not in noted:
            continue
        prefix = PIECES.of(at, live.pk_id)
        for stored in s3.below(prefix, after=prefix + first_ticket if hour == first_hour else ""):
            if (found := _piece_of(stored, prefix, hour, live.channel)) is not None:
                yield found


def _piece_of(stored: Stored, prefix: str, hour: str, channel: str) -> Piece | None:
    """None for another channel's, and for what is called otherwise."""
    parts = stored.key.removeprefix(prefix).split("/")
    if len(parts) != 3 or parts[1] != channel:
        return None
    return rules.read_piece(hour, parts[0], parts[2], stored.modified_at)


# Who may see what


def _may_see(device: Device, live: Live, piece: Piece) -> bool:
    """Whether a piece came since the view began, and nothing of it was filmed or brought while its owner wanted that
    nothing is. (What a player must know first shows nothing.)"""
    if piece.is_init:
        return True
    if not rules.came_since(piece, clock.at_epoch(live.started_at)):
        return False
    spans = rules.filmed_in(piece, kept=PIECES.keep)
    return not any(access.was_private_between(device, *(at.timestamp() for at in span)) for span in spans)
