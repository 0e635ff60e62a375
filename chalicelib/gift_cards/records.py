"""Records of gift cards: batches as they were issued, each card by a hash of its code, and what a person redeemed."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, plain


class GiftCardBatch(Item):
    """Cards that were issued together, with the plan's terms of then. Until `issued_at` is there nobody has been told
    their codes, and none is taken."""

    pk_prefix = "gift-card-batches"
    sk_prefix = "batch"
    # Cards that were withdrawn stay so.
    replaced_for_good = ("revoked_at",)

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue")
    catalogue_version = plain(NumberAttribute(), why="of the entry")
    kind = plain(UnicodeAttribute(), why="of the plan")
    keep_days = plain(NumberAttribute(), why="of the plan")
    period_days = plain(NumberAttribute(), why="of the plan")
    count = plain(NumberAttribute(), why="a count")
    redeemed = plain(NumberAttribute(), why="a count")
    last_day = plain(UnicodeAttribute(), why="a date: the last on which the cards are taken")
    ends_at = plain(NumberAttribute(), why="a time: from then on the cards are not taken")
    note = plain(UnicodeAttribute(null=True), why="a purpose or the like; whoever orders it may name nobody")
    issued_at = plain(NumberAttribute(null=True), why="a time")
    revoked_at = plain(NumberAttribute(null=True), why="a time")


class GiftCardOrder(Item):
    """An operator's order that was carried out, for a day, so that a repeat issues no second batch beside the first.
    Its id is a hash of the operator's own."""

    pk_prefix = "gift-card-order"
    sk_prefix = "gift-card-order"

    batch_id = plain(UnicodeAttribute(), why="random id of what was issued for it")
    body_hash = plain(UnicodeAttribute(), why="hash of what was ordered: was it the same?")


class GiftCard(Item):
    """A card, found by a keyed hash of its code. One that was redeemed says when, and nothing of whose it is: what a
    person redeemed lies in his own partition, and goes with that."""

    pk_prefix = "gift-card"
    sk_prefix = "gift-card"

    batch_id = plain(UnicodeAttribute(), why="random id of those that were issued together")
    redeemed_at = plain(NumberAttribute(null=True), why="a time; of whom nothing is said")


class GiftCardRedemption(Item):
    """A card that a person redeemed; the sort id is the card's hash."""

    pk_prefix = "account"
    sk_prefix = "gift-card-redemption"
    # In a table of before the card is not spent, and its plan not granted: both is done again.
    replaced_for_good = ("catalogue_version", "device_id", "plan_id", "redeemed_at")

    plan_id = plain(UnicodeAttribute(), why="an entry of the catalogue", exported=True)
    catalogue_version = plain(NumberAttribute(), why="of the entry", exported=True)
    device_id = key(UnicodeAttribute(), rows.PLAN_PURCHASE, why="random id of what it is for", exported=True)
    redeemed_at = key(Time(), rows.PLAN_PURCHASE, why="time", exported=True)


class GiftCardTries(Item):
    """Wrong codes of gift cards that a person lately tried."""

    pk_prefix = "account"
    sk_prefix = "gift-card-tries"

    wrong = key(NumberAttribute(), rows.BRUTE_FORCE_PROTECTION, why="a count", exported=True)
    locked_until = key(Time(), rows.BRUTE_FORCE_PROTECTION, why="a time", exported=True)
