"""What is remembered of a device: whose it is, and whom its owner lets use it."""

from __future__ import annotations

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register.rows import B3, B6, B7, B8, B9, B11
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


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
    uploads_counted_in = key(UnicodeAttribute(null=True), B11, why="the hour in which each of its uploads is counted")
    uploads_over_in = key(UnicodeAttribute(null=True), B11, why="the hour in which it uploaded too much")
    late_told_at = key(Time(null=True), B11, why="time: alarms that come late are told of once in a while")
    seen_by_channel = plain(NumberAttribute(null=True), why="1 while its connections say when it was there")
    alarms_after = key(Time(null=True), B11, why="time: alarms from before were deleted")
    sn = personal(B3)
    model = personal(B3)
    name = personal(B7)
    wifi = personal(B3, null=True)
    password = personal(B8, null=True, withheld="it protects the picture a second time, also from who finds a copy")
    time_zone = personal(B3)
    dst = personal(B3)
    mac = personal(B6, null=True)
    firmware = personal(B6, null=True)
    channels = personal(B6, null=True)
    channel_ids = key(UnicodeSetAttribute(null=True), B6, why="which channels it has: uploads of others are refused")
    lan = personal(B6, null=True)
    country = personal(B6, null=True)
    cover = key(UnicodeAttribute(null=True), B7, why="where its cover lies: random ids", points_to="object")
    cover_as_of_ms = key(NumberAttribute(null=True), B7, why="time: an upload of before is no news")
    desired = personal(B6, null=True)
    settings_version = plain(NumberAttribute(null=True), why="how often its settings were set")
    reported = personal(B6, null=True)
    reported_version = plain(NumberAttribute(null=True), why="which of them the camera realises")
    state_times = key(UnicodeAttribute(null=True), B6, why="times: what a report says of before is no news")
    # Written by an earlier version, of all parts together.
    state_as_of_ms = key(NumberAttribute(null=True), B6, why="time: a report of before is no news")
    battery_percent = personal(B6, null=True)
    private_since = key(Time(null=True), B6, why="time: what arrives from then on is dropped", told=True)
    private_until = key(Time(null=True), B6, why="time: what arrives from then on is kept again", told=True)


class Share(Item):
    """One person whom the owner lets use a device, or has invited to; it says what the device grants."""

    partition = "device"
    place = "share"

    address = personal(B9)
    address_hash = key(UnicodeAttribute(), B9, why="keyed hash: where the invitation lies")
    rights = key(UnicodeSetAttribute(), B9, why="what is allowed, of four words", told=True)
    channels = key(UnicodeSetAttribute(null=True), B9, why="which of the device's channels; none for all", told=True)
    until = key(Time(null=True), B9, why="time", told=True)
    invited_at = key(Time(), B9, why="time", told=True)
    accepted_at = key(Time(null=True), B9, why="time", told=True)
    named_at = key(UnicodeAttribute(), B9, why="where the other person finds it", points_to="row")
