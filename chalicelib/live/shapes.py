"""Request and response shapes of live views."""

from __future__ import annotations

from typing import Literal

from chalicelib.entry.wire import Shape, Time
from chalicelib.stock.shapes import ChannelId, Lan


class Watch(Shape):
    """`piece_ms` is how long the camera is asked to make its pieces of video: shorter ones are shown a little earlier,
    and cost more. Where several watch, it is the camera's matter what it makes."""

    channel: ChannelId
    piece_ms: Literal[1000, 2000] = 2000


class Live(Shape):
    """`playlist_url` is HLS that any player plays, and needs no sign-in: it is a secret. Ask again before `until`. The
    first answer to it waits for the camera's first picture, up to eight seconds, and is a 404 `NoPictureYet` if none
    came. It is on another host than the API, and its pieces are elsewhere again: a browser's own player needs
    `<video crossorigin="anonymous">`.

    `lan` is where the camera may be reached in its owner's own network.
    """

    live_id: str
    channel: str
    playlist_url: str
    until: Time
    lan: Lan | None
