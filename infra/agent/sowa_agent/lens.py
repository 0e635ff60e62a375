"""A channel of a camera: its main stream is recorded, its sub stream watched for motion and shown live."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sowa_agent.alarms import AlarmSender
from sowa_agent.clocks import Clock
from sowa_agent.feed import Feed
from sowa_agent.motion import Motion
from sowa_agent.opening import Open
from sowa_agent.packets import Packet, Piece
from sowa_agent.recording import Recorder
from sowa_agent.ring import Ring
from sowa_agent.settings import Settings
from sowa_agent.source import Session, SourceAddress
from sowa_agent.spool import Spool
from sowa_agent.stream_state import Json, StreamMeter


@dataclass(frozen=True)
class LensConfig:
    """One channel as it is configured; without a `sub` stream its main one serves for all."""

    id: str
    name: str
    main: SourceAddress
    sub: SourceAddress | None = None
    detects_motion: bool = True
    # While the camera tells of motion by itself, it need not be looked for.
    pauses_for_camera_motion: bool = False


@dataclass
class Wishes:
    """What a camera's owner wants at present, for all its channels."""

    settings: Settings = field(default_factory=Settings)
    is_private: bool = False


@dataclass
class Lens:
    """`wishes` may change at any time; nothing is shown, kept or looked at while they say private."""

    config: LensConfig
    open_source: Open
    clock: Clock
    spool: Spool
    alarms: AlarmSender
    wishes: Wishes
    stopped: threading.Event
    has_motion_events: Callable[[], bool] = lambda: False
    _motion: dict[str, Motion] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ring, self.sub_ring = Ring(), Ring()
        self.meter = StreamMeter(self.config.id)
        self.recorder = Recorder(self.spool, self.config.id, self.ring)
        self.main = self._feed("", self.config.main, self._see_main, self._take_main, self._main_ended)
        self.sub: Feed | None = None
        if self.config.sub:
            self.sub = self._feed(
                " (sub stream)", self.config.sub, self._see_sub, self._take_sub, self.sub_ring.clear
            )

    def feeds(self) -> list[Feed]:
        return [self.main, self.sub] if self.sub else [self.main]

    def live_ring(self) -> Ring:
        """The sub stream's, for as long as there is one."""
        return self.sub_ring if self._has_sub() else self.ring

    def stream_state(self) -> Json | None:
        """What its main stream is like, or was last; None before that is known."""
        return self.meter.state(self.main.frames_per_second, self.main.dropped_frames)

    def _feed(
        self,
        which: str,
        address: SourceAddress,
        on_packet: Callable[[Session, Packet], None],
        on_piece: Callable[[Piece], None],
        on_end: Callable[[], None],
    ) -> Feed:
        return Feed(
            f"Channel {self.config.id}{which}", address, self.open_source, self.clock, on_packet, on_piece, on_end,
            has_sound_on=lambda: self.wishes.settings.microphone, stopped=self.stopped,
        )  # fmt: skip

    def _has_sub(self) -> bool:
        return self.sub is not None and self.sub.is_connected

    # What comes

    def _see_main(self, session: Session, packet: Packet) -> None:
        if not self._has_sub():
            self._look("main", session, packet, keys_only=True)

    def _see_sub(self, session: Session, packet: Packet) -> None:
        self._look("sub", session, packet, keys_only=False)

    def _take_main(self, piece: Piece) -> None:
        if self.wishes.is_private:
            self._main_ended()
            return
        self.ring.add(piece)
        self.meter.see(piece)
        self.recorder.see(piece)

    def _take_sub(self, piece: Piece) -> None:
        if self.wishes.is_private:
            self.sub_ring.clear()
        else:
            self.sub_ring.add(piece)

    def _main_ended(self) -> None:
        self.ring.clear()
        self.recorder.rest()

    # Motion, and what else the camera tells

    def on_event(self, kind: str) -> None:
        """The camera says by itself that something is happening now."""
        if not self.wishes.is_private and (kind != "motion" or self._wants_motion()):
            self.see_event(self.clock.now_s(), kind)

    def _look(self, which: str, session: Session, packet: Packet, *, keys_only: bool) -> None:
        if packet.kind != "video" or not self._is_looking():
            self._motion.pop(which, None)
            return
        motion = self._motion.get(which)
        if motion is None or motion.codec != session.codec:
            if not packet.is_key:
                return
            motion = self._motion[which] = Motion(session.codec, keys_only)
        at_s = self.clock.at(packet.arrived)
        if not keys_only and not self._is_motion_awaited(at_s):
            motion.pass_over(packet)
        elif motion.moved(packet, self.wishes.settings.sensitivity):
            self.see_event(at_s)

    def _is_motion_awaited(self, at_s: float) -> bool:
        """Not where it would be but the second alarm within ten seconds."""
        return self.recorder.is_by_events or self.alarms.would_send(self.config.id, at_s)

    def see_event(self, at_s: float, kind: str = "motion") -> None:
        """Something happened: it is recorded, and an alarm is sent."""
        self.recorder.moved(at_s)
        self.alarms.see(self.config.id, self.ring, at_s, kind)

    def _is_looking(self) -> bool:
        if self.wishes.is_private:
            return False
        if self.config.pauses_for_camera_motion and self.has_motion_events():
            return False
        return self._wants_motion()

    def _wants_motion(self) -> bool:
        if not self.config.detects_motion:
            return False
        on_the_wall = datetime.fromtimestamp(self.clock.now_s())  # noqa: DTZ006  # the host stands where the camera does
        return self.wishes.settings.looks_for_motion(on_the_wall)
