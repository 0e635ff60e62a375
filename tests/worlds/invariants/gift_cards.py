"""Invariants of gift cards: each is redeemed at most once, and what was redeemed is granted."""

from __future__ import annotations

from collections import Counter

from chalicelib import ids
from chalicelib.plans.rules import ledger as plan_rules
from tests.plans.granted import granted_s
from tests.worlds.invariants.stored import Found, Stored, invariant, ledger_of


@invariant
def a_gift_card_is_redeemed_at_most_once(stored: Stored) -> Found:
    """Who redeemed one knows of it, and nobody else does; that of a closed account nobody knows of. A batch counts what
    was redeemed of it, and none of that broke off."""
    cards, batches = stored.first_ids("GiftCard"), {one: row for (_, one), row in stored.of("GiftCardBatch").items()}
    redemptions = stored.of("GiftCardRedemption")
    known = Counter(card_id for _, card_id in redemptions)
    yield from (f"card {one} was redeemed by {count} people" for one, count in known.items() if count > 1)
    for (_, card_id), row in redemptions.items():
        if card_id in cards and cards[card_id].get("redeemed_at") != row["redeemed_at"]:
            yield f"card {card_id} is not spent, or not then"
    spent = Counter(row["batch_id"] for row in cards.values() if "redeemed_at" in row)
    issued = Counter(row["batch_id"] for row in cards.values())
    for batch_id, row in batches.items():
        if row["redeemed"] != spent[batch_id] or issued[batch_id] > row["count"]:
            yield f"batch {batch_id} counts {row['redeemed']} of {row['count']}, and {spent[batch_id]} are spent"
        if "issued_at" in row and issued[batch_id] < row["count"]:
            yield f"batch {batch_id} has {issued[batch_id]} cards of {row['count']}"
        if "issued_at" not in row and spent[batch_id]:
            yield f"batch {batch_id} was not issued, and has cards that are spent"
    yield from (f"cards of {one} are there, and no batch" for one in issued.keys() - batches.keys())


def _was_handed_over(source: str) -> bool:
    """A gift that came along with a device has an id of its own, which is as long as all that are drawn; a card's is
    longer."""
    return len(source.partition(":")[2]) == ids.LENGTH


@invariant
def a_redeemed_gift_card_is_one_grant(stored: Stored) -> Found:
    """Its time lies somewhere, wherever it was moved: never more than a period, and no less unless another plan took
    its place, it was handed over, or a device went with it."""
    ledgers = {account_id + own: ledger_of(row) for (account_id, own), row in stored.of("Ownership").items()}
    redemptions = stored.of("GiftCardRedemption")
    batches = {one: row for (_, one), row in stored.of("GiftCardBatch").items()}
    cards = stored.first_ids("GiftCard")
    had: Counter[str] = Counter()
    for device_id, ledger in ledgers.items():
        for one in ledger.grants:
            if one.source_kind != "gift":
                continue
            had[one.source] += granted_s(ledger, one)
            if _was_handed_over(one.source):
                continue
            row = redemptions.get((ids.parent_of(device_id), one.source.partition(":")[2]))
            if row is None or (row["plan_id"], row["catalogue_version"]) != (one.plan_id, one.version):
                yield f"device {device_id} has what nobody redeemed: {one.text}"
    changed = {row["device_id"] for row in stored.of("Order").values() if row["state"] == "paid" and "credit_of" in row}
    moved = any(one.mark == "moved" for ledger in ledgers.values() for one in ledger.grants)
    for (account_id, card_id), row in redemptions.items():
        if not row["device_id"].startswith(account_id):
            yield f"card {card_id} is for a device that is not its own"
        batch = batches.get(cards.get(card_id, {}).get("batch_id", ""))
        if row["device_id"] not in ledgers or batch is None:
            continue
        wanted_s = batch["period_days"] * 86_400
        granted = had[plan_rules.source_of("gift", card_id)]
        if granted > wanted_s or (granted < wanted_s and not changed and not moved):
            yield f"card {card_id} was redeemed, and granted {granted} seconds of {wanted_s}"
