"""Invariants of the newsletter: the lists by which issues are sent agree with who wants them."""

from __future__ import annotations

from chalicelib.consents.rules import LISTED
from tests.worlds.invariants.stored import Found, Stored, invariant


@invariant
def a_confirmed_subscription_is_found_by_its_address_and_in_the_list(stored: Stored) -> Found:
    confirmed = {
        one: row["address_hash"]
        for one, row in stored.first_ids("Subscription").items()
        if "confirmed_at" in row and "email" in row
    }
    by_address = {row["subscription_id"]: hashed for hashed, row in stored.first_ids("SubscribedAddress").items()}
    listed = {subscription_id for _, subscription_id in stored.of("Subscriber")}
    yield from (f"{one} is not found by its address" for one in confirmed.items() - by_address.items())
    yield from (f"an address leads to {one}" for one in by_address.items() - confirmed.items())
    yield from (f"{one} is in the list or not" for one in listed ^ confirmed.keys())
    proofs = {subscription_id for _, subscription_id in stored.of("SubscriptionProof")}
    yield from (f"nothing shows that {one} agreed" for one in confirmed.keys() - proofs)


@invariant
def an_account_is_among_those_who_agree_as_long_as_it_does(stored: Stored) -> Found:
    agree = {
        (purpose, account_id)
        for account_id, row in stored.first_ids("Account").items()
        for purpose in (one.partition(" ")[0] for one in row.get("consents", ()))
        if purpose in LISTED
    }
    listed = set(stored.of("Consenting"))
    yield from (f"account {account_id} agrees, and is not listed: {purpose}" for purpose, account_id in agree - listed)
    yield from (f"account {account_id} is listed, and does not agree" for _, account_id in listed - agree)
