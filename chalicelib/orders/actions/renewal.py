"""Switching renewal on and off: on by a card that is saved, which goes when nothing renews any more (B13)."""

from __future__ import annotations

from functools import partial
from typing import cast, get_args

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Ownership
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.entry.callers import Caller
from chalicelib.errors import Conflict, NotFound, Unavailable
from chalicelib.orders import shapes
from chalicelib.orders.actions import cards
from chalicelib.orders.records import SavedCard, TakenEvent
from chalicelib.payments.actions import open_card_setup
from chalicelib.payments.shapes import CardSaved, CardSetup
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.actions import warning
from chalicelib.plans.shapes import Currency, DevicePlan
from chalicelib.store import crypto
from chalicelib.store.commit import Write, commit, commit_and_answer, create
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying_from

# For so long a customer is known who was saved once: what is told again makes no renewal of one that ended since.
_KNOWN_S = 30 * 24 * 60 * 60


class CardMissing(Conflict):
    """`card_url` is the page on which a card is saved, after which the plan renews by itself; null where the payment
    provider does not answer."""


def set_renewal(caller: Caller, device: DeviceAccess, body: shapes.SetRenewal) -> DevicePlan:
    """Renew the device's plan by itself from now on, or no more; the plan as it is then. Raises NothingToRenew,
    CardMissing."""

    def read_again(mine: DeviceAccess) -> DeviceAccess:
        return access.read_again(caller.account_id, mine, "owner")

    return retrying_from(device, partial(_switch_on if body.on else _switch_off, caller, body), read_again)


def _switch_on(caller: Caller, body: shapes.SetRenewal, mine: DeviceAccess) -> DevicePlan:
    held, now = _held(mine), clock.now_s()
    renewal = plans.renewal_begun(held, body.currency, now)
    before = plans.renewal_of(held)
    if before is not None and before.currency == renewal.currency:
        return commit_and_answer(*_alive(held), answer=plans.described(held))
    (saved,) = read(SavedCard.key(held.pk_id))
    if saved is None:
        raise CardMissing(card_url=_page(caller, held, renewal.currency, now))
    writes = plans.renewal_set(held, renewal, now)
    act = access.record_act(caller, mine, "plan_renewal_on")
    return commit_and_answer(*writes, cards.used(saved), *_alive(held), act, answer=plans.described(held))


def _switch_off(caller: Caller, body: shapes.SetRenewal, mine: DeviceAccess) -> DevicePlan:
    held, now = _held(mine), clock.now_s()
    if plans.renewal_of(held) is None:
        return commit_and_answer(*_alive(held), answer=plans.described(held))
    writes = plans.renewal_set(held, None, now)
    act = access.record_act(caller, mine, "plan_renewal_off")
    return commit_and_answer(*writes, *_alive(held), act, answer=plans.described(held))


def _held(mine: DeviceAccess) -> Ownership:
    if mine.ownership is None:
        raise NotFound
    return mine.ownership


def _alive(held: Ownership) -> tuple[Write, Write]:
    return access.require_alive(held.device_id, otherwise=NotFound)


def _page(caller: Caller, held: Ownership, currency: str, now: int) -> str | None:
    try:
        return open_card_setup(CardSetup(held.device_id, currency, caller.account.language, now))
    except Unavailable:
        return None


# A card is saved without a payment


def begin_with(name: str, event: CardSaved) -> bool:
    """The device's plan renews from now on by the card that was saved for it; whether it does. A card for what is gone
    is forgotten at once. Raises StaleRead."""
    now, device_id = clock.now_s(), event.device_id
    owner_id = access.owner_of(device_id)
    taken = TakenEvent.new(crypto.plain_hash(f"{name} {event.card.customer}"), expires_at=now + _KNOWN_S)
    card_before = SavedCard.key(owner_id)
    found = read_all((taken.own_key, card_before, *access.keys_of(device_id), *accounts.keys_of(owner_id)))
    if found[taken.own_key] is not None:
        return False
    is_first = create(taken, otherwise=StaleRead)
    device, held = access.decrypted(found, device_id), found[plans.key_of(device_id)]
    owner = accounts.living_among(found, [owner_id]).get(owner_id)
    try:
        if device is None or held is None or owner is None or event.currency not in get_args(Currency):
            raise NothingToDo
        renewal = plans.renewal_begun(held, cast("Currency", event.currency), now)
        commit(
            is_first,
            *plans.renewal_set(held, renewal, now),
            *cards.kept(owner_id, found[card_before], name, event.card),
            # Who saved it saw no price, and may not have a week in which it would be told.
            *warning.told_at_once(owner, device, plans.ledger_of(held), renewal, now),
            *access.require_alive(device_id, otherwise=NothingToDo),
        )
    except (NothingToDo, plans.NothingToRenew):
        commit(is_first, cards.due(name, event.card.customer))
        return False
    return True
