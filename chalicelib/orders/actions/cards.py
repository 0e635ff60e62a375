"""Saved cards: kept while a plan of the account renews by itself, and deleted at their provider when none does
(B13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from chalicelib import clock
from chalicelib.access.records import Ownership
from chalicelib.errors import Unavailable
from chalicelib.orders.records import DueCustomer, SavedCard
from chalicelib.payments import actions as payments
from chalicelib.payments.shapes import Card
from chalicelib.plans.records import RenewalEnded
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, put, remove
from chalicelib.store.records import read
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

_PAGE = 100
_LATE_S = 24 * 60 * 60


class CustomerLate(RuntimeError):
    """A provider has not deleted a customer for a day: somebody has to look."""


def card_of(saved: SavedCard) -> Card:
    return Card(saved.customer, saved.payment_method)


def saved_of(account_id: str) -> SavedCard | None:
    (found,) = read(SavedCard.key(account_id))
    saved: SavedCard | None = found
    return saved


def kept(account_id: str, before: SavedCard | None, name: str, card: Card) -> tuple[Write, ...]:
    """Writes after which the account's plans renew by this card, and the one before is forgotten. On commit they raise
    StaleRead where that is another by now."""
    now = clock.now_s()
    row = SavedCard.new(
        account_id, provider=name, customer=card.customer, payment_method=card.payment_method, saved_at=now
    )
    is_same = SavedCard.pk.does_not_exist() if before is None else _as_read(before)
    forgotten = () if before is None or before.customer == card.customer else (due(before.provider, before.customer),)
    return put(row, when=is_same, otherwise=StaleRead), *forgotten


def used(saved: SavedCard) -> Write:
    """A write by which another plan renews by this card, unless that is about to go. Raises StaleRead on commit."""
    return change(saved, SavedCard.uses.add(1), when=SavedCard.customer == saved.customer, otherwise=StaleRead)


def _as_read(saved: SavedCard) -> Condition:
    same: Condition = SavedCard.customer == saved.customer
    same &= SavedCard.uses == saved.uses
    return same


def let_go(account_id: str, sort_id: str) -> bool:
    """Forget the account's card if none of its plans renews any more; whether it did."""
    return retrying(partial(_let_go, account_id, sort_id))


def _let_go(account_id: str, sort_id: str) -> bool:
    ended, saved = read(RenewalEnded.key(account_id, sort_id), SavedCard.key(account_id))
    if ended is None:
        return False
    # A query reads one device after the other: what moves at that moment may be on none that it reads.
    is_used = _is_any_renewed(account_id) or _is_any_renewed(account_id)
    # What ended here once more is another word of it, and looked at for itself.
    heard = remove(ended, when=RenewalEnded.commit_id == ended.commit_id, otherwise=NothingToDo)
    with suppress(NothingToDo):
        if saved is None or is_used:
            commit(heard)
            return False
        gone = remove(saved, when=_as_read(saved), otherwise=StaleRead)
        commit(heard, gone, due(saved.provider, saved.customer))
        return True
    return False


def _is_any_renewed(account_id: str) -> bool:
    return any(one.plan_renewal is not None for one in Ownership.all_of(account_id, page_size=_PAGE))


# At the provider


def due(name: str, customer: str) -> Write:
    """A write after which the provider is asked to delete this customer until he is gone."""
    row = DueCustomer.new("", crypto.plain_hash(f"{name} {customer}"), provider=name, customer=customer)
    row.assign(since=clock.now_s())
    return put(row)


def forget(sort_id: str) -> bool:
    """Ask the provider to delete a customer; whether he is gone. Where it does not answer, the clock asks again. Raises
    CustomerLate where it has not for a day."""
    (row,) = read(DueCustomer.key("", sort_id))
    if row is None:
        return False
    try:
        payments.forget_customer(row.provider, row.customer)
    except Unavailable as cause:
        if clock.now_s() > row.since + _LATE_S:
            raise CustomerLate from cause
        return False
    commit(remove(row))
    return True


def all_due() -> Iterator[DueCustomer]:
    return DueCustomer.all_of("", page_size=_PAGE)
