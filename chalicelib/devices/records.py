"""What is remembered of cameras."""

from __future__ import annotations

from typing import Literal

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register.prefixes import Prefix
from chalicelib.register.rows import B3, B6, B7, B8, B9, B10, B11, GUESSES
from chalicelib.register.upload_hours import UploadHour
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain

Reason = Literal[
    "name_unknown", "type_unknown", "channel_unknown", "picture_unreadable", "picture_replaced", "too_many"
]
# An upload goes as soon as it was looked at; a day is for what nobody was told of.
COVER_UPLOADS = Prefix("covers-in", subject="device", row=B7, keep_days=1, by_ticket=True)
COVERS = Prefix("covers", subject="device", row=B7, keep_days=None)


class Stock(Item):
    """A camera as the factory made it, found by a keyed hash of its serial number; it outlives its owners."""

    partition = "stock"
    place = "stock"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it")
    code_hash = plain(UnicodeAttribute(), why="keyed hash of the printed code")
    secret_hash = plain(UnicodeAttribute(), why="keyed hash of the factory secret")
    camera_token_hash = plain(UnicodeAttribute(null=True), why="hash of a random secret")
    device_id = key(UnicodeAttribute(null=True), B10, why="random id of the present ownership")
    connection_id = key(UnicodeAttribute(null=True), B6, why="random id of the connection that it has now")
    connected_at = key(Time(null=True), B6, why="time")
    away_since = key(Time(null=True), B6, why="time: when its last connection ended")
    told_offline_at = key(Time(null=True), B6, why="time: when its owner was last told that it is offline")
    told_back_at = key(Time(null=True), B6, why="time: when its owner was last told that it is back")
    sleeps = plain(NumberAttribute(null=True), why="1 if it is built to sleep between what it does")
    wrong_codes = plain(NumberAttribute(), why="a count")
    locked_until = plain(NumberAttribute(null=True), why="a time")


class Load(Item):
    """How far a factory's file has been put into stock, or what it names taken out."""

    partition = "load"
    place = "load"

    position_bytes = plain(NumberAttribute(), why="where the next line begins")
    lines = plain(NumberAttribute(), why="a count")
    # Or taken out.
    loaded = plain(NumberAttribute(), why="a count")
    unchanged = plain(NumberAttribute(), why="a count")
    bad = plain(NumberAttribute(), why="a count")


class Connection(Item):
    """Whose a connection of the camera channel is, as long as one can last."""

    partition = "connection"
    place = "connection"
    told_to = "CameraConnections"

    stock_id = key(UnicodeAttribute(), B6, why="keyed hash of the serial number")


class ConnectionCheck(Item):
    """A camera is to be looked at when its time has come, whether it is still away, or there again; by days."""

    partition = "connection-checks"
    place = "check"

    stock_id = key(UnicodeAttribute(), B6, why="keyed hash of the serial number")


class CheckPosition(Item):
    """Up to which of them cameras have been looked at."""

    partition = "connection-checks"
    place = "position"

    last = key(UnicodeAttribute(), B6, why="time, and keyed hash of a serial number")


class PresenceChange(Item):
    """An order to tell who hears of the device that its camera is offline or back, until it is carried out; its id says
    which, and when it was told offline."""

    partition = "device"
    place = "presence-change"
    told_to = "PresenceChanges"


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


class BindingTries(Item):
    """Wrong printed codes that a person lately tried, of whatever cameras."""

    partition = "account"
    place = "binding-tries"

    wrong = key(NumberAttribute(), GUESSES, why="a count", told=True)
    locked_until = key(Time(), GUESSES, why="a time", told=True)


class PasswordTries(Item):
    """Wrong passwords lately tried of a device."""

    partition = "device"
    place = "password-tries"

    wrong = key(NumberAttribute(), GUESSES, why="a count", told=True)
    locked_until = key(Time(), GUESSES, why="a time", told=True)


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


class DeviceUploadHour(UploadHour):
    """An hour, or a day, in which somebody had a ticket to upload something of a device; and how much came on them, of
    what is counted."""

    partition = "device"

    uploads = plain(NumberAttribute(null=True), why="a count, of which most is estimated")
    uploads_bytes = plain(NumberAttribute(null=True), why="a size, of which most is estimated")


class CoverRemoval(Item):
    """An order to delete a cover that nobody points to any more, until it is carried out."""

    partition = "device"
    place = "cover-removal"
    told_to = "CoverRemovals"

    # Who asks for a copy of one's data does not get it any more.
    picture = key(UnicodeAttribute(), B7, why="where the picture lies: random ids")


class RefusedUploads(Item):
    """What a camera uploaded that became no alarm, or none with a picture: how often and when last, by reason. Seven
    days after the last of them it goes."""

    partition = "device"
    place = "refused-uploads"

    name_unknown = plain(NumberAttribute(null=True), why="a count", told=True)
    name_unknown_at = key(Time(null=True), B11, why="time", told=True)
    type_unknown = plain(NumberAttribute(null=True), why="a count", told=True)
    type_unknown_at = key(Time(null=True), B11, why="time", told=True)
    channel_unknown = plain(NumberAttribute(null=True), why="a count", told=True)
    channel_unknown_at = key(Time(null=True), B11, why="time", told=True)
    picture_unreadable = plain(NumberAttribute(null=True), why="a count", told=True)
    picture_unreadable_at = key(Time(null=True), B11, why="time", told=True)
    picture_replaced = plain(NumberAttribute(null=True), why="a count", told=True)
    picture_replaced_at = key(Time(null=True), B11, why="time", told=True)
    too_many = plain(NumberAttribute(null=True), why="a count", told=True)
    too_many_at = key(Time(null=True), B11, why="time", told=True)


class SettingChange(Item):
    """An order to tell the camera that it ought to be otherwise, until it is carried out."""

    partition = "device"
    place = "setting-change"
    told_to = "SettingChanges"


class Transfer(Item):
    """The offer to hand a device over, until it ends: by itself, with the ownership, or by either side."""

    partition = "device"
    place = "transfer"

    transfer_id = key(UnicodeAttribute(), B10, why="random id")
    address_hash = key(UnicodeAttribute(), B10, why="keyed hash: whom it is for")
    address = personal(B10)
    offered_at = key(Time(), B10, why="time", told=True)
    offers = plain(NumberAttribute(), why="a count")
    found_at = key(UnicodeAttribute(), B10, why="where the other one finds it", points_to="row")
    ended = plain(NumberAttribute(null=True), why="1 once it was withdrawn or declined")


class Offer(Item):
    """Where the other one finds what is offered to him, with an account or without."""

    partition = "address"
    place = "offer"
    told_to = "TransferOffers"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it", told=True)
    offered_at = key(Time(), B10, why="time", told=True)
    told_at = key(Time(null=True), B10, why="time: so that it is told once", told=True)
