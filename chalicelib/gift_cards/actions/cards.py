"""Single gift cards, found by a keyed hash of their code, and spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.gift_cards import rules
from chalicelib.gift_cards.records import GiftCard, GiftCardBatch
from chalicelib.store import crypto
from chalicelib.store.commit import Otherwise, Write, change
from chalicelib.store.keys import Key

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition


def id_of(code: str) -> str:
    return crypto.keyed_hash("gift cards", rules.normal_code(code))


def key_of(code: str) -> Key[GiftCard]:
    return GiftCard.key(id_of(code))


def new_card(code: str, batch_id: str, known_until: int) -> GiftCard:
    return GiftCard.new(id_of(code), batch_id=batch_id, expires_at=known_until)


def spend(card: GiftCard, now: int, *, otherwise: Otherwise) -> tuple[Write, Write]:
    """Writes that take the card, once; `otherwise` somebody was faster, or its batch was revoked."""
    is_taken = GiftCardBatch.issued_at.exists() & GiftCardBatch.revoked_at.does_not_exist()
    return _spent(card, now, otherwise, is_taken)


def spend_again(card: GiftCard, at: int, *, otherwise: Otherwise) -> tuple[Write, Write]:
    """The same of a card that a restored table has as it was before, whatever became of its batch since."""
    return _spent(card, at, otherwise)


def _spent(card: GiftCard, at: int, otherwise: Otherwise, is_taken: Condition | None = None) -> tuple[Write, Write]:
    batch, is_new = GiftCardBatch.new("", card.batch_id), GiftCard.redeemed_at.does_not_exist()
    return (
        change(card, redeemed_at=at, when=is_new, otherwise=otherwise),
        change(batch, GiftCardBatch.redeemed.add(1), when=is_taken, otherwise=otherwise),
    )
