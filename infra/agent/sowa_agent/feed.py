"""A feed: one stream of a camera, in a thread of its own, that is opened anew for as long as the agent runs."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count

from sowa_agent.clocks import Clock
from sowa_agent.opening import Open
from sowa_agent.packets import TICKS_PER_SECOND, Packet, Piece
from sowa_agent.remuxing import Remuxer
from sowa_agent.sound import AAC
from sowa_agent.source import Session, SourceAddress, SourceProblem, Why

FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 30.0
# A camera locks an account after a few wrong passwords.
FIRST_WAIT_UNAUTHORIZED_S, LONGEST_WAIT_UNAUTHORIZED_S = 60.0, 600.0
# Packets may come of which none can be shown, as when the codec has changed within a session; opened anew, a camera
# sends a key frame.
LONGEST_WITHOUT_KEY_S = 90.0

log = logging.getLogger(__name__)


@dataclass
class Backoff:
    """How long to wait before a source is opened anew: twice as long each time, and a little otherwise for each. A
    password that is refused is counted apart: a camera that was away may refuse it once, as long as it starts."""

    jitter: Callable[[], float] = lambda: random.uniform(0.8, 1.2)  # noqa: S311  # nothing is kept secret by it
    _tries: int = 0
    _refused: int = 0

    def succeeded(self) -> None:
        self._tries = self._refused = 0

    def seconds(self, why: Why) -> float:
        if why is Why.UNAUTHORIZED:
            self._refused = min(self._refused + 1, 20)
            wait_s = min(LONGEST_WAIT_UNAUTHORIZED_S, FIRST_WAIT_UNAUTHORIZED_S * 2.0 ** (self._refused - 1))
        else:
            self._tries = min(self._tries + 1, 20)
            wait_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** (self._tries - 1))
        return wait_s * self.jitter()


@dataclass
class Feed:
    """`on_packet` and `on_piece` get what comes, `on_end` is told that nothing does any more; all in the feed's own
    thread. `state` says in words how it is; `dropped_frames` came and could not be used, on all its connections."""

    label: str
    address: SourceAddress
    open_source: Open
    clock: Clock
    on_packet: Callable[[Session, Packet], None]
    on_piece: Callable[[Piece], None]
    on_end: Callable[[], None]
    has_sound_on: Callable[[], bool] = lambda: True
    stopped: threading.Event = field(default_factory=threading.Event)
    backoff: Backoff = field(default_factory=Backoff)
    is_connected: bool = False
    state: str = "not opened yet"
    frames_per_second: float = 0.0
    dropped_frames: int = 0
    _reopens: bool = False
    _numbers: count[int] = field(default_factory=count)

    def run(self) -> None:
        """Until `stopped`."""
        while not self.stopped.is_set():
            try:
                self._play(self.open_source(self.address))
                wait_s = 0.0
            except SourceProblem as problem:
                wait_s = self.backoff.seconds(problem.why)
                self._say(f"{problem}; it is opened anew", logging.WARNING)
            self.clock.wait(self.stopped, wait_s)

    def reopen(self) -> None:
        """With the next packet; a feed ends itself, for FFmpeg does not bear another thread."""
        self._reopens = True

    def _play(self, session: Session) -> None:
        """One connection, to its end."""
        remuxer = Remuxer(
            session.codec, session.frame_ticks, self.clock, self._numbers.__next__, session.reorders, session.sound
        )
        self._reopens = False
        self.frames_per_second = round(TICKS_PER_SECOND / session.frame_ticks, 2)
        try:
            self._read(session, remuxer)
        finally:
            self.is_connected = False
            for piece in remuxer.end():
                self.on_piece(piece)
            self.on_end()
            session.close()

    def _read(self, session: Session, remuxer: Remuxer) -> None:
        shown_at, dropped_before = self.clock.monotonic(), self.dropped_frames
        for packet in session.packets():
            if self.stopped.is_set() or self._reopens:
                return
            remuxer.has_sound_on = self.has_sound_on()
            self.on_packet(session, packet)
            pieces = remuxer.add(packet)
            self.dropped_frames = dropped_before + remuxer.dropped_frames
            for piece in pieces:
                shown_at = packet.arrived if piece.begins_with_key else shown_at
                self._connected(session, piece)
                self.on_piece(piece)
            if packet.arrived - shown_at > LONGEST_WITHOUT_KEY_S:
                raise SourceProblem(Why.SILENT, "no key frame comes")
        raise SourceProblem(Why.ENDED)

    def _connected(self, session: Session, piece: Piece) -> None:
        self.backoff.succeeded()
        if not self.is_connected:
            self.is_connected = True
            rate = round(TICKS_PER_SECOND / session.frame_ticks)
            sound = session.heard or "no sound"
            if session.heard not in ("", AAC):
                sound += " is made AAC" if session.sound else " is left out"
            self._say(f"{session.codec}, {piece.init.width}x{piece.init.height}, {rate} frames a second, {sound}")

    def _say(self, state: str, level: int = logging.INFO) -> None:
        """Once, and not again with each try."""
        if state != self.state:
            self.state = state
            log.log(level, "%s, %s: %s", self.label, self.address.shown, state)
