"""Records of an address, and of what is sent there."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import key, plain


class Address(Item):
    """The account that an address belongs to: at most one."""

    pk_prefix = "address"
    sk_prefix = "address"
    # What the address had by itself becomes the account's.
    stream_queue, stream_listener = "Notices", "newsletter.on_address_held"

    account_id = key(UnicodeAttribute(), rows.REGISTRATION, why="random id")


class Code(Item):
    """A one-time code on its way to a person; a new one kills the old."""

    pk_prefix = "account"
    sk_prefix = "code"
    void_after_restore = "sent_at"

    code_hash = key(UnicodeAttribute(), rows.REGISTRATION, why="keyed hash of a code that lives for minutes")
    seed = plain(UnicodeAttribute(null=True), why="random: with a secret kept elsewhere it makes the digits again")
    asked_by = key(UnicodeAttribute(null=True), rows.REGISTRATION, why="keyed hash: is it the same request again?")
    repeats = plain(NumberAttribute(default_for_new=0), why="a count")
    until = plain(NumberAttribute(), why="end of the code's life")
    tries = plain(NumberAttribute(), why="a count")
    sends = plain(NumberAttribute(), why="a count")
    sent_at = plain(NumberAttribute(), why="a time")


class ResetCode(Code):
    """A code for a new password, to an address that an account has or not: there it lies."""

    pk_prefix = "address"
    sk_prefix = "reset"


class MessageCount(Item):
    """A count of messages, sent to an address or on the word of a network within an hour, to a country or by the
    installation on a day."""

    pk_prefix = "messages"
    sk_prefix = "count"

    sent = key(
        NumberAttribute(),
        rows.MESSAGE_RATE_LIMITS,
        why="a count, under a hash made with the hour's key, or under a day",
    )
