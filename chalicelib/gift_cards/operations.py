"""Operators' functions for gift cards."""

from __future__ import annotations

from chalicelib.entry.queues import Operations
from chalicelib.gift_cards import shapes
from chalicelib.gift_cards.actions import batches, issuing

operations = Operations(__name__)


@operations.operation(shapes.IssueGiftCards)
def issue_gift_cards(body: shapes.IssueGiftCards) -> shapes.IssuedGiftCards:
    """Issue cards for a plan; their codes are in the answer, or in a file that it names, and nowhere else."""
    return issuing.issue(body)


@operations.operation(shapes.RevokeGiftCards)
def revoke_gift_cards(body: shapes.RevokeGiftCards) -> shapes.RevokedGiftCards:
    """Take the cards of a batch no more; what was redeemed stays. Again it changes nothing."""
    return batches.revoke(body.batch_id)


@operations.operation(shapes.ReportGiftCards)
def report_gift_cards(body: shapes.ReportGiftCards) -> shapes.GiftCardReport:
    """Which batches there are, and what became of their cards; without a code."""
    return batches.report(body.cursor)
