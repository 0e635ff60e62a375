"""Numbered pieces: in which order they are shown, and what a view remembers to find the next without listing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import msgspec
from msgspec import Struct

from chalicelib import instants
from chalicelib.live.rules import pieces as rules
from chalicelib.live.rules.pieces import Piece, Played

# So long after the next piece ought to have come, it may lie elsewhere: on another ticket, after a new init, or behind
# one that was lost. S3 says only the second in which the last one came.
_PATIENCE = timedelta(seconds=1.5)
# How long pieces are that do not say it. Others may be shorter than they say: by then another may have come behind.
_USUAL = timedelta(seconds=2)
# A camera that starts again is back within seconds. Of one that stays silent nothing is listed so often.
_BACK_WITHIN = timedelta(seconds=10)
_LIST_EVERY, _LIST_EVERY_LATER = timedelta(seconds=1), timedelta(seconds=4)


class Window(Struct, frozen=True):
    """What a view shows, and where it goes on: behind `edge`, the last that was looked at, which may be one that is not
    shown; `init` is what a player must know before that. `counted` were shown before these, and the camera had begun
    anew `breaks` times by the first of these."""

    edge: Piece
    init: Piece | None
    listed_at: datetime
    played: tuple[Played, ...] = ()
    counted: int = 0
    breaks: int = 0

    @property
    def is_followed_by_number(self) -> bool:
        """Whether the next piece's name is known."""
        return self.edge.number is not None and (self.init is not None or self.edge.says_all)

    def is_to_be_listed(self, now: datetime) -> bool:
        """Whether the next is late, and may lie elsewhere; while nothing is shown yet, it is looked for at once."""
        late_since = self.edge.stored_at + (self.edge.duration or _USUAL) + _PATIENCE
        every = _LIST_EVERY if now < late_since + _BACK_WITHIN else _LIST_EVERY_LATER
        return now >= late_since and (not self.played or now >= self.listed_at + every)


def is_followed_by(piece: Piece, now: datetime) -> bool:
    """Whether one more may have come behind it by now."""
    return now >= piece.stored_at + min(piece.duration, _USUAL)


def followed(window: Window, edge: Played, shown: Iterable[Played]) -> Window:
    """The window with more pieces shown, the last that was looked at being another."""
    played = [*window.played, *shown]
    gone = max(0, len(played) - rules.SHOWN)
    return Window(
        edge[1],
        edge[0],
        window.listed_at,
        tuple(played[gone:]),
        window.counted + gone,
        window.breaks + rules.breaks(played[: gone + 1]),
    )


# Order


def in_turn(pieces: Iterable[Piece], window: Window | None = None) -> list[Played]:
    """All that can be played and comes behind the window's edge: run by run, in the order in which they began, and each
    by its numbers. When a piece came decides nothing within a run: it may be late."""
    found = list(pieces)
    segments = [one for one in found if not one.is_init]
    paths = {one.path for one in found}
    known = [] if window is None or window.init is None or window.init.path in paths else [window.init]
    edge = () if window is None else (window.edge,)
    begun: dict[tuple[str, str], datetime] = {}
    for one in (*edge, *segments):
        begun[_run_of(one)] = min(one.stored_at, begun.get(_run_of(one), one.stored_at))

    def sort_key(one: Piece) -> tuple[datetime, str, str, int, str]:
        return begun[_run_of(one)], *_run_of(one), one.number or 0, "" if one.number is not None else one.mark

    inits = [*known, *(one for one in found if one.is_init)]
    playable = [*_numbered(segments, inits), *_named_by_time([*inits, *segments])]
    least = sort_key(edge[0]) if edge else None
    return sorted(
        (one for one in playable if least is None or sort_key(one[1]) > least),
        key=lambda one: sort_key(one[1]),
    )


def _run_of(piece: Piece) -> tuple[str, str]:
    return piece.let_in, piece.run


def _numbered(segments: Iterable[Piece], inits: Iterable[Piece]) -> Iterator[Played]:
    """Those whose own init is there, if they need one; best on the same ticket, where it ought to be."""
    by_name = {one.name: one for one in inits}
    by_path_of_ticket = {(one.let_in, one.name): one for one in inits}
    for one in segments:
        if one.number is None:
            continue
        name = rules.init_name(one.run)
        init = None if one.says_all else by_path_of_ticket.get((one.let_in, name), by_name.get(name))
        if init is not None or one.says_all:
            yield init, one


def _named_by_time(pieces: Iterable[Piece]) -> list[Played]:
    """A camera may have another firmware by now."""
    return rules.in_order(one for one in pieces if one.number is None)


# As a view's row has it


class _Run(Struct, array_like=True):
    """Pieces one after the other whose names begin alike; times are counted from the second of `begun`. A piece has its
    number, or its name where it has none."""

    let_in: str
    run: str
    kind: str
    init: str
    begun: int
    pieces: list[tuple[int | str, int, int | None, int]]


class _Written(Struct, array_like=True):
    edge: tuple[str, str, int, int]
    init: str
    listed_at: int
    runs: list[_Run]


def written(window: Window) -> str:
    """As text: most of a view's row, which ought to stay below the kilobyte that a write is charged by."""
    edge = window.edge
    content = _Written(
        (edge.let_in, edge.name, _second_of(edge.stored_at), edge.duration_ms),
        _path(window.init),
        _second_of(window.listed_at),
        [_run(list(group)) for _, group in groupby(window.played, key=_alike)],
    )
    return msgspec.json.encode(content).decode()


def _alike(played: Played) -> tuple[str, str, str, str]:
    init, segment = played
    return segment.let_in, segment.run, segment.name.rpartition(".")[2], _path(init)


def _path(init: Piece | None) -> str:
    return "" if init is None else init.path


def _run(played: list[Played]) -> _Run:
    begun = _second_of(played[0][1].stored_at)
    return _Run(*_alike(played[0]), begun, [_entry(one, begun) for _, one in played])


def _entry(one: Piece, begun: int) -> tuple[int | str, int, int | None, int]:
    start = None if one.start is None else (one.start - _at_second(begun)) // timedelta(milliseconds=1)
    name = one.name if one.number is None else one.number
    return name, _second_of(one.stored_at) - begun, start, one.duration_ms


def read(text: str, counted: int, breaks: int) -> Window:
    """What was written so, and beside it."""
    content = msgspec.json.decode(text, type=_Written)
    let_in, name, stored_at, duration_ms = content.edge
    edge = _piece(let_in, name, stored_at, None, duration_ms)
    played = tuple(one for run in content.runs for one in _played(run))
    return Window(edge, _init(content.init, stored_at), _at_second(content.listed_at), played, counted, breaks)


def _played(run: _Run) -> Iterator[Played]:
    init = _init(run.init, run.begun)
    for name, came_s, start_ms, duration_ms in run.pieces:
        full_name = name if isinstance(name, str) else f"{run.run}-{name}.{run.kind}"
        start = None if start_ms is None else _at_second(run.begun) + timedelta(milliseconds=start_ms)
        yield init, _piece(run.let_in, full_name, run.begun + came_s, start, duration_ms)


def _init(path: str, stored_at: int) -> Piece | None:
    """Of an init that is shown already nobody asks when it came."""
    let_in, _, name = path.rpartition("/")
    return _piece(let_in, name, stored_at, None, 0) if path else None


def _second_of(at: datetime) -> int:
    return instants.ms_of(at) // 1000


def _at_second(second: int) -> datetime:
    return instants.at_ms(second * 1000)


def _piece(let_in: str, name: str, stored_at: int, start: datetime | None, duration_ms: int) -> Piece:
    hour, _, ticket = let_in.partition("/")
    found = rules.read_piece(hour, ticket, name, _at_second(stored_at))
    if found is None:
        raise ValueError(name)  # only what has such a name is ever shown
    return found if found.number is None else replace(found, start=start, duration_ms=duration_ms)
