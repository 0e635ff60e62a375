"""Request and response shapes of live views."""

from __future__ import annotations

from datetime import datetime

from chalicelib.entry.wire import Shape
from chalicelib.stock.shapes import ChannelId, Lan


class Watch(Shape):
    channel: ChannelId


class Live(Shape):
    """`playlist_url` is HLS that any player plays, and needs no sign-in: it is a secret. Ask again before `until`. The
    first answer to it waits for the camera's first picture, up to eight seconds, and is a 404 `NoPictureYet` if none
    came. Its pieces lie elsewhere: a browser's own player needs `<video crossorigin="anonymous">`.

    `lan` is where the camera may be reached in its owner's own network.
    """

    live_id: str
    channel: str
    playlist_url: str
    until: datetime
    lan: Lan | None
