"""Money that an operator has to look after: what has waited for too long, and refunds that failed (B13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from chalicelib import clock
from chalicelib.orders import rules
from chalicelib.orders.records import DelayedEvent, DueRefund, Payment
from chalicelib.store.records import read_all

_PAGE = 100


def figures() -> dict[str, object]:
    """For how many seconds somebody has had to look, or 0, and after what: the alarm rings for the first, and the log
    says the second."""
    now, due = clock.now_s(), list(DueRefund.all_of("", page_size=_PAGE))
    delayed = DelayedEvent.all_of("", page_size=_PAGE)
    found = {
        "event": _longest(rules.event_overdue_s(int(one.since), now) for one in delayed),
        "failed_refund": _longest(rules.failure_overdue_s(int(one.failed_at), now) for one in due if one.failed_at),
        "refund": _longest(_of_refunds([one for one in due if one.failed_at is None], now)),
    }
    return {"overdue_seconds": max(found.values()), "overdue": [what for what, seconds in found.items() if seconds]}


def _of_refunds(due: Sequence[DueRefund], now: int) -> Iterator[int]:
    """What is disputed waits for the bank."""
    payments = read_all(Payment.key("", one.sort_id) for one in due)
    for one in due:
        payment = payments[Payment.key("", one.sort_id)]
        if payment is not None and payment.dispute_state != "opened":
            yield rules.refund_overdue_s(payment.state, int(one.owed_since), now)


def _longest(seconds: Iterable[int]) -> int:
    return max(seconds, default=0)
