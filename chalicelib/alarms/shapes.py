"""What is said about alarms."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.entry.wire import Shape

AlarmType = Literal["motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low"]
AlarmId = Annotated[str, Meta(min_length=1, max_length=64)]


class AskTicket(Shape):
    kind: Literal["alarm", "live"]


class Ticket(Shape):
    """A form that may be posted to `url`, its fields first and the file last, with a `key` below `key_prefix`."""

    url: str
    fields: dict[str, str]
    key_prefix: str
    until: datetime
    now: datetime

    @classmethod
    def of(cls, ticket: Any) -> Ticket:
        return cls(
            url=ticket.url, fields=ticket.fields, key_prefix=ticket.key_prefix, until=ticket.until, now=ticket.now
        )


class Search(Shape):
    day: str | None = None
    channel: Annotated[str, Meta(max_length=32)] | None = None
    type: AlarmType | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=64)] | None = None


class Alarm(Shape):
    alarm_id: str
    device_id: str
    channel: str
    type: AlarmType
    at: datetime
    read: bool
    until: datetime


class AlarmWithPicture(Alarm):
    """`picture_url` is good for five minutes; null where the cloud made the alarm itself."""

    picture_url: str | None


class Alarms(Shape):
    items: list[Alarm]
    cursor: str | None


class DeleteSome(Shape):
    """Nothing named means all of them."""

    alarm_ids: Annotated[list[AlarmId], Meta(min_length=1, max_length=50)] | None = None
