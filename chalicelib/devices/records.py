"""What is remembered of cameras."""

from __future__ import annotations

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B3, B6, B7, B8, B9, B10, B11
from chalicelib.register.tags import Time, key, personal, plain


class Stock(Item):
    """A camera as the factory made it, found by a keyed hash of its serial number; it outlives its owners."""

    partition = "stock"
    place = "stock"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it")
    code_hash = plain(UnicodeAttribute(), why="keyed hash of the printed code")
    secret_hash = plain(UnicodeAttribute(), why="keyed hash of the factory secret")
    camera_token_hash = plain(UnicodeAttribute(null=True), why="hash of a random secret")
    device_id = key(UnicodeAttribute(null=True), B10, why="random id of the present ownership")
    wrong_codes = plain(NumberAttribute(), why="a count")
    locked_until = plain(NumberAttribute(null=True), why="a time")


class Report(Item):
    """What an unowned camera said of itself, until somebody binds it or a month has passed."""

    partition = "stock"
    place = "report"

    mac = personal(B6)
    firmware = personal(B6)
    channels = personal(B6)
    lan = personal(B6, null=True)
    country = personal(B6, null=True)
    reported_at = key(Time(), B6, why="time", told=True)


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """What one share lets one person do. It lies on the device, so that whoever reads the device knows who may; times
    are in seconds since 1970."""

    share_id: str
    guest_id: str | None
    rights: tuple[str, ...]
    channels: tuple[str, ...] | None
    until: int | None
    waits_until: int | None

    @classmethod
    def of(cls, text: str) -> Grant:
        return msgspec.json.decode(text, type=cls)

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def end(self) -> int | None:
        """When it ends by itself: as it was said, or because nobody accepted it."""
        return min((time for time in (self.until, self.waits_until) if time is not None), default=None)

    def may(self, right: str, channel: str | None = None) -> bool:
        return right in self.rights and self.covers(channel)

    def covers(self, channel: str | None) -> bool:
        return channel is None or self.channels is None or channel in self.channels


class Device(Item):
    """One ownership of a camera. Its id is random and its key its own, so the next owner starts from nothing."""

    partition = "device"
    place = "device"

    account_id = key(UnicodeAttribute(), B3, why="random id of the owner")
    stock_id = key(UnicodeAttribute(), B3, why="keyed hash of the serial number")
    audience = key(UnicodeSetAttribute(null=True), B11, why="random ids of whom to push to, and where")
    grants = key(UnicodeSetAttribute(null=True), B9, why="random ids, rights and times: who else may do what")
    bound_at = key(Time(), B6, why="time", told=True)
    last_seen = key(Time(null=True), B6, why="time", told=True)
    alarms_after = key(Time(null=True), B11, why="time: alarms from before were deleted")
    sn = personal(B3)
    model = personal(B3)
    name = personal(B7)
    wifi = personal(B3, null=True)
    password = personal(B8, null=True)
    time_zone = personal(B3)
    dst = personal(B3)
    mac = personal(B6, null=True)
    firmware = personal(B6, null=True)
    channels = personal(B6, null=True)
    lan = personal(B6, null=True)
    country = personal(B6, null=True)
