"""Request and response shapes of pushes."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.entry.wire import END, Shape


class TakePushes(Shape):
    platform: Literal["fcm", "apns"]
    token: Annotated[str, Meta(min_length=8, max_length=4096, pattern="^[!-~]+" + END)]
