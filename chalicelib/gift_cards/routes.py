"""HTTP routes of gift cards."""

from __future__ import annotations

from chalicelib.access.actions import RightMissing
from chalicelib.devices.actions import guessing
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.gift_cards import rules, shapes
from chalicelib.gift_cards.actions import redeeming
from chalicelib.gift_cards.needs import OwnGiftCardTries
from chalicelib.gift_cards.records import GiftCardTries
from chalicelib.plans.rules.changes import TooManyPlansWait
from chalicelib.plans.shapes import DevicePlan

routes = RouteTable(__name__)


@routes.post(
    "/gift-cards/redeem",
    who=Who.PERSON,
    needs=OwnGiftCardTries(),
    asks=shapes.RedeemGiftCard,
    answers=DevicePlan,
    money=True,
    refuses=(
        NotFound,
        RightMissing,
        guessing.TooManyTries,
        rules.GiftCardMistyped,
        rules.GiftCardUnknown,
        rules.GiftCardSpent,
        rules.GiftCardExpired,
        rules.GiftCardRevoked,
        TooManyPlansWait,
    ),
    example={"code": "$gift_card_code", "device_id": "$device_id"},
    tag="plans",
)
def redeem_gift_card(caller: Caller, tries: GiftCardTries | None, body: shapes.RedeemGiftCard) -> DevicePlan:
    """Redeem a gift card for one of the caller's devices: its plan runs on, or waits behind what runs. Wrong codes lock
    the person for a while. Whoever sends the same card for the same device again gets the plan as it is then."""
    return redeeming.redeem(caller, tries, body)
