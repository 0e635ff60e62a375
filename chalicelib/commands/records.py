"""Records of commands to cameras."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class MailboxDelivery(Item):
    """An order to send what waits for a camera down the connection that it has just opened; it goes unread."""

    pk_prefix = "connection"
    sk_prefix = "delivery"
    stream_queue, stream_listener = "Commands", "commands.on_mailbox_opened"


class Command(Item):
    """One command, in its device's mailbox until it is answered or too late; it goes with the ownership."""

    pk_prefix = "device"
    sk_prefix = "command"
    stream_queue, stream_listener = "Commands", "commands.on_command_given"

    word = key(UnicodeAttribute(), rows.DEVICE_SETTINGS, why="which of a few words", exported=True)
    channel = key(UnicodeAttribute(null=True), rows.LIVE_VIEW, why="which of the device's channels", exported=True)
    live_id = key(UnicodeAttribute(null=True), rows.LIVE_VIEW, why="random id of a live session")
    piece_ms = plain(NumberAttribute(null=True), why="how long the pieces of a live view are to be")
    live_until = key(Time(null=True), rows.LIVE_VIEW, why="time", exported=True)
    given_at = key(Time(), rows.DEVICE_SETTINGS, why="time", exported=True)
    until = key(Time(), rows.DEVICE_SETTINGS, why="time", exported=True)
    tries = plain(NumberAttribute(), why="how often it was sent")
    sent_on = key(
        UnicodeAttribute(null=True), rows.DEVICE_SETTINGS, why="random id of the connection that it was sent on last"
    )
    answered_at = key(Time(null=True), rows.DEVICE_SETTINGS, why="time", exported=True)
    alarm_id = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="which alarm has the picture that was asked for"
    )
    ok = plain(NumberAttribute(null=True), why="1 if the camera did it, 0 if it could not", exported=True)
    error = plain(UnicodeAttribute(null=True), why="one word of the camera's firmware", exported=True)
