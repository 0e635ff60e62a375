"""Records of notices: what everybody is told is one row, what one person is told is a row of the account."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Announcement(Item):
    """What everybody is told, in one row whoever reads it. Its id begins with the time, so that the newest is found."""

    pk_prefix = "announcements"
    sk_prefix = "announcement"

    kind = plain(UnicodeAttribute(), why="what it is about, by a fixed word")
    at = plain(NumberAttribute(), why="a time")
    texts = plain(UnicodeAttribute(), why="what we say to everybody: title and text by language, as JSON")


class Bulletin(Item):
    """What some people are told, each in a notice of their own, which has the id of this. It stays, as it says what
    was said to whom it concerned."""

    pk_prefix = "bulletin"
    sk_prefix = "bulletin"

    kind = plain(UnicodeAttribute(), why="what it is about, by a fixed word")
    at = plain(NumberAttribute(), why="a time")
    texts = plain(UnicodeAttribute(), why="what we say to those whom it concerns, as announcements do")


class Incident(Item):
    """An incident with personal data, and which of the steps that the law asks for were taken; its id is that of the
    bulletin by which those are told whom it concerns."""

    pk_prefix = "incidents"
    sk_prefix = "incident"

    title = plain(UnicodeAttribute(), why="what operators call it; it names nobody")
    declared_at = plain(NumberAttribute(), why="a time")
    warned_at = plain(NumberAttribute(null=True), why="a time: the authority had an early warning")
    notified_at = plain(NumberAttribute(null=True), why="a time: the authority was notified")
    reported_at = plain(NumberAttribute(null=True), why="a time: the final report was handed in")


class Recipient(Item):
    """An account that a bulletin concerns and that has not been told yet: it goes with the commit that tells it."""

    pk_prefix = "bulletin"
    sk_prefix = "recipient"
    stream_queue, stream_listener = "Notices", "notices.on_recipient_named"


class NoticeOrder(Item):
    """An operator's order that was carried out, for a day, so that a repeat tells nobody twice. Its id is a hash of
    what was ordered."""

    pk_prefix = "notice-order"
    sk_prefix = "notice-order"

    notice_id = plain(UnicodeAttribute(), why="time and random id of what is told")


class Notice(Item):
    """What one person is told, in the language that they had chosen. Its id begins with the time, too."""

    pk_prefix = "account"
    sk_prefix = "notice"

    kind = key(UnicodeAttribute(), rows.IMPORTANT_NOTICES, why="what it is about, by a fixed word", exported=True)
    at = key(Time(), rows.IMPORTANT_NOTICES, why="time", exported=True)
    read_at = key(Time(null=True), rows.IMPORTANT_NOTICES, why="time", exported=True)
    title = personal(rows.IMPORTANT_NOTICES)
    text = personal(rows.IMPORTANT_NOTICES)


class ReadAnnouncements(Item):
    """Which announcements a person has read, in one row, which is read together with the session."""

    pk_prefix = "account"
    sk_prefix = "read-announcements"

    announcement_ids = key(
        UnicodeSetAttribute(null=True),
        rows.IMPORTANT_NOTICES,
        why="times and random ids of what everybody was told",
        exported=True,
    )
