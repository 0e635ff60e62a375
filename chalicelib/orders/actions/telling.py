"""Mails about orders: that one is paid, or that money is owed back."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.contacts.actions import addresses
from chalicelib.orders.records import Order, Payment
from chalicelib.outbox.actions import messages
from chalicelib.plans.actions import ledgers as plans
from chalicelib.store.commit import Write, change, check, commit
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead


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


def _price(of: Order | Payment) -> str:
    return f"{int(of.amount) / 100:.2f} {of.currency}"


def _plan_name(order: Order, language: str) -> str:
    return plans.sold(order.plan_id, order.catalogue_version).name_in(language)
