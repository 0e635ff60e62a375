"""Records of messages to send, and of failed deliveries."""

from __future__ import annotations

from datetime import timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class OutboxMessage(Item):
    """A mail or text message that a commit causes and that has not been sent yet: an old address ends with its own."""

    pk_prefix = "account"
    sk_prefix = "letter"
    stream_queue, stream_listener = "Notices", "outbox.on_letter_written"

    template = plain(UnicodeAttribute(), why="name of a text of ours")
    # From who has restricted processing, or complained of a mail.
    may_be_withheld = plain(NumberAttribute(null=True), why="1 where no law asks that it is sent")
    address = personal(rows.ACCOUNT_CHANGES)
    language = personal(rows.ACCOUNT_CHANGES)
    values = personal(rows.SIGN_IN)
    notice_id = plain(UnicodeAttribute(null=True), why="time and random id of the notice that it carries, if any")


class Delivery(Item):
    """What became of a notice that was sent by mail or as a text message, as the mail provider tells of it; its id is
    the notice's and the kind of address."""

    pk_prefix = "account"
    sk_prefix = "delivery"
    stream_queue, stream_listener = "Notices", "notices.on_delivery_reported"
    stream_events = frozenset({"MODIFY"})

    written_at = key(Time(), rows.IMPORTANT_NOTICES, why="time", exported=True)
    delivered_at = key(Time(null=True), rows.IMPORTANT_NOTICES, why="time", exported=True)
    failed_at = key(Time(null=True), rows.IMPORTANT_NOTICES, why="time", exported=True)
    complained_at = key(Time(null=True), rows.IMPORTANT_NOTICES, why="time", exported=True)

    @property
    def notice_id(self) -> str:
        return self.sort_id.partition(".")[0]

    @property
    def channel(self) -> str:
        """The kind of address that it went to: email or phone."""
        return self.sort_id.partition(".")[2]

    @property
    def has_arrived(self) -> bool:
        """A server that takes a mail may still send it back."""
        return self.delivered_at is not None and self.failed_at is None


class ClosureNotice(OutboxMessage):
    """The last letter, with a data key of its own for as long as it takes to send it: the account's is destroyed."""

    pk_prefix = "farewell"
    spared_for = timedelta(minutes=10)

    address = personal(rows.ACCOUNT_CLOSURE)
    language = personal(rows.ACCOUNT_CLOSURE)
    values = personal(rows.ACCOUNT_CLOSURE)


class Undelivered(Item):
    """Bounces and complaints of mails to an address, known or not: others may not have us write there."""

    pk_prefix = "address"
    sk_prefix = "undelivered"
    # What is sent there because somebody wanted it ends.
    stream_queue, stream_listener = "Notices", "newsletter.on_undelivered"
    stream_events = frozenset({"INSERT", "MODIFY"})

    bounces = key(NumberAttribute(default_for_new=0), rows.BOUNCES_AND_COMPLAINTS, why="a count", exported=True)
    complaints = key(NumberAttribute(default_for_new=0), rows.BOUNCES_AND_COMPLAINTS, why="a count", exported=True)
    reported_at = key(Time(), rows.BOUNCES_AND_COMPLAINTS, why="a time", exported=True)
    last_report = plain(UnicodeAttribute(), why="random id of a report, which may come twice")
