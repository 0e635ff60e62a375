"""The need of redeeming: how many wrong codes the caller tried lately."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.gift_cards.records import GiftCardTries
from chalicelib.store.records import Found


class OwnGiftCardTries:
    """The caller's count of wrong codes of gift cards."""

    def keys(self, account_id: str) -> Keys:
        return (GiftCardTries.key(account_id),)

    def admit(self, caller: Caller, found: Found) -> GiftCardTries | None:
        return found[GiftCardTries.key(caller.account_id)]
