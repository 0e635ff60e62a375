"""Live views: while somebody watches, what a channel films is uploaded in pieces of about two seconds."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sowa_agent.cloud import CloudClient, NotTaken, Refused, Ticket, Unreachable
from sowa_agent.names import live_name
from sowa_agent.packets import Init, Piece
from sowa_agent.ring import Ring

PIECE_S = 2.0
LEAST_PIECE_S, MOST_PIECE_S = 0.5, 10.0
LOOK_S = 0.5
# Who begins to watch wakes it.
IDLE_S = 2.0
# What is later than this is not made good: whoever watches wants to see now.
MOST_BEHIND_S = 12.0
LEAP_S, SLEW_S = 0.9, 0.05
REMEMBERED_VIEWS = 50

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    channel: str
    until_s: float
    piece_s: float


@dataclass
class Run:
    """What is sent behind one init: pieces that go on without a gap."""

    init: Init
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    number: int = 0
    ticket: Ticket | None = None
    end_s: float | None = None

    @property
    def init_name(self) -> str:
        return f"init-{self.name}.mp4"

    def beginning(self, piece: Piece) -> float:
        """What clocks differ by is no jump, and is made good a little with each piece."""
        if self.end_s is None or abs(piece.start_s - self.end_s) > LEAP_S:
            return piece.start_s
        return self.end_s + min(max(piece.start_s - self.end_s, -SLEW_S), SLEW_S)


@dataclass
class Views:
    """Who watches which channel, as commands tell; a view that was stopped does not begin by an older command."""

    now_s: Callable[[], float]
    _open: dict[str, View] = field(default_factory=dict)
    _begun: dict[str, int] = field(default_factory=dict)
    _over: dict[str, None] = field(default_factory=dict)
    _changing: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, live_id: str, view: View) -> None:
        with self._changing:
            if live_id in self._over:
                return
            if live_id not in self._open:
                self._begun[view.channel] = self.begun(view.channel) + 1
            self._open[live_id] = view

    def begun(self, channel: str) -> int:
        """How many views of the channel there have been so far."""
        return self._begun.get(channel, 0)

    def stop(self, live_id: str) -> None:
        with self._changing:
            self._open.pop(live_id, None)
            self._over[live_id] = None
            while len(self._over) > REMEMBERED_VIEWS:
                del self._over[next(iter(self._over))]

    def clear(self) -> None:
        with self._changing:
            self._open.clear()

    def piece_s(self, channel: str) -> float | None:
        """How long the channel's pieces are to be, by the view that wants them shortest; None if nobody watches."""
        with self._changing:
            for live_id in [key for key, view in self._open.items() if view.until_s <= self.now_s()]:
                del self._open[live_id]
            return min((view.piece_s for view in self._open.values() if view.channel == channel), default=None)


@dataclass
class LiveSender:
    """One channel's, in a thread of its own: `ring_now` says where its pieces come from at present, and `wake` is set
    when a view has begun."""

    cloud: CloudClient
    channel: str
    ring_now: Callable[[], Ring]
    views: Views
    stopped: threading.Event = field(default_factory=threading.Event)
    wake: threading.Event = field(default_factory=threading.Event)
    sent: int = 0
    _ring: Ring | None = None
    _run: Run | None = None
    _last_number: int = -1
    _begun: list[Piece] = field(default_factory=list)
    # Of so many views the first piece was sent.
    _views_shown: int = 0
    # Behind a piece that was sent early the next key frame ends another, however short: pieces begin with one again.
    _is_early: bool = False

    def run(self) -> None:
        """Until `stopped`. Raises TokenReplaced."""
        while not self.stopped.is_set():
            if self.views.piece_s(self.channel) is None:
                self.rest()
                self.wake.wait(IDLE_S)
                self.wake.clear()
            else:
                self.ring_now().wait_after(self._last_number, LOOK_S)
                self.look()

    def rest(self) -> None:
        """Nobody watches."""
        self._run, self._begun, self._last_number, self._is_early = None, [], -1, False

    def look(self) -> None:
        """Sends what is new, if somebody watches."""
        try:
            for piece in self._new_pieces():
                if (piece_s := self.views.piece_s(self.channel)) is None:
                    return
                self._add(piece, piece_s)
            self._show_at_once()
        except (Refused, Unreachable, NotTaken) as problem:
            # What was not sent is a gap, after which it begins anew.
            log.info("Channel %s: the live view is interrupted (%s)", self.channel, problem)
            self.rest()
            self.stopped.wait(1.0)

    def _new_pieces(self) -> list[Piece]:
        """What goes on after the last piece; else from the last key frame on, so that there is a picture at once."""
        ring = self.ring_now()
        if ring is not self._ring:
            self.rest()
            self._ring = ring
        pieces = ring.after(self._last_number)
        goes_on = self._last_number >= 0 and pieces and pieces[0].number == self._last_number + 1
        if not pieces or (goes_on and pieces[-1].end_s - pieces[0].start_s < MOST_BEHIND_S):
            return pieces
        self.rest()
        return ring.since_last_key()

    def _add(self, piece: Piece, piece_s: float) -> None:
        """Sends what was begun where it is long enough, or ends before the piece."""
        if self._begun and (piece.init is not self._begun[0].init or self._is_closed_by(piece, piece_s)):
            self._flush()
        self._is_early &= not piece.begins_with_key
        self._last_number = piece.number
        self._begun.append(piece)
        if self._length_s() >= piece_s - 0.1:
            self._flush()

    def _is_closed_by(self, piece: Piece, piece_s: float) -> bool:
        """A piece that begins with a key frame shows something by itself."""
        return piece.begins_with_key and (self._is_early or self._length_s() >= piece_s / 2)

    def _show_at_once(self) -> None:
        """Whoever has just begun to watch gets what there is since the key frame, and does not wait for the rest of it.
        Without one nobody could show it."""
        is_awaited = self._run is None or self.views.begun(self.channel) != self._views_shown
        if is_awaited and self._begun and (self._run is None or self._begun[0].begins_with_key):
            self._flush()
            self._is_early = True

    def _length_s(self) -> float:
        return sum(piece.duration_s for piece in self._begun)

    def _flush(self) -> None:
        pieces, self._begun = self._begun, []
        if pieces[0].begins_with_key:
            self._views_shown = self.views.begun(self.channel)
        if self._run is None or self._run.init is not pieces[0].init:
            self._run = Run(pieces[0].init)
        self._send(self._run, pieces)

    def _send(self, run: Run, pieces: list[Piece]) -> None:
        start_s = run.beginning(pieces[0])
        duration_s = sum(piece.duration_s for piece in pieces)
        name = live_name(run.name, run.number, start_s, max(1, round(duration_s * 1000)))
        self._put(run, name.name, b"".join(piece.content for piece in pieces), name.fields)
        run.number += 1
        run.end_s = start_s + duration_s
        self.sent += 1

    def _put(self, run: Run, name: str, content: bytes, fields: Mapping[str, str]) -> None:
        """A ticket that ran out is replaced once; with each the init is brought anew. Raises NotTaken."""
        for fresh in (False, True):
            ticket = self.cloud.ticket("live", fresh=fresh)
            if self._is_brought(run, ticket) and self.cloud.put(ticket, f"{self.channel}/{name}", content, fields):
                return
        raise NotTaken(name)

    def _is_brought(self, run: Run, ticket: Ticket) -> bool:
        if run.ticket is not ticket:
            run.ticket = None
            if self.cloud.put(ticket, f"{self.channel}/{run.init_name}", run.init.content):
                run.ticket = ticket
        return run.ticket is ticket
