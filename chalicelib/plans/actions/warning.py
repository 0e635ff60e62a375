"""Warnings of the end of plans, by push and mail, each once: what is due is found by its day and second (B12)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.outbox.actions import messages
from chalicelib.plans.actions import ledgers
from chalicelib.plans.records import PlanWarning
from chalicelib.plans.rules import catalogue, renewals, warnings
from chalicelib.plans.rules.catalogue import money_text
from chalicelib.plans.rules.ledger import GRACE_S, Ledger
from chalicelib.plans.rules.renewals import Renewal
from chalicelib.plans.rules.warnings import EndWarning
from chalicelib.push.actions import notifying as push
from chalicelib.push.actions import recipients
from chalicelib.store import keys
from chalicelib.store.commit import Write, commit, remove
from chalicelib.store.passes import run_pass
from chalicelib.store.records import read_all
from chalicelib.store.retrying import NothingToDo, retrying

# Of the 300 seconds that the job may take.
BUDGET_S = 240


def warn_of_plan_ends() -> int:
    """Tell the owners of all that is due; how many were told. What there is no time for is for the next run."""
    due = ledgers.due(PlanWarning, clock.now_s())
    return run_pass(due, lambda row: retrying(partial(_warn, row)), budget_s=BUDGET_S)


def _warn(row: PlanWarning) -> bool:
    """Whether something was to be said. Raises StaleRead, NothingToDo."""
    device_id, now = row.device_id, clock.now_s()
    owner_id = access.owner_of(device_id)
    found = read_all((*access.keys_of(device_id), *accounts.keys_of(owner_id)))
    device, held = access.decrypted(found, device_id), found[ledgers.key_of(device_id)]
    owner = accounts.living_among(found, [owner_id]).get(owner_id)
    if device is None or owner is None or held is None or held.plan_warning != keys.written(row.own_key):
        commit(remove(row))
        return False
    ledger, renewal = ledgers.ledger_of(held), ledgers.renewal_of(held)
    said = warnings.due_warning(ledger, EndWarning(row.due_at, row.subject), now, renews=renewal is not None)
    if renewal is not None and said is not None and said.subject == "renews_in_days":
        renewal = renewals.told_anew(renewal)
    if said is not None:
        _push(device_id, said)
    commit(
        *ledgers.warned(held, row, renewal, now),
        *access.require_alive(device_id, otherwise=NothingToDo),
        *(() if said is None else (_mail(owner, device, ledger, said, renewal),)),
    )
    return said is not None


def told_at_once(
    owner: Account, device: Device, ledger: Ledger, renewal: Renewal, now: int
) -> tuple[Write, ...]:
    """A mail that says price and date of a renewal that begins when no warning comes any more that would say them."""
    if warnings.is_time_to_tell(renewal.ends_at, now):
        return ()
    return (_mail(owner, device, ledger, EndWarning(now, "renews_in_days"), renewal),)


def _push(device_id: str, said: EndWarning) -> None:
    """Before the commit: one too many beats one too few."""
    targets = recipients.of_device(device_id)
    push.notify_of_plan([] if targets is None else targets.of_owner, device_id, said.subject)


def _mail(owner: Account, device: Device, ledger: Ledger, said: EndWarning, renewal: Renewal | None) -> Write:
    last, local = ledger.grants[-1], access.days_of(device)
    plan = catalogue.offer_of(last.plan_id, last.version).name_in(owner.language)
    until, gone = clock.at_epoch(last.until), clock.at_epoch(last.until) + timedelta(seconds=GRACE_S)
    return messages.write(
        owner,
        "plans/mail/warning",
        # That money will be taken has to be said before.
        may_be_withheld=said.subject != "renews_in_days",
        subject=said.subject,
        device=device.name,
        plan=plan,
        until=local.date_of(until).isoformat(),
        gone=local.date_of(gone).isoformat(),
        is_free=last.is_free,
        renews_on=None if renewal is None else local.date_of(clock.at_epoch(renewal.at)).isoformat(),
        price=None if renewal is None else money_text(renewal.price, renewal.currency),
    )
