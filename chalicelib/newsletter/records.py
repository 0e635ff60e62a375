"""Records of the newsletter: who ordered it without an account, and which issue went to whom."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Subscription(Item):
    """An order of the newsletter, with a data key of its own; until it is confirmed, for a day."""

    pk_prefix = "subscription"
    sk_prefix = "subscription"

    address_hash = key(UnicodeAttribute(), rows.NEWSLETTER, why="keyed hash of the address that it is sent to")
    email = personal(rows.NEWSLETTER, null=True)
    language = personal(rows.NEWSLETTER, null=True)
    text_version = plain(UnicodeAttribute(), why="version of the text that everybody is shown")
    text_language = plain(UnicodeAttribute(), why="in which of two languages that text was")
    confirmed_at = key(Time(null=True), rows.NEWSLETTER, why="time")


class SubscribedAddress(Item):
    """The confirmed subscription of an address: at most one."""

    pk_prefix = "address"
    sk_prefix = "newsletter"

    subscription_id = key(UnicodeAttribute(), rows.NEWSLETTER, why="random id")


class Subscriber(Item):
    """A confirmed subscription in the list of all, by which issues are sent."""

    pk_prefix = "newsletter"
    sk_prefix = "subscriber"


class SubscriptionProof(Item):
    """That an address agreed, by which text, and until when: under its keyed hash, which leads to no address."""

    pk_prefix = "address"
    sk_prefix = "newsletter-consent"

    given_at = key(Time(), rows.NEWSLETTER, why="time")
    withdrawn_at = key(Time(null=True), rows.NEWSLETTER, why="time")
    way = plain(UnicodeAttribute(null=True), why="by what it ended, by a fixed word")
    text_version = plain(UnicodeAttribute(), why="version of the text that everybody is shown")
    text_sha256 = plain(UnicodeAttribute(), why="hash of that text")
    text_language = plain(UnicodeAttribute(), why="in which of two languages that text was")


class Issue(Item):
    """An issue, by the name that operators give it, and how far it was sent: a change of that orders the next page. A
    restored table has forgotten to whom it was sent."""

    pk_prefix = "issue"
    sk_prefix = "issue"
    stream_queue, stream_listener = "Notices", "newsletter.on_issue_due"
    stream_events = frozenset({"INSERT", "MODIFY"})
    void_after_restore = "ordered_at"

    texts = plain(UnicodeAttribute(), why="what we say to everybody: subject and text by language, as JSON")
    ordered_at = plain(NumberAttribute(), why="a time")
    resumed_at = plain(NumberAttribute(null=True), why="a time: when operators asked for it again")
    stage = plain(UnicodeAttribute(), why="whom it goes to now, by a fixed word")
    after = plain(UnicodeAttribute(null=True), why="random id behind which the next page begins")
    sent = plain(NumberAttribute(default_for_new=0), why="a count")
    failed = plain(NumberAttribute(default_for_new=0), why="a count")


class SentIssue(Item):
    """An issue that goes to an address, or went there: claimed before the mail is sent, so that no second one is."""

    pk_prefix = "issue"
    sk_prefix = "sent"
