"""Request shapes of upload tickets."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.entry.wire import Shape
from chalicelib.stock.shapes import ChannelId


class AskTicket(Shape):
    """The picture of an alarm is uploaded as `<channel>/<UTC stamp>-<type>-<mark>.jpg`, such as
    `1/20261103T081500Z-motion-x7f.jpg`: a JPEG of 100 bytes to 4 MB, of one of the types that alarms have, with a mark
    of the camera's own choice. A `snapshot` that was asked for is uploaded as
    `<channel>/<UTC stamp>-snapshot-<id of the command>.jpg`.

    Live video is uploaded as `<channel>/<random>-<number from 0>.m4s` or `.ts`, such as `1/x7f-0.m4s`, with its UTC
    start in the form field `x-amz-meta-start` (`20261103T081500.250Z`) and its duration in ms in
    `x-amz-meta-duration-ms` (at most 10000); without a duration it is not shown. Before the former, with each ticket
    anew, what a player must know first is uploaded as `<channel>/init-<random>.mp4`: the same random goes on, numbers
    and all, and another begins anew. The form has both fields already, and is sent with all its fields. What is called
    `<channel>/<UTC start with ms>-<duration in ms>.m4s` or `.ts` is shown too, but has to be searched for.
    Recordings are uploaded by such names, with an init likewise, of 1 to 60 s each, such as
    `1/20261103T081500.000Z-20000.m4s`; behind the duration may stand `-` and the sizes of its fragments in bytes, in
    base 36 and joined by dots, by which players seek: in order, all of them, together the whole object. `channels` are
    those to record, of at most 16; all, if none is named.
    """

    kind: Literal["alarm", "live", "snapshot", "recording"]
    channels: Annotated[list[ChannelId], Meta(min_length=1, max_length=64)] | None = None
