"""Invariants of money: orders, payments, invoices, and the plans that were bought."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import get_args

from chalicelib import clock, ids
from chalicelib.invoices.rules import series as invoice_series
from chalicelib.plans.actions import handed
from chalicelib.plans.records import PlanEnd, PlanRenewal, PlanWarning
from chalicelib.plans.rules import changes as plan_changes
from chalicelib.plans.rules import ledger as plan_rules
from chalicelib.plans.rules import warnings as plan_warnings
from chalicelib.plans.rules.renewals import Renewal
from chalicelib.settings import settings
from chalicelib.store import crypto, keys
from tests.plans.granted import granted_s
from tests.worlds.invariants.stored import Found, Row, Stored, invariant, ledger_of


def _reference(order: Row, stored: Stored) -> str:
    payment = stored.of("Payment").get(("", order.get("paid_with", "")))
    if payment is not None:
        return str(payment["payment_reference"])
    order_id = keys.id_of(order["pk"]) + keys.id_of(order["sk"])
    return f"sandbox-{crypto.plain_hash(order_id)[:16]}"  # what the sandbox calls its payment


# What an order is once it was paid, and whatever became of its money since.
PAID = ("paid", "refunded", "charged_back")


@invariant
def money_counts_once(stored: Stored) -> Found:
    """A payment that bought something has its invoice and no other; an order knows of its own, and no two of the
    same."""
    payments = {payment_id: row for (_, payment_id), row in stored.of("Payment").items()}
    invoices = {number: row for (_, number), row in stored.of("Invoice").items() if "corrects" not in row}
    invoiced = {row["payment_reference"]: number for number, row in invoices.items()}
    for payment_id, row in payments.items():
        if row.get("invoice_number") not in (None, invoiced.get(row["payment_reference"])):
            yield f"payment {payment_id} names the invoice of another one"
        if _bought(row) != (row["payment_reference"] in invoiced):
            yield f"payment {payment_id} is {row['state']}, and so is not its invoice"
        if row["state"] != "charged_back" and (row["state"] == "applied") == ("reason" in row):
            yield f"payment {payment_id} is {row['state']} without knowing why"
    known: Counter[str] = Counter()
    for (_, sort_id), order in stored.of("Order").items():
        mine = [(one, False) for one in order.get("refunds_due", ())]
        mine += [(one, True) for one in [order.get("paid_with")] if one is not None]
        known.update(one for one, _ in mine)
        if any(one not in payments or _bought(payments[one]) != did for one, did in mine):
            yield f"order {sort_id} and its payments disagree"
        if (order["state"] in PAID and "period_days" in order and _is_bought(order)) != ("paid_with" in order):
            yield f"order {sort_id} is {order['state']}, and knows of no such payment"
    yield from (f"payment {one} is that of {count} orders" for one, count in known.items() if count > 1)


def _bought(payment: Row) -> bool:
    return payment.get("reason", "asked_for") == "asked_for"


@invariant
def money_goes_back_once(stored: Stored) -> Found:
    """Of each payment at most what was paid, and it is asked for until it is there; of what was invoiced by one credit
    note, which the order knows."""
    due = {payment_id for (_, payment_id), row in stored.of("DueRefund").items() if "failed_at" not in row}
    failed = {payment_id for _, payment_id in stored.of("DueRefund")} - due
    payments = {payment_id: row for (_, payment_id), row in stored.of("Payment").items()}
    notes = [row for row in stored.of("Invoice").values() if "corrects" in row]
    credited = Counter({row["payment_reference"]: row["amount"] for row in notes})
    yield from (f"{len(notes) - len(credited)} payments were credited twice" for _ in [0] if len(notes) > len(credited))
    for payment_id, row in payments.items():
        back = row.get("refund_amount")
        if (back is None) != (row["state"] == "applied") or not 0 <= (back or 0) <= max(0, row["amount"]):
            yield f"of payment {payment_id}, which is {row['state']}, {back} of {row['amount']} go back"
        if (payment_id in due) != (row["state"] in ("refund_due", "refunding") and back != 0):
            yield f"payment {payment_id} is {row['state']}, and so is not what is due"
        if credited[row["payment_reference"]] != (back if _bought(row) and back is not None else 0):
            yield f"of payment {payment_id} {back} go back, and {credited[row['payment_reference']]} are credited"
    yield from (f"refund {one} is of nothing" for one in sorted((due | failed) - payments.keys()))
    for payment_id in failed & payments.keys():
        if payments[payment_id]["state"] != "refund_failed":
            yield f"payment {payment_id} is {payments[payment_id]['state']}, and its refund has failed"
    for (_, sort_id), order in stored.of("Order").items():
        payment = payments.get(order.get("paid_with", ""), {})
        if order.get("refund_amount") != (payment.get("refund_amount")):
            yield f"order {sort_id} says that {order.get('refund_amount')} went back, and its payment does not"
        if (order["state"] in ("refunded", "charged_back")) != ("credit_note_number" in order):
            yield f"order {sort_id} is {order['state']}, and so is not its credit note"


@invariant
def paid_means_one_invoice(stored: Stored) -> Found:
    orders = stored.of("Order").values()
    invoices = {number: row for (_, number), row in stored.of("Invoice").items() if "corrects" not in row}
    by_reference = Counter(row["payment_reference"] for row in invoices.values())
    yield from (f"payment {one} has {count} invoices" for one, count in by_reference.items() if count > 1)
    for order in orders:
        number = order.get("invoice_number")
        if not _is_bought(order):
            if number is not None or order["amount"] or order["state"] != "paid":
                yield f"order {order['sk']} is of the free plan, and {order['state']} with {number}"
            continue
        is_paid = order["state"] in PAID
        if is_paid != (by_reference[_reference(order, stored)] == 1):
            yield f"order {order['sk']} is {order['state']}, and so is not its invoice"
        elif not is_paid and number is not None:
            yield f"order {order['sk']} is {order['state']} and has a number"
        elif is_paid and not _agree(order, invoices.get(number), _reference(order, stored)):
            yield f"order {order['sk']} and invoice {number} disagree"


def _agree(order: Row, invoice: Row | None, reference: str) -> bool:
    said = ("plan_id", "amount", "currency", "payment_method")
    same = invoice is not None and all(order[name] == invoice[name] for name in said)
    return same and invoice is not None and invoice["payment_reference"] == reference


@invariant
def invoices_are_numbered_without_a_gap(stored: Stored) -> Found:
    last = {counter_id: row["last"] for (_, counter_id), row in stored.of("InvoiceCounter").items()}
    numbers = {number for _, number in stored.of("Invoice")}
    years = {int(year) for one in {*numbers, *last} for year in re.findall(r"(?<![0-9])20[0-9]{2}(?![0-9])", one)[:1]}
    wanted = {
        invoice_series.number_of(series, year, n, region)
        for series in get_args(invoice_series.Series)
        for year in years
        for region in {"", settings.invoice_region}
        for n in range(1, last.get(invoice_series.counter_id(series, year, region), 0) + 1)
    }
    yield from (f"{number} is missing" for number in sorted(wanted - numbers))
    yield from (f"{number} was never counted" for number in sorted(numbers - wanted))


@invariant
def plan_time_granted_is_plan_time_paid(stored: Stored) -> Found:
    """Of each order that was paid the time lies somewhere, wherever it was moved: never more than was paid, and no less
    unless another plan took its place, it was handed over, or a device went with it."""
    ledgers = {account_id + own: ledger_of(row) for (account_id, own), row in stored.of("Ownership").items()}
    orders = {(keys.id_of(row["pk"]) + keys.id_of(row["sk"])): row for row in stored.of("Order").values()}
    had: Counter[str] = Counter()
    for device_id, ledger in ledgers.items():
        for one in ledger.grants:
            had[one.source] += granted_s(ledger, one)
            if one.source_kind in ("order", "free") and not _is_of_order(one, orders, device_id):
                yield f"device {device_id} has what nobody paid: {one.text}"
    changed = {row["device_id"] for row in orders.values() if row["state"] in PAID and "credit_of" in row}
    moved = {device_id for device_id, ledger in ledgers.items() if any(one.mark == "moved" for one in ledger.grants)}
    for order_id, row in orders.items():
        if not row["device_id"].startswith(keys.id_of(row["pk"])):
            yield f"order {order_id} is for a device that is not its buyer's"
        source = plan_rules.source_of("order" if _is_bought(row) else "free", order_id)
        if row["state"] != "paid" or row["device_id"] not in ledgers:
            continue
        wanted_s = row["period_days"] * 86_400
        if had[source] > wanted_s:
            yield f"order {order_id} was granted {had[source]} seconds of {wanted_s}"
        if had[source] < wanted_s and not changed and not moved:
            yield f"order {order_id} was paid, and granted {had[source]} seconds of {wanted_s}"


@invariant
def what_was_given_back_or_charged_back_runs_nowhere(stored: Stored) -> Found:
    """Whoever has it, and whatever it was credited for."""
    left = [one for row in stored.of("Ownership").values() for one in ledger_of(row).left_at(clock.now_s())]
    live = {one.source for one in left}
    credited = {each.source for one in left for each in one.credits}
    for (account_id, sort_id), row in stored.of("Order").items():
        source = plan_rules.source_of("order", account_id + sort_id)
        if row["state"] == "charged_back" and row["refund_amount"] < row["amount"]:
            continue  # the bank took a part, and the rest was paid
        if row["state"] in ("refunded", "charged_back") and live & {source, handed.renamed(source)}:
            yield f"order {sort_id} is {row['state']}, and its plan runs"
        if row["state"] == "charged_back" and credited & {source, handed.renamed(source)}:
            yield f"order {sort_id} is {row['state']}, and what it was credited for runs as if it were not"


@invariant
def what_was_handed_over_is_found_with_who_has_it(stored: Stored) -> Found:
    """Who has it knows the row that names him, and nobody else's; so it ends with his account."""
    named = {hashed: row["account_id"] for (hashed, _), row in stored.of("HandedPlan").items()}
    known = {(account_id, hashed) for account_id, hashed in stored.of("ReceivedPlan")}
    for account_id, hashed in known ^ {(account_id, hashed) for hashed, account_id in named.items()}:
        yield f"plan {hashed} of account {account_id} is named by one of two rows"


def _is_bought(order: Row) -> bool:
    return order["plan_id"] != "free"


def _is_of_order(one: plan_rules.Grant, orders: dict[str, Row], device_id: str) -> bool:
    order_id = one.source.partition(":")[2]
    order = orders.get(order_id)
    return (
        order is not None
        and order["state"] in PAID
        and order_id.startswith(ids.parent_of(device_id))
        and one.plan_id == order["plan_id"]
    )


@invariant
def a_plan_has_one_holder_at_every_instant(stored: Stored) -> Found:
    live: dict[str, str] = {}
    for (account_id, own), row in stored.of("Ownership").items():
        ledger = ledger_of(row)
        if any(one.until > other.begins for one, other in pairwise(ledger.grants)):
            yield f"device {own} has two plans at once"
        for one in ledger.left_at(clock.now_s()):
            if live.setdefault(one.source, account_id + own) != account_id + own:
                yield f"{one.source} is had by two devices"


@invariant
def a_year_has_thirty_days_of_pauses(stored: Stored) -> Found:
    for (_, own), row in stored.of("Ownership").items():
        for one in ledger_of(row).own_pauses:
            year = one.until - plan_changes.YEAR_S
            if sum(each.overlap_s(year, one.until) for each in ledger_of(row).own_pauses) > plan_changes.MOST_PAUSED_S:
                yield f"device {own} was paused for too long"


@invariant
def the_free_plan_is_of_one_device(stored: Stored) -> Found:
    """The account's row says which, for as long as it is not over."""
    now, found = clock.now_s(), {}
    for (account_id, own), row in stored.of("Ownership").items():
        until = plan_changes.free_until(ledger_of(row), now)
        if until is not None:
            if account_id in found:
                yield f"account {account_id} has the free plan twice"
            found[account_id] = (account_id + own, until)
    said = {where[0]: (row["device_id"], row["until"]) for where, row in stored.of("FreePlan").items()}
    for account_id in found.keys() | {one for one, (_, until) in said.items() if until > now}:
        if found.get(account_id) != said.get(account_id):
            yield f"account {account_id} has the free plan {found.get(account_id)}, and says {said.get(account_id)}"


@invariant
def the_end_of_a_plan_is_found_by_its_day(stored: Stored) -> Found:
    """Of each ledger one row says when all is over, as long as it is not, and none is of anything else."""
    ends, wanted = stored.of("PlanEnd"), {}
    for (account_id, own), row in stored.of("Ownership").items():
        ends_at = plan_rules.ends_at(ledger_of(row))
        if ends_at is None:
            if "plan_end" in row:
                yield f"device {account_id + own} has no plan, and its end is {row['plan_end']}"
            continue
        where = f"{clock.at_epoch(ends_at):%Y%m%d}", account_id + own
        wanted[where] = ends_at
        if row.get("plan_end") != keys.written(PlanEnd.key(*where)):
            yield f"device {where[1]} says that its plan's end is {row.get('plan_end')}"
    for where in ends.keys() | {one for one, ends_at in wanted.items() if ends_at > clock.now_s()}:
        if where not in ends or ends[where]["ends_at"] != wanted.get(where):
            yield f"the end of a plan {where} is {ends.get(where)}"


@invariant
def the_next_warning_of_a_plan_is_found_by_its_second(stored: Stored) -> Found:
    """Each ledger names one row, which is the next, and none is of anything else."""
    now, named = clock.now_s(), set()
    rows = {keys.written(PlanWarning.key(*where)) for where in stored.of("PlanWarning")}
    for (account_id, own), row in stored.of("Ownership").items():
        pointer = row.get("plan_warning")
        following = plan_warnings.next_warning(ledger_of(row), now, renews="plan_renewal" in row)
        named.add(pointer)
        if following is not None and pointer is None and _is_new_form(row):
            yield f"device {account_id + own} is warned of nothing, and ends"
        if pointer is not None and pointer not in rows:
            yield f"device {account_id + own} names a warning that is not there"
        due_at = None if pointer is None else PlanWarning.due_at_of(pointer)
        if due_at is not None and due_at > now and (following is None or following.at != due_at):
            yield f"device {account_id + own} is warned at {due_at}, and {following} is next"
    yield from (f"warning {one} is of nothing" for one in sorted(rows - named))


def _is_new_form(row: Row) -> bool:
    return all(len(text.split(" ")) > 7 for text in row.get("plan_grants", ()))


@invariant
def a_renewal_is_found_by_its_second_and_has_the_end_of_its_ledger(stored: Stored) -> Found:
    """Each ledger that renews by itself names one row, and none is of anything else."""
    rows, named = {keys.written(PlanRenewal.key(*where)) for where in stored.of("PlanRenewal")}, set()
    for (account_id, own), row in stored.of("Ownership").items():
        pointer, text = row.get("plan_renewal_due"), row.get("plan_renewal")
        if (pointer is None) != (text is None):
            yield f"device {account_id + own} renews by {text}, and is found by {pointer}"
        if text is None:
            continue
        renewal, named = Renewal.of(text), named | {pointer}
        where = f"{clock.at_epoch(renewal.at):%Y%m%d}", f"{renewal.at:012d}.{account_id + own}"
        if pointer != keys.written(PlanRenewal.key(*where)) or pointer not in rows:
            yield f"device {account_id + own} renews at {renewal.at}, and is found by {pointer}"
        if max((one.until for one in ledger_of(row).grants), default=None) != renewal.ends_at:
            yield f"device {account_id + own} renews at an end that is another"
    yield from (f"renewal {one} is of nothing" for one in sorted(rows - named))


@invariant
def a_card_is_saved_as_long_as_something_renews(stored: Stored) -> Found:
    """And no longer, once everybody has heard of its end."""
    renewing = {where[0] for where, row in stored.of("Ownership").items() if "plan_renewal" in row}
    saved = {where[0] for where in stored.of("SavedCard")}
    leaving = {where[0] for where in stored.of("RenewalEnded")}
    living = {where[0] for where in stored.of("Account")}
    yield from (f"account {one} renews without a card" for one in sorted((renewing - saved) & living))
    yield from (f"account {one} has a card for nothing" for one in sorted(((saved - renewing) & living) - leaving))
