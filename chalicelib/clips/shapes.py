"""Request and response shapes of clips."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from chalicelib.entry.wire import Shape, Time
from chalicelib.stock.shapes import ChannelId


class AskClip(Shape):
    """At most 30 minutes; the clip begins with the key frame before, so perhaps a few seconds earlier. Where the
    picture changes its size or kind, the refusal's `at` says when."""

    channel: ChannelId
    from_: Time = field(name="from")
    to: Time


class AskedClip(Shape):
    clip_id: str


class ClipProblem(Shape):
    """The reason that a clip could not be made; `at` is from when on, where that is known."""

    code: Literal["ClipCrossesChange", "ClipTooLarge", "MediaUnreadable", "NothingRecorded"]
    at: Time | None


class Clip(Shape):
    """An MP4 file without its gaps, while it is made, and for a day at most. `url` is good for five minutes; whoever
    asks again is given another one. `problem` says why one has failed, where that is known."""

    clip_id: str
    state: Literal["working", "ready", "failed"]
    channel: str
    from_: Time = field(name="from")
    to: Time
    until: Time
    url: str | None
    size_bytes: int | None
    duration_ms: int | None
    problem: ClipProblem | None
