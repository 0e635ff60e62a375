"""What is said about avatars."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from chalicelib.entry.wire import Shape


class AskAvatarTicket(Shape):
    content_type: Literal["image/jpeg", "image/png", "image/webp"] = "image/jpeg"


class AvatarTicket(Shape):
    """A form that may be posted to `url`, its fields first and the file last. Its `key` is among the fields, and
    `key_prefix` is the whole of it."""

    url: str
    fields: dict[str, str]
    key_prefix: str
    until: datetime
    now: datetime

    @classmethod
    def of(cls, ticket: Any) -> AvatarTicket:
        return cls(
            url=ticket.url, fields=ticket.fields, key_prefix=ticket.key_prefix, until=ticket.until, now=ticket.now
        )
