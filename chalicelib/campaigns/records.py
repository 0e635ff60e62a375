"""Records of campaigns: what operators opened, and who entered."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item, Record
from chalicelib.store.tags import Time, key, personal, plain


class Campaign(Item):
    """A campaign, which may be entered until its end, by the name that operators give it."""

    pk_prefix = "campaigns"
    sk_prefix = "campaign"

    kind = plain(UnicodeAttribute(), why="event, draw, contest or survey")
    purpose = plain(UnicodeAttribute(), why="the consent that an entry needs, by a fixed word")
    texts = plain(UnicodeAttribute(), why="what we say to everybody: title and text by language, as JSON")
    questions = plain(UnicodeAttribute(), why="what we ask everybody, as JSON")
    opened_at = plain(NumberAttribute(), why="a time")
    ends_at = plain(NumberAttribute(), why="a time")
    seed_sha256 = plain(UnicodeAttribute(), why="hash of the draw's seed, which is said before anybody enters")
    seed = plain(UnicodeAttribute(null=True), why="the seed, once winners were drawn")
    drawn_at = plain(NumberAttribute(null=True), why="a time")
    notice_id = plain(UnicodeAttribute(null=True), why="time and random id of what winners are told")
    winners = plain(UnicodeSetAttribute(null=True), why="random tickets, which say of nobody whose they are")
    passed_over = plain(UnicodeSetAttribute(null=True), why="the same, of whom nothing could be used when it was drawn")


class Entry(Item):
    """An account's part in a campaign. It is readable as long as the consent is in force by which it was made."""

    pk_prefix = "account"
    sk_prefix = "campaign-entry"
    is_deleted_for_good = True

    entered_at = key(Time(), rows.EVENT_PARTICIPATION, why="time", exported=True)
    ticket = key(UnicodeAttribute(), rows.EVENT_PARTICIPATION, why="random, by which winners are drawn", exported=True)
    grant_id = key(UnicodeAttribute(), rows.EVENT_PARTICIPATION, why="random id of the consent that it was made by")
    answers = personal(rows.EVENT_PARTICIPATION)
    contact = personal(rows.EVENT_PARTICIPATION)
    ticket_at = key(UnicodeAttribute(), rows.EVENT_PARTICIPATION, why="where a draw finds it", points_to="row")

    def is_readable(self, subject_record: Record) -> bool:
        in_force = getattr(subject_record, "consents", None) or ()
        return super().is_readable(subject_record) and any(one.endswith(f" {self.grant_id}") for one in in_force)


class EntryTicket(Item):
    """An entry among all of its campaign, in the order of random tickets."""

    pk_prefix = "campaign-tickets"
    sk_prefix = "ticket"

    account_id = key(UnicodeAttribute(), rows.EVENT_PARTICIPATION, why="random id of who entered")
