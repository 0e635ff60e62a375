"""Records of cameras, whoever owns them."""

from __future__ import annotations

from typing import Literal

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.upload_hours import UploadHour
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain

Reason = Literal[
    "name_unknown", "type_unknown", "channel_unknown", "picture_unreadable", "picture_replaced", "too_many",
    "video_unreadable", "event_quota_spent",
]  # fmt: skip


class Stock(Item):
    """A camera as the factory made it, found by a keyed hash of its serial number; it outlives its owners."""

    pk_prefix = "stock"
    sk_prefix = "stock"

    model = plain(UnicodeAttribute(), why="what was made, before anybody had it")
    code_hash = plain(UnicodeAttribute(), why="keyed hash of the printed code")
    secret_hash = plain(UnicodeAttribute(), why="keyed hash of the factory secret")
    camera_token_hash = plain(UnicodeAttribute(null=True), why="hash of a random secret")
    device_id = key(UnicodeAttribute(null=True), rows.DEVICE_REMOVAL, why="random id of the present ownership")
    connection_id = key(
        UnicodeAttribute(null=True), rows.DEVICE_SETTINGS, why="random id of the connection that it has now"
    )
    connected_at = key(Time(null=True), rows.DEVICE_SETTINGS, why="time")
    away_since = key(Time(null=True), rows.DEVICE_SETTINGS, why="time: when its last connection ended")
    told_offline_at = key(
        Time(null=True), rows.DEVICE_SETTINGS, why="time: when its owner was last notified that it is offline"
    )
    told_back_at = key(
        Time(null=True), rows.DEVICE_SETTINGS, why="time: when its owner was last notified that it is back"
    )
    sleeps = plain(NumberAttribute(null=True), why="1 if it is built to sleep between what it does")
    wrong_codes = plain(NumberAttribute(), why="a count")
    locked_until = plain(NumberAttribute(null=True), why="a time")


class Load(Item):
    """Progress of loading a factory's file into stock, or of unloading it."""

    pk_prefix = "load"
    sk_prefix = "load"

    position_bytes = plain(NumberAttribute(), why="where the next line begins")
    lines = plain(NumberAttribute(), why="a count")
    # Or taken out.
    loaded = plain(NumberAttribute(), why="a count")
    unchanged = plain(NumberAttribute(), why="a count")
    bad = plain(NumberAttribute(), why="a count")


class Connection(Item):
    """The camera of a WebSocket connection, kept as long as one can last."""

    pk_prefix = "connection"
    sk_prefix = "connection"

    stock_id = key(UnicodeAttribute(), rows.DEVICE_SETTINGS, why="keyed hash of the serial number")


class ConnectionCheck(Item):
    """A camera is to be looked at when its time has come, whether it is still away, or there again; by days."""

    pk_prefix = "connection-checks"
    sk_prefix = "check"

    stock_id = key(UnicodeAttribute(), rows.DEVICE_SETTINGS, why="keyed hash of the serial number")
    connection_id = key(
        UnicodeAttribute(null=True), rows.DEVICE_SETTINGS, why="random id of the connection that it was noted with"
    )


class CheckPosition(Item):
    """Up to which of them cameras have been looked at, or API Gateway was asked after connections."""

    pk_prefix = "connection-checks"
    sk_prefix = "position"

    last = key(UnicodeAttribute(), rows.DEVICE_SETTINGS, why="time, and keyed hash of a serial number")


class PresenceChange(Item):
    """An order to tell who is notified of the device that its camera is offline or back, until it is carried out; its
    id says which, and when it was reported offline."""

    pk_prefix = "device"
    sk_prefix = "presence-change"
    stream_queue, stream_listener = "Pushes", "alarms.on_presence_changed"


class BoundCamera(Item):
    """The camera of an ownership. That it goes, however it does, is reported, and the camera is nobody's."""

    pk_prefix = "device"
    sk_prefix = "camera"
    stream_queue, stream_listener = "Cleanups", "stock.on_ownership_ended"
    stream_events = frozenset({"REMOVE"})


class Report(Item):
    """The report of an unowned camera, kept until somebody binds it or a month has passed."""

    pk_prefix = "stock"
    sk_prefix = "report"

    mac = personal(rows.DEVICE_SETTINGS)
    firmware = personal(rows.DEVICE_SETTINGS)
    channels = personal(rows.DEVICE_SETTINGS)
    lan = personal(rows.DEVICE_SETTINGS, null=True)
    country = personal(rows.DEVICE_SETTINGS, null=True)
    reported_at = key(Time(), rows.DEVICE_SETTINGS, why="time", exported=True)


class DeviceUploadHour(UploadHour):
    """An hour, or a day, in which somebody had a ticket to upload something of a device; and how much came on them, of
    what is counted."""

    pk_prefix = "device"

    uploads = plain(NumberAttribute(null=True), why="a count, of which most is estimated")
    uploads_bytes = plain(NumberAttribute(null=True), why="a size, of which most is estimated")


class RefusedUploads(Item):
    """Counts of uploads that became no alarm, or one without a picture: how many and when last, by reason. Seven
    days after the last of them it goes."""

    pk_prefix = "device"
    sk_prefix = "refused-uploads"

    name_unknown = plain(NumberAttribute(null=True), why="a count", exported=True)
    name_unknown_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    type_unknown = plain(NumberAttribute(null=True), why="a count", exported=True)
    type_unknown_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    channel_unknown = plain(NumberAttribute(null=True), why="a count", exported=True)
    channel_unknown_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    picture_unreadable = plain(NumberAttribute(null=True), why="a count", exported=True)
    picture_unreadable_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    picture_replaced = plain(NumberAttribute(null=True), why="a count", exported=True)
    picture_replaced_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    too_many = plain(NumberAttribute(null=True), why="a count", exported=True)
    too_many_at = key(Time(null=True), rows.ALARM_MESSAGES, why="time", exported=True)
    video_unreadable = plain(NumberAttribute(null=True), why="a count", exported=True)
    video_unreadable_at = key(Time(null=True), rows.CLOUD_STORAGE, why="time", exported=True)
    event_quota_spent = plain(NumberAttribute(null=True), why="a count", exported=True)
    event_quota_spent_at = key(Time(null=True), rows.CLOUD_STORAGE, why="time", exported=True)
