"""The seconds of a plan that a ledger grants, without those in which time stood still."""

from __future__ import annotations

from chalicelib.plans.rules.ledger import Grant, Ledger


def granted_s(ledger: Ledger, one: Grant) -> int:
    return one.seconds - paused_s(ledger, one.begins, one.until)


def paused_s(ledger: Ledger, begin: int, end: int) -> int:
    """For how many seconds from the one to the other time stood still."""
    return sum(one.overlap_s(begin, end) for one in ledger.own_pauses)
