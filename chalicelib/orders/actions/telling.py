"""Mails about orders: that one is paid, disputed, or that money goes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.contacts.actions import addresses
from chalicelib.orders.records import Order, Payment
from chalicelib.outbox.actions import messages
from chalicelib.payments.shapes import DeclineReason, DisputeOutcome
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions.ledgers import Renewal, money_text
from chalicelib.settings import settings
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, check, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead

# Beside what a provider says: it did not answer, or nobody tried in time.
FailureReason = DeclineReason | Literal["unavailable", "too_late"]


def confirm_by_mail(account_id: str, sort_id: str) -> None:
    """Tell the person that the order is paid, when its stream reports it; delivered again, the mail is not sent
    again."""
    order, account, key = read(Order.key(account_id, sort_id), *accounts.keys_of(account_id))
    if order is None or account is None or key is None or order.state != "paid" or order.confirmed_at is not None:
        return
    account.decrypted_with(key.unlocked())
    addresses.notify(
        account,
        "orders/mail/paid",
        plan=_plan_name(order, account.language),
        price=_price(order),
        invoice_number=order.invoice_number,
    )
    commit(change(order, confirmed_at=clock.now_s()))


def notices_of_refund(order: Order, payment: Payment) -> tuple[Write, ...]:
    """A mail to the buyer, if he has an account still."""
    account, key = read(*accounts.keys_of(order.pk_id))
    if account is None or key is None:
        return ()
    notice = messages.write(
        account.decrypted_with(key.unlocked()),
        "orders/mail/refund_due",
        reason=payment.reason,
        plan=_plan_name(order, account.language),
        price=_price(payment),
        reference=payment.payment_reference,
    )
    return notice, check(account.own_key, type(account).pk.exists(), otherwise=StaleRead)


def notices_of_failed_refund(order: Order | None, payment: Payment) -> tuple[Write, ...]:
    """A mail to the buyer, if he has an account still: what did not reach him, and whom he may ask."""
    if order is None:
        return ()
    account, key = read(*accounts.keys_of(order.pk_id))
    if account is None or key is None:
        return ()
    notice = messages.write(
        account.decrypted_with(key.unlocked()),
        "orders/mail/refund_failed",
        amount=money_text(int(payment.refund_amount), payment.currency),
        plan=_plan_name(order, account.language),
        reference=payment.payment_reference,
        contact=settings.operator["contact"],
    )
    return notice, check(account.own_key, type(account).pk.exists(), otherwise=StaleRead)


def notice_of_refund(account: Account, order: Order) -> Write:
    """A mail that what was left of the plan goes back, and by which credit note; the order is as it is then."""
    return messages.write(
        account,
        "orders/mail/refunded",
        plan=_plan_name(order, account.language),
        amount=money_text(int(order.refund_amount), order.currency),
        credit_note_number=order.credit_note_number,
    )


def notice_of_failed_renewal(
    account: Account, device: Device, renewal: Renewal, following: Renewal | None, reason: FailureReason
) -> Write:
    """A mail that the next period could not be paid, why, and when it is tried again, if it is."""
    local = access.days_of(device)
    return messages.write(
        account,
        "orders/mail/renewal_failed",
        reason=reason,
        device=device.name,
        plan=renewal.offer.name_in(account.language),
        price=money_text(renewal.price, renewal.currency),
        ends_on=local.date_of(clock.at_epoch(renewal.ends_at)).isoformat(),
        again_on=None if following is None else local.date_of(clock.at_epoch(following.at)).isoformat(),
    )


@dataclass(frozen=True)
class Buyer:
    """An account as it was just read, and its data key."""

    account: Account
    key: DataKey


def notices_of_dispute(order: Order, buyer: Buyer, outcome: DisputeOutcome, lost: int) -> tuple[Write, ...]:
    """A mail to the buyer: what was bought stands still, runs again, or has ended, as far as the bank took its price
    back."""
    account = buyer.account
    account.decrypted_with(buyer.key.unlocked())
    name, price = _plan_name(order, account.language), _price(order)
    part = money_text(lost, order.currency) if lost < int(order.amount) else None
    notice = messages.write(account, "orders/mail/disputed", outcome=outcome, plan=name, price=price, part=part)
    return notice, check(account.own_key, type(account).pk.exists(), otherwise=StaleRead)


def notices_to_holder(account_id: str, plan: plans.Grant, outcome: DisputeOutcome) -> tuple[Write, ...]:
    """The same to whom it was handed over, without a word of who paid."""
    account, key = read(*accounts.keys_of(account_id))
    if account is None or key is None:
        return ()
    account.decrypted_with(key.unlocked())
    name, contact = plans.sold(plan.plan_id, plan.version).name_in(account.language), settings.operator["contact"]
    notice = messages.write(account, "orders/mail/handed_disputed", outcome=outcome, plan=name, contact=contact)
    return notice, check(account.own_key, type(account).pk.exists(), otherwise=StaleRead)


def _price(of: Order | Payment) -> str:
    return money_text(int(of.amount), of.currency)


def _plan_name(order: Order, language: str) -> str:
    return plans.sold(order.plan_id, order.catalogue_version).name_in(language)
