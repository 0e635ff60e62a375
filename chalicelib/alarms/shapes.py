"""Request and response shapes of alarms."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from chalicelib.entry.wire import Page, Shape, Time

AlarmType = Literal["motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low", "snapshot"]
AlarmId = Annotated[str, Meta(min_length=1, max_length=64)]


class Search(Page):
    day: str | None = None
    channel: Annotated[str, Meta(max_length=32)] | None = None
    type: AlarmType | None = None

    @property
    def wants_all(self) -> bool:
        return self.channel is None and self.type is None


class Alarm(Shape):
    """`channel` is null where it is of the whole device: a camera that went away."""

    alarm_id: str
    device_id: str
    channel: str | None
    type: AlarmType
    at: Time
    read: bool
    until: Time


class Recorded(Shape):
    """A span of time of which there are recordings."""

    from_: Time = field(name="from")
    to: Time


class AlarmInFull(Alarm):
    """`picture_url` is good for five minutes; null where the cloud made the alarm itself (`none`), or where what the
    camera uploaded cannot be shown (`unreadable`). `recorded` is what its channel recorded around it, at most five
    minutes before and behind; null where nothing may be shown."""

    picture: Literal["shown", "none", "unreadable"]
    picture_url: str | None
    recorded: Recorded | None


class Alarms(Shape):
    items: list[Alarm]
    cursor: str | None


class DeleteSome(Shape):
    """Nothing named means all of them."""

    alarm_ids: Annotated[list[AlarmId], Meta(min_length=1, max_length=50)] | None = None
