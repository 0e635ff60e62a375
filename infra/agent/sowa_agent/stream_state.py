"""What a channel's stream is like, as the cloud is told: codec, size, bit rate, and frames that were dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sowa_agent.packets import Codec, Piece

Json = dict[str, Any]
# Long enough for a few key frames, which are most of the bytes.
MEASURED_S = 20.0
# The cloud takes no more, whatever a camera's own words are.
MOST_BITS, MOST_FRAMES = 10**9, 1000.0
REPORT_EVERY_S, TRY_AGAIN_S = 3600.0, 60.0
_CODECS: dict[Codec, str] = {"h264": "h264", "hevc": "h265"}


@dataclass
class StreamMeter:
    """Measures one channel by its pieces, sound included; what it measured last stands until the picture is another."""

    channel: str
    _picture: tuple[Codec, int, int] | None = None
    _bitrate_bps: int | None = None
    _size_bytes: int = 0
    _length_s: float = 0.0

    def see(self, piece: Piece) -> None:
        picture = piece.init.codec, piece.init.width, piece.init.height
        if picture != self._picture:
            self._picture, self._bitrate_bps = picture, None
            self._size_bytes, self._length_s = 0, 0.0
        self._size_bytes += len(piece.content)
        self._length_s += piece.duration_s
        if self._length_s >= MEASURED_S:
            self._bitrate_bps = round(self._size_bytes * 8 / self._length_s)
            self._size_bytes, self._length_s = 0, 0.0

    def state(self, frames_per_second: float, dropped_frames: int) -> Json | None:
        """As the cloud takes it; None before anything was measured."""
        if self._picture is None or self._bitrate_bps is None:
            return None
        codec, width, height = self._picture
        return {
            "channel": self.channel, "codec": _CODECS[codec], "width": width, "height": height,
            "bitrate_bps": min(self._bitrate_bps, MOST_BITS), "dropped_frames": dropped_frames,
            "frames_per_second": min(frames_per_second, MOST_FRAMES),
        }  # fmt: skip


@dataclass
class StreamReports:
    """When it is to be said: as soon as codec or size is another, and what was measured once an hour."""

    _pictures: Any = None
    _reported_at: float = float("-inf")
    _tried_at: float = float("-inf")

    def is_due(self, streams: list[Json], now: float) -> bool:
        """Whether to try now, in seconds of the monotonic clock; what fails is tried again after a while."""
        is_news = _pictures_of(streams) != self._pictures or now - self._reported_at >= REPORT_EVERY_S
        if not streams or not is_news or now - self._tried_at < TRY_AGAIN_S:
            return False
        self._tried_at = now
        return True

    def reported(self, streams: list[Json], now: float) -> None:
        self._pictures, self._reported_at = _pictures_of(streams), now

    def forget(self) -> None:
        """Whoever owns it next has not heard of it."""
        self._pictures = None


def _pictures_of(streams: list[Json]) -> list[tuple[Any, ...]]:
    return [(one["channel"], one["codec"], one["width"], one["height"]) for one in streams]
