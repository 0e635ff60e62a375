"""Records of live views, while they last."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.register.prefixes import Prefix
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain

# Swept every quarter of an hour, so that nothing is there after one hour.
KEEP_MINUTES = 30

PIECES = Prefix("live", subject="device", row=rows.LIVE_VIEW, keep_minutes=KEEP_MINUTES, by="hour", by_ticket=True)


class Live(Item):
    """One person's live view of one channel; it ends at its `expires_at`, with the ownership, or when it is stopped.

    It lies at one of the few places that this person has on the device, so that nobody has more of them.
    """

    pk_prefix = "device"
    sk_prefix = "live"

    live_id = key(UnicodeAttribute(), rows.LIVE_VIEW, why="random id: at this place there were others before")
    viewer = key(UnicodeAttribute(), rows.LIVE_VIEW, why="random id of who looks: the owner, or a share")
    account_id = key(UnicodeAttribute(), rows.LIVE_VIEW, why="random id of whose account: with that it ends, too")
    channel = key(UnicodeAttribute(), rows.LIVE_VIEW, why="which of the device's channels", exported=True)
    started_at = key(Time(), rows.LIVE_VIEW, why="time", exported=True)
    until = key(Time(), rows.LIVE_VIEW, why="time", exported=True)
    piece_ms = plain(NumberAttribute(null=True), why="how long the camera is to make its pieces")
    # Players know a piece by its number and its beginning, so they are counted on from here.
    counted_to = plain(UnicodeAttribute(null=True), why="when the last piece that was counted came, and its time")
    counted = plain(NumberAttribute(), why="how many pieces there were up to then")
    counted_breaks = plain(NumberAttribute(null=True), why="how often the camera had begun anew by then")
    # Of numbered pieces `counted` and `counted_breaks` say what there was before these.
    window = plain(UnicodeAttribute(null=True), why="which numbered pieces are shown, and where the camera goes on")
    # Nothing of the view came on an earlier one, so nothing earlier is listed.
    listed_from = plain(UnicodeAttribute(null=True), why="the hour and the ticket on which its first piece came")
    waited_at = key(Time(null=True), rows.LIVE_VIEW, why="time: the first answer waits for the first piece, once")
