"""Request and response shapes of pictures that people give."""

from __future__ import annotations

from typing import Literal

from chalicelib.entry.wire import Shape


class AskPictureTicket(Shape):
    content_type: Literal["image/jpeg", "image/png", "image/webp"] = "image/jpeg"
