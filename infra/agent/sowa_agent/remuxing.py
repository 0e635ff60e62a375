"""Remuxing of one connection: packets go in as they come, and pieces come out, each with its time of filming."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sowa_agent.clocks import Clock, FrameClock
from sowa_agent.fragments import Fragment, Fragmenter, NotMuxed
from sowa_agent.mending import Mender
from sowa_agent.packets import TICKS_PER_SECOND, Codec, Frame, Packet, Piece
from sowa_agent.parameter_sets import parameter_sets
from sowa_agent.sound import AAC, SoundEncoder

# What was buffered while the connection was opened comes at first, so only then it is known how late.
SETTLING_S = 1.0
# No sound is longer under way than the picture that it belongs to.
SOUND_NOMINAL = TICKS_PER_SECOND * 1024 // 48_000
# Sound whose stamps are further from the picture's is not of the same time, whatever a camera says.
MOST_APART = 10 * TICKS_PER_SECOND


@dataclass
class Remuxer:
    """Pieces of one connection. `sound` is the source's stream of what is to be heard or None, `next_number` counts
    the channel's pieces across connections."""

    codec: Codec
    frame_ticks: int
    clock: Clock
    next_number: Callable[[], int]
    reorders: bool = False
    sound: Any = None
    has_sound_on: bool = True
    dropped_frames: int = 0
    _muxer: Fragmenter | None = None
    _sets: frozenset[bytes] = frozenset()
    _frames: FrameClock = field(default_factory=FrameClock)
    _settled_at: float | None = None
    _complete: list[tuple[FrameClock, Fragmenter, Fragment]] = field(default_factory=list)
    _shown: int = 0
    _has_heard: bool = False

    def __post_init__(self) -> None:
        self._video = Mender(self.frame_ticks, self.reorders)
        self._audio = Mender(SOUND_NOMINAL)
        is_copied = self.sound is None or self.sound.codec_context.name == AAC
        self._encoder = None if is_copied else SoundEncoder(self.sound)
        self._template = self._encoder.template if self._encoder else self.sound

    def add(self, packet: Packet) -> list[Piece]:
        """The pieces that have become complete with it."""
        if self._settled_at is None:
            self._settled_at = packet.arrived + SETTLING_S
        if packet.kind == "video":
            for frame in self._video.mend(packet):
                self._see(frame)
        elif self._hears:
            for frame in self._audio.mend(packet):
                self._take_sound(frame)
        return self._pieces() if packet.arrived >= self._settled_at else []

    def end(self) -> list[Piece]:
        """The rest, as it is."""
        if self._encoder is not None and self._hears:
            for frame in self._encoder.end(0.0):
                self._hear(frame)
        self._close()
        return self._pieces()

    def _see(self, frame: Frame) -> None:
        if frame.begins_anew:
            self._close()
            self._frames = FrameClock()
        self._shown = frame.pts
        self._frames.see(frame.pts, frame.arrived)
        if frame.is_key and self._is_another_picture(frame):
            self._close()
            self._begin(frame)
        self._mux(frame)

    def _take_sound(self, frame: Frame) -> None:
        for heard in self._encoder.add(frame) if self._encoder else [frame]:
            self._hear(heard)

    def _hear(self, frame: Frame) -> None:
        if frame.begins_anew and self._has_heard:
            # Its times have jumped, and it would not fit what was heard before.
            self._close()
        if self._muxer is not None and self._muxer.sound is not None and abs(frame.pts - self._shown) < MOST_APART:
            self._has_heard = True
            self._mux(frame)

    @property
    def _hears(self) -> bool:
        return self.sound is not None and self.has_sound_on

    def _is_another_picture(self, key: Frame) -> bool:
        """Whether a player must be told anew: other parameter sets, sound that comes or goes, or no muxer yet."""
        sets = parameter_sets(self.codec, key.data)
        is_changed = bool(sets) and sets != self._sets
        self._sets = sets or self._sets
        return self._muxer is None or is_changed or self._hears != (self._muxer.sound is not None)

    def _begin(self, key: Frame) -> None:
        try:
            self._muxer = Fragmenter(self.codec, key, self._template if self._hears else None)
        except NotMuxed:
            self._muxer = None
        self._has_heard = False

    def _mux(self, frame: Frame) -> None:
        if self._muxer is None:
            self.dropped_frames += 1
            return
        try:
            self._keep(self._muxer.add(frame))
        except NotMuxed:
            # What the muxer took before is whole; the next key frame begins anew.
            self.dropped_frames += 1
            self._muxer = None

    def _close(self) -> None:
        if self._muxer is not None:
            self._keep(self._muxer.end())
            self._muxer = None

    def _keep(self, fragments: list[Fragment]) -> None:
        assert self._muxer is not None
        self._complete += [(self._frames, self._muxer, fragment) for fragment in fragments]

    def _pieces(self) -> list[Piece]:
        if not self._complete:
            return []
        done, self._complete = self._complete, []
        return [self._piece(*each) for each in done]

    def _piece(self, frames: FrameClock, muxer: Fragmenter, fragment: Fragment) -> Piece:
        start_s = self.clock.at(frames.filmed(fragment.pts))
        duration_s = fragment.duration / TICKS_PER_SECOND
        return Piece(
            muxer.init, fragment.content, start_s, duration_s, fragment.begins_with_key, self.next_number()
        )
