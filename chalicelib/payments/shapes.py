"""Shapes of what payment providers report, and of what they are asked for."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Outcome = Literal["paid", "refused", "expired"]
DisputeOutcome = Literal["opened", "won", "lost"]
RefundState = Literal["pending", "succeeded", "failed"]
DeclineReason = Literal["declined", "authentication_required", "card_gone"]

_OrderId = Annotated[str, Meta(max_length=128)]
_Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", max_length=3)]
_Reference = Annotated[str, Meta(min_length=1, max_length=255)]


class Checkout(msgspec.Struct, frozen=True):
    """What a person is to pay: an order, in the smallest unit of its currency. `name` is what is bought, in the
    person's `language`; `ordered_at` (seconds since 1970) and the number tell one from another; it can be paid `until`
    then, on whatever page. The card is saved for later payments only if `saves_card`."""

    order_id: str
    amount: int
    currency: str
    method: str
    name: str
    language: str
    ordered_at: int
    until: int
    saves_card: bool = False


class Card(msgspec.Struct, frozen=True):
    """A card that a provider has saved: its numbers of the customer, made for this card alone, and of the means of
    payment."""

    customer: _Reference
    payment_method: _Reference


class CardSetup(msgspec.Struct, frozen=True):
    """A card that a person is to save without a payment, so that the plan of a device renews by itself, paid in this
    currency."""

    device_id: str
    currency: str
    language: str
    asked_at: int


class Payment(msgspec.Struct, frozen=True):
    """A payment as its provider reports it, once the signature is verified. The reference is the provider's own
    number of the payment: told of again, it is the same money. `card` is what was saved by it."""

    order_id: _OrderId
    outcome: Outcome
    amount: Annotated[int, Meta(ge=-(2**53), le=2**53)]
    currency: _Currency
    reference: _Reference
    card: Card | None = None


class CardSaved(msgspec.Struct, frozen=True):
    """A card was saved without a payment, so that the plan of this device renews by itself."""

    device_id: _OrderId
    currency: _Currency
    card: Card


class Charge(msgspec.Struct, frozen=True):
    """Money that is taken from a saved card while nobody is there. An attempt of this number for this order is made one
    time, however often it is asked for, and an order is paid by one of its attempts."""

    order_id: _OrderId
    attempt: Annotated[int, Meta(ge=1)]
    amount: Annotated[int, Meta(ge=1, le=2**53)]
    currency: _Currency
    card: Card


class Declined(msgspec.Struct, frozen=True):
    """An attempt by which no money came, and will come no more: the bank declined it or wants the person to be there,
    or the provider has no such card."""

    reason: DeclineReason


class Dispute(msgspec.Struct, frozen=True):
    """What the provider reports of a dispute: the payer wants the money of a payment back from his bank. `reference` is
    the provider's number of the payment, and `dispute_reference` that of the dispute; news of one come in any order.
    `amount` is how much of the payment it is about; None of all of it."""

    order_id: _OrderId
    outcome: DisputeOutcome
    reference: _Reference
    dispute_reference: _Reference
    amount: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    currency: _Currency | None = None


class RefundRequest(msgspec.Struct, frozen=True):
    """Money that goes back to who paid it. `refund_id` is our own number of the refund: asked for again, however much
    later, it is the same one. `reference` is the provider's number of the payment, `amount` in the smallest unit and at
    most what was paid."""

    refund_id: Annotated[str, Meta(min_length=1, max_length=64)]
    reference: _Reference
    amount: Annotated[int, Meta(ge=1, le=2**53)]
    currency: _Currency


class Refund(msgspec.Struct, frozen=True):
    """A refund as the provider has it, answered or reported: `pending` is not there yet, and `failed` will not be by
    itself. `refund_reference` is the provider's number of it."""

    refund_id: Annotated[str, Meta(min_length=1, max_length=64)]
    state: RefundState
    refund_reference: _Reference


class Report(msgspec.Struct, frozen=True):
    """A webhook of which nothing is believed but what it is about: an object of the provider's, by its kind and number.
    `event_id` is the provider's number of the event: it comes again with the same."""

    event_id: Annotated[str, Meta(min_length=1, max_length=255)]
    kind: Annotated[str, Meta(min_length=1, max_length=64)]
    number: _Reference


# What a webhook tells of.
Event = Payment | Dispute | Refund | CardSaved
