"""Customers at payment providers whose account is erased: the provider deletes them with their cards, and the receipt
says so (B13, B17)."""

from __future__ import annotations

from contextlib import suppress

from chalicelib import clock
from chalicelib.accounts.records import Account
from chalicelib.errors import Unavailable
from chalicelib.orders.actions import cards
from chalicelib.payments import actions as payments
from chalicelib.privacy.records import ErasedCustomer
from chalicelib.store import crypto, keys
from chalicelib.store.commit import change, commit, create
from chalicelib.store.retrying import NothingToDo


class CustomersOpen(RuntimeError):
    """All data of an account is gone, and a payment provider does not delete its customer: it is asked again."""


def keep(hashed_id: str, subject: str) -> None:
    """Before the row is deleted that names him: note the customer, and ask the provider at once. Repeated, it finds
    what was noted before."""
    if keys.kind_of(subject) != Account.pk_prefix:
        return
    saved = cards.saved_of(keys.id_of(subject))
    if saved is None:
        return
    name, customer = saved.provider, saved.customer
    row = ErasedCustomer.new(hashed_id, crypto.plain_hash(f"{name} {customer}"), provider=name, customer=customer)
    with suppress(NothingToDo):  # it was noted before
        commit(create(row, otherwise=NothingToDo))
        with suppress(Unavailable):
            _delete(row)


def delete_all(hashed_id: str) -> None:
    """Ask for all that is open still. Raises CustomersOpen."""
    for row in ErasedCustomer.list_of(hashed_id).items:
        if row.gone_at is None:
            try:
                _delete(row)
            except Unavailable as cause:
                raise CustomersOpen from cause


def _delete(row: ErasedCustomer) -> None:
    payments.forget_customer(row.provider, row.customer)
    commit(change(row, customer=None, gone_at=clock.now_s()))


def receipt_lines(hashed_id: str) -> list[dict[str, str]]:
    """The lines of a receipt about what providers deleted, and what they have to keep."""
    return [
        {
            "provider": row.provider,
            "deleted": "the customer and the saved card",
            "deleted_at": clock.rfc3339(clock.at_epoch(row.gone_at)),
            "kept": "the payments",
            "why": "the provider's own duties: accounting, and the law against money laundering",
        }
        for row in ErasedCustomer.list_of(hashed_id).items
        if row.gone_at is not None
    ]
