"""Redeeming a gift card: the card is spent and the device has its plan in one commit (B13)."""

from __future__ import annotations

from functools import partial

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.devices.actions.guessing import throttle
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.gift_cards import shapes
from chalicelib.gift_cards.actions import batches, cards
from chalicelib.gift_cards.records import GiftCard, GiftCardBatch, GiftCardRedemption, GiftCardTries
from chalicelib.gift_cards.rules import GiftCardExpired, GiftCardRevoked, GiftCardSpent, GiftCardUnknown
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store.commit import Write, absent, commit, commit_and_answer, put
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import read, read_all
from chalicelib.store.retrying import NothingToDo, StaleRead, retrying
from chalicelib.store.throttle import Throttle


def redeem(caller: Caller, before: GiftCardTries | None, body: shapes.RedeemGiftCard) -> DevicePlan:
    """The device's plan as it is then. Raises TooManyTries, NotFound, RightMissing, GiftCardUnknown (which counts as a
    guess), GiftCardSpent, GiftCardExpired, GiftCardRevoked, TooManyPlansWait."""
    tries = throttle(GiftCardTries.new(caller.account_id), before)
    return retrying(partial(_redeem, caller, tries, body))


def _redeem(caller: Caller, tries: Throttle, body: shapes.RedeemGiftCard) -> DevicePlan:
    card_key = cards.key_of(body.code)
    redemption_key = GiftCardRedemption.key(caller.account_id, card_key.pk_id)
    found = read_all((*access.keys_of(body.device_id), card_key, redemption_key))
    device = access.admitted(caller.account_id, found, body.device_id, "owner")
    card = found[card_key]
    if not tries.guess(lambda: card is not None) or card is None:
        raise GiftCardUnknown
    if card.redeemed_at is not None:
        return _answer_again(device, found[redemption_key])
    return _spend(caller, tries, device, card)


def _answer_again(device: DeviceAccess, redemption: GiftCardRedemption | None) -> DevicePlan:
    """Who redeemed it for this very device lost the answer. Raises GiftCardSpent for anybody else."""
    if redemption is None:
        raise GiftCardSpent
    if redemption.device_id != device.device.pk_id:
        raise GiftCardSpent(device_id=redemption.device_id)
    alive = access.require_alive(device.device.pk_id, otherwise=NotFound("device"))
    return commit_and_answer(*alive, answer=plans.described(device.ownership))


def _spend(caller: Caller, tries: Throttle, device: DeviceAccess, card: GiftCard) -> DevicePlan:
    (batch,) = read(batches.key_of(card.batch_id))
    now, held, device_id = clock.now_s(), device.ownership, device.device.pk_id
    terms = _terms_now(batch, now)
    if held is None:
        raise NotFound("device")
    plans.require_few_left(held, now)
    redemption = _redemption(GiftCardRedemption.key(caller.account_id, card.pk_id), terms, device_id, now)
    return commit_and_answer(
        *cards.spend(card, now, otherwise=StaleRead),
        put(redemption, when=absent(GiftCardRedemption), otherwise=StaleRead),
        *plans.grant(held, plans.given(terms, card.pk_id, now), now),
        *access.require_alive(device_id, otherwise=NotFound("device")),
        access.record_act(caller, device, "gift_card_redeemed"),
        tries.unchanged(),
        answer=plans.described(held),
    )


def _terms_now(batch: GiftCardBatch | None, now: int) -> plans.Terms:
    """Raises GiftCardUnknown of a batch that nobody was told the codes of, GiftCardRevoked, GiftCardExpired."""
    if batch is None or batch.issued_at is None:
        raise GiftCardUnknown
    if batch.revoked_at is not None:
        raise GiftCardRevoked
    if now >= batch.ends_at:
        raise GiftCardExpired(last_day=batch.last_day)
    return batches.terms_of(batch)


def _redemption(
    where: Key[GiftCardRedemption], terms: plans.Terms, device_id: str, at: int
) -> GiftCardRedemption:
    return GiftCardRedemption.new(
        where.pk_id,
        where.sort_id,
        plan_id=terms.plan_id,
        catalogue_version=terms.version,
        device_id=device_id,
        redeemed_at=at,
    )


# After a restore


def redeem_again(where: Key[GiftCardRedemption], values: RawItem) -> None:
    """Spend a card that a restored table has as it was before, and grant its plan as of then. Where the device is gone,
    or was bound only later, it is spent all the same: what was had of it nobody has again."""
    device_id, at = str(values["device_id"]["S"]), int(values["redeemed_at"]["N"])
    card_key, held_key = GiftCard.key(where.sort_id), plans.key_of(device_id)
    found = read_all((card_key, held_key, *access.alive_keys_of(device_id)))
    card, held = found[card_key], found[held_key]
    if card is None or card.redeemed_at is not None:
        return
    (batch,) = read(batches.key_of(card.batch_id))
    if batch is None:
        return
    granted: tuple[Write, ...] = ()
    if held is not None and access.alive(found, device_id) is not None:
        terms = batches.terms_of(batch)
        granted = (
            put(_redemption(where, terms, device_id, at)),
            *plans.grant_again(held, plans.given(terms, card.pk_id, at), at),
        )
    commit(*cards.spend_again(card, at, otherwise=NothingToDo), *granted)
