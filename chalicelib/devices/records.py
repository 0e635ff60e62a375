"""What is remembered of cameras."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B3, B6, B7, B8, B10, B11
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
    connection_id = key(UnicodeAttribute(null=True), B6, why="random id of the connection that it has now")
    connected_at = key(Time(null=True), B6, why="time")
    wrong_codes = plain(NumberAttribute(), why="a count")
    locked_until = plain(NumberAttribute(null=True), why="a time")


class Connection(Item):
    """Whose a connection of the camera channel is, as long as one can last."""

    partition = "connection"
    place = "connection"
    told_to = "CameraConnections"

    stock_id = key(UnicodeAttribute(), B6, why="keyed hash of the serial number")


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


class Device(Item):
    """One ownership of a camera. Its id is random and its key its own, so the next owner starts from nothing."""

    partition = "device"
    place = "device"

    account_id = key(UnicodeAttribute(), B3, why="random id of the owner")
    stock_id = key(UnicodeAttribute(), B3, why="keyed hash of the serial number")
    audience = key(UnicodeSetAttribute(null=True), B11, why="random ids of whom to push to, and where")
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
