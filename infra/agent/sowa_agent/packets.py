"""Packets as a source gives them, and frames and pieces as they become."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Literal

# RTP's clock for video: all time stamps are counted in it.
TICKS_PER_SECOND = 90_000
# What our muxer calls the picture.
VIDEO_TRACK = 1

Kind = Literal["video", "sound"]
Codec = Literal["h264", "hevc"]


# Packets and frames are never changed, but what freezes a dataclass makes it three times as long to make one.
@dataclass(slots=True)
class Packet:
    """One access unit as it came: video in Annex B, with stamps in ticks where the source gave any; `arrived` in
    seconds of the monotonic clock."""

    data: bytes
    pts: int | None
    dts: int | None
    arrived: float
    is_key: bool = False
    kind: Kind = "video"


@dataclass(slots=True)
class Frame:
    """A packet that may be muxed: its stamps are there, and dts grows. `begins_anew` where its times do not go on
    after those of the frame before."""

    data: bytes
    pts: int
    dts: int
    arrived: float
    is_key: bool
    kind: Kind = "video"
    begins_anew: bool = False


@dataclass(frozen=True)
class Init:
    """What a player must know first (ftyp and moov). One name for as long as the muxer's times go on: another muxer
    writes the same bytes, and its times begin at 0."""

    content: bytes
    codec: Codec
    width: int
    height: int
    has_sound: bool
    name: str = field(default_factory=lambda: f"init-{secrets.token_hex(8)}.mp4")


@dataclass(frozen=True, slots=True)
class Piece:
    """One fragment (moof and mdat): `start_s` is the time of filming in seconds since 1970 (UTC), and `number` counts
    a channel's pieces."""

    init: Init
    content: bytes
    start_s: float
    duration_s: float
    begins_with_key: bool
    number: int

    @property
    def end_s(self) -> float:
        return self.start_s + self.duration_s
