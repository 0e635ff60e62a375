"""Motion detection: how much of the picture has changed since the one before."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import av
from av.error import FFmpegError
from PIL import Image, ImageChops

from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet

# Frames are compared so often; more tell nothing more.
COMPARED_PER_SECOND = 5
# A share of the picture that has changed, by the sensitivity that the owner has set.
SHARES = {1: 0.10, 2: 0.05, 3: 0.02, 4: 0.01, 5: 0.005}
# Of 255 levels of grey: below is the sensor's noise and the encoder's work.
LEAST_DIFFERENCE = 24
COMPARED_WIDTH = 160
# Movement lasts for more than one frame, a flash or an encoder's hiccup does not.
FRAMES_IN_A_ROW = 2
# What is not looked at waits from the last key frame on; where that is long ago, the next one is waited for.
MOST_HELD_BYTES = 2 * 1024 * 1024
# What smooths the edges of blocks is a fifth of a decoder's work, and far below the least difference.
_DECODER = {"skip_loop_filter": "all"}


@dataclass
class Motion:
    """Looks at one stream's packets: at all of a small one, or at the `keys_only` of a large one, which costs as
    little."""

    codec: Codec
    keys_only: bool = False
    _before: Image.Image | None = None
    _compared_s: float = float("-inf")
    _in_a_row: int = 0
    # What came since the last key frame and was not decoded; None while the decoder has all.
    _held: list[Packet] | None = None
    _decoder: Any = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = av.CodecContext.create(self.codec, "r")
        # Each thread of a decoder holds frames of its own.
        self._decoder.thread_count = 1
        self._decoder.options = _DECODER

    def pass_over(self, packet: Packet) -> None:
        """Nobody wants to know whether something moves in it, but it may be needed to decode what follows."""
        held = [] if packet.is_key else self._held or []
        if packet.is_key or held:
            held.append(packet)
        self._held = held if sum(len(each.data) for each in held) <= MOST_HELD_BYTES else []

    def moved(self, packet: Packet, sensitivity: int) -> bool:
        """Whether something moves in what this packet shows."""
        if self.keys_only and not packet.is_key:
            return False
        held, self._held = self._held, None
        if held is None:
            return self._moves(packet, sensitivity)
        if packet.is_key:
            held = []
        elif not held:
            self._held = []  # of what begins with no key frame nothing is shown
            return False
        self._before, self._in_a_row = None, 0
        self._decoder.flush_buffers()
        return [self._moves(each, sensitivity) for each in [*held, packet]][-1]

    def _moves(self, packet: Packet, sensitivity: int) -> bool:
        changed = self._changed(packet)
        if changed is None:
            return False
        self._in_a_row = self._in_a_row + 1 if changed >= SHARES[sensitivity] else 0
        return self._in_a_row >= (1 if self.keys_only else FRAMES_IN_A_ROW)

    def _changed(self, packet: Packet) -> float | None:
        """The share of the picture; None where nothing is compared."""
        frames = self._decoded(packet)
        # By its stamp: several may have been read at once.
        shown_s = packet.arrived if packet.pts is None else packet.pts / TICKS_PER_SECOND
        if not frames or abs(shown_s - self._compared_s) < 0.9 / COMPARED_PER_SECOND:
            return None
        self._compared_s = shown_s
        picture = grey(frames[-1])
        before, self._before = self._before, picture
        if before is None or before.size != picture.size:
            return None
        return share_of_difference(before, picture)

    def _decoded(self, packet: Packet) -> list[Any]:
        """Nothing of what is damaged."""
        try:
            frames: list[Any] = self._decoder.decode(av.Packet(packet.data))
            if self.keys_only:
                # Or it would wait for what follows the key frame.
                frames += self._decoder.decode(None)
                self._decoder.flush_buffers()
        except FFmpegError:
            return []
        return frames


def grey(frame: Any) -> Image.Image:
    """A small picture of the frame's brightness, without a conversion of colours."""
    plane = frame.planes[0]
    picture = Image.frombuffer("L", (frame.width, frame.height), plane, "raw", "L", plane.line_size, 1)
    return picture.reduce(max(1, frame.width // COMPARED_WIDTH))


def share_of_difference(one: Image.Image, other: Image.Image) -> float:
    levels = ImageChops.difference(one, other).histogram()
    return sum(levels[LEAST_DIFFERENCE:]) / (one.width * one.height)
