"""Invariants of campaigns: who entered is found by the ticket, as long as the consent is in force."""

from __future__ import annotations

from tests.worlds.invariants.stored import Found, Stored, invariant


@invariant
def an_entry_and_its_ticket_are_there_together(stored: Stored) -> Found:
    entries = {(campaign, row["ticket"]): account for (account, campaign), row in stored.of("Entry").items()}
    tickets = {where: row["account_id"] for where, row in stored.of("EntryTicket").items()}
    yield from (f"an entry has no ticket: {one}" for one in entries.items() - tickets.items())
    yield from (f"a ticket has no entry: {one}" for one in tickets.items() - entries.items())


@invariant
def an_entry_is_there_by_a_consent_in_force(stored: Stored) -> Found:
    accounts = stored.first_ids("Account")
    for (account_id, campaign), row in stored.of("Entry").items():
        in_force = accounts.get(account_id, {}).get("consents", ())
        if not any(one.endswith(f" {row['grant_id']}") for one in in_force):
            yield f"the entry to {campaign} of {account_id} is there without a consent"
