"""Renewal of plans by themselves: the next period is ordered, paid by the saved card, and tried again where that fails
(B13)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device, Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.errors import Unavailable
from chalicelib.instants import ms_of
from chalicelib.orders import rules
from chalicelib.orders.actions import cards, reading, telling, webhooks
from chalicelib.orders.records import Order, SavedCard
from chalicelib.payments import actions as payments
from chalicelib.payments.shapes import Charge, Declined
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions.ledgers import Renewal
from chalicelib.plans.records import PlanRenewal
from chalicelib.push.actions import notifying as push
from chalicelib.push.actions import recipients
from chalicelib.store import keys
from chalicelib.store.commit import change, check, commit, create, remove
from chalicelib.store.passes import run_pass
from chalicelib.store.records import read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

# Of the 300 seconds that the job may take.
BUDGET_S = 240


@dataclass(frozen=True)
class _Due:
    """A plan whose next period is to be paid now."""

    device: Device
    owner: Account
    held: Ownership
    renewal: Renewal
    card: SavedCard | None


def renew_plans() -> int:
    """Renew what is due, and ask providers once more to delete customers whom nobody needs; how many have changed. One
    that fails keeps no other waiting."""
    turns = chain(
        (partial(retrying, partial(_renew, row)) for row in plans.due(PlanRenewal, clock.now_s())),
        (partial(cards.forget, row.sort_id) for row in cards.all_due()),
    )
    return run_pass(turns, lambda turn: turn(), budget_s=BUDGET_S)


def _renew(row: PlanRenewal) -> bool:
    """Whether something came of it. Raises StaleRead, NothingToDo."""
    due = _read(row)
    if due is None:
        commit(remove(row))
        return False
    now = clock.now_s()
    if now >= due.renewal.over_at:
        return _fail(due, None, "too_late", now)
    order = _order_of(due, now)
    if order is None:
        return False
    if due.card is None:
        return _fail(due, order, "card_gone", now)
    try:
        outcome = payments.charge(due.card.provider, _charge(due, order, due.card))
    except payments.ProviderUnknown:
        return _fail(due, order, "card_gone", now)
    except Unavailable:
        if now < due.renewal.at + rules.ANSWERS_WITHIN_S:
            return False  # the same attempt is asked for again
        return _fail(due, order, "unavailable", now)
    if isinstance(outcome, Declined):
        return _fail(due, order, outcome.reason, now)
    # As the provider's webhook tells of it, too.
    return webhooks.applied(due.card.provider, outcome)


def _read(row: PlanRenewal) -> _Due | None:
    """None where the device, its owner or its renewal is gone, or due at another time."""
    device_id = row.device_id
    owner_id = access.owner_of(device_id)
    saved = SavedCard.key(owner_id)
    found = read_all((*access.keys_of(device_id), *accounts.keys_of(owner_id), saved))
    device, held = access.decrypted(found, device_id), found[plans.key_of(device_id)]
    owner, renewal = accounts.living_among(found, [owner_id]).get(owner_id), plans.renewal_of(held)
    is_it = held is not None and held.plan_renewal_due == keys.written(row.own_key)
    if device is None or owner is None or held is None or renewal is None or not is_it:
        return None
    return _Due(device, owner, held, renewal, found[saved])


def _charge(due: _Due, order: Order, card: SavedCard) -> Charge:
    attempt, amount = due.renewal.failed + 1, int(order.amount)
    return Charge(reading.id_of(order), attempt, amount, order.currency, cards.card_of(card))


# The order of a period


def _order_of(due: _Due, now: int) -> Order | None:
    """The order of the period that is due, made now unless there is one; None where its money went back, after which
    the period is paid under another name. Raises NothingToDo where it is paid."""
    held, renewal = due.held, due.renewal
    last = plans.ledger_of(held).grants[-1]
    sort_id = _sort_id(held.device_id, renewal)
    former = Order.key(held.pk_id, last.source.partition(":")[2].removeprefix(held.pk_id))
    key = Order.key(held.pk_id, sort_id)
    found = read_all((key, former))
    before: Order | None = found[key]
    if before is None:
        return _ordered(due, sort_id, found[former], now)
    if before.state == "paid":
        raise NothingToDo
    if before.state in rules.OVER:
        anew = plans.renewal_said_anew(renewal, now)
        commit(*plans.renewal_set(held, anew, now), *access.require_alive(held.device_id, otherwise=NothingToDo))
        return None
    return before


def _sort_id(device_id: str, renewal: Renewal) -> str:
    """The same for a period of a device, whoever orders it, and how often."""
    stamp = ms_of(clock.at_epoch(renewal.due_from))
    return f"{stamp:012x}{reading.renewal_name(device_id, renewal)[:16]}"


def _ordered(due: _Due, sort_id: str, former: Order | None, now: int) -> Order:
    """At the price that was told, and with the buyer of the order before. Raises NothingToDo if the device is gone."""
    held, renewal, offer = due.held, due.renewal, due.renewal.offer
    named = None if former is None else former.decrypted_with(due.owner.cipher).invoice_to
    order = Order.new(
        held.pk_id,
        sort_id,
        cipher=due.owner.cipher,
        plan_id=offer.plan_id,
        catalogue_version=offer.version,
        kind=offer.kind,
        keep_days=offer.keep_days,
        period_days=offer.period_days,
        device_id=held.device_id,
        stock_id=due.device.stock_id,
        amount=renewal.price,
        currency=renewal.currency,
        payment_method="card",
        ordered_at=now,
        state="open",
        renewal=reading.renewal_name(held.device_id, renewal),
        invoice_to=named,
    )
    commit(
        create(order, otherwise=StaleRead),
        check(held, Ownership.plan_renewal == held.plan_renewal, otherwise=StaleRead),
        *access.require_alive(held.device_id, otherwise=NothingToDo),
    )
    return order


# What fails


def _fail(due: _Due, order: Order | None, reason: telling.FailureReason, now: int) -> bool:
    """It is tried again, or that was the last time; its owner is told by push and mail. Raises StaleRead,
    NothingToDo."""
    following = None if reason == "too_late" else plans.renewal_failed(due.renewal, now)
    device_id = due.held.device_id
    # Before the commit: one too many beats one too few.
    targets = recipients.of_device(device_id)
    push.notify_of_plan([] if targets is None else targets.of_owner, device_id, "renewal_failed")
    over = "refused" if following is not None else "expired"
    # The one that is not to be paid any more: what comes for it all the same goes back.
    noted = () if order is None else (change(order, when=Order.state == order.state, otherwise=StaleRead, state=over),)
    commit(
        *plans.renewal_set(due.held, following, now),
        *noted,
        telling.notice_of_failed_renewal(due.owner, due.device, due.renewal, following, reason),
        *access.require_alive(device_id, otherwise=NothingToDo),
    )
    return True
