"""What is remembered of alarms."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.aws.table import Item
from chalicelib.register.prefixes import Prefix
from chalicelib.register.rows import B11
from chalicelib.register.tags import key, plain

KEEP_DAYS = 7

PICTURES = Prefix("alarms", subject="device", row=B11, keep_days=KEEP_DAYS)


class Alarm(Item):
    """One alarm; its id begins with its time, its `expires_at` is seven days after it arrived."""

    partition = "device"
    place = "alarm"

    at = key(NumberAttribute(), B11, why="time")
    arrived_at = key(NumberAttribute(), B11, why="time")
    channel = key(UnicodeAttribute(), B11, why="which of the device's channels: it is asked for")
    type = key(UnicodeAttribute(), B11, why="which of seven types: it is asked for")
    picture = key(UnicodeAttribute(null=True), B11, why="where the picture lies: random ids and times")
    read_by = key(UnicodeSetAttribute(null=True), B11, why="random ids of who has read it")
    removed = plain(NumberAttribute(null=True), why="1 once it is to go")


class Removal(Item):
    """An order to delete alarms, until it is carried out."""

    partition = "device"
    place = "removal"
    told_to = "AlarmRemovals"

    alarm_ids = key(UnicodeSetAttribute(null=True), B11, why="random ids; none for all")
    until = key(NumberAttribute(), B11, why="time: what arrived before")
