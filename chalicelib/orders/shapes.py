"""Request and response shapes of orders."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

from chalicelib.accounts.shapes import Country
from chalicelib.entry.wire import Page, Shape, Time, Words
from chalicelib.orders.rules import PaymentState, State
from chalicelib.payments.shapes import DisputeOutcome
from chalicelib.plans.shapes import Begins, Currency
from chalicelib.plans.shapes import Money as Money  # of refunds, too


class AskPrice(Shape):
    """A plan for a device: `begins` says whether behind what runs and waits, or at once in the place of what runs."""

    plan_id: Annotated[str, Meta(max_length=64)]
    device_id: Annotated[str, Meta(max_length=64)]
    currency: Currency = "EUR"
    begins: Begins = "after"


class Price(Shape):
    """The amount to pay, which is the price without the credit, and when it would run if it were paid now."""

    price: Money
    credit: Money
    to_pay: Money
    begins: Time
    ends: Time


class InvoiceTo(Shape):
    """Whom the invoice names, in Latin, Greek or Cyrillic letters. `vat_number` is that of a business of the European
    Union, with its country before it, `DE136695976`, and that country is the one of the address."""

    name: Words
    address: Words
    country: Country
    vat_number: Annotated[str, Meta(min_length=4, max_length=32)] | None = None


class PlaceOrder(AskPrice, kw_only=True):
    """`to_pay` is the amount that was shown: the order is refused if it is another by now. The invoice names nobody
    unless `invoice_to` says whom; a business of another country of the European Union than the seller's that gives its
    VAT number owes the tax itself. With `renew` the card is saved, and the plan renews by itself until it is told not
    to; it is not saved otherwise."""

    payment_method: Literal["card", "blik", "transfer", "sandbox"]
    to_pay: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    invoice_to: InvoiceTo | None = None
    renew: bool = False


class Payment(Shape):
    """Money that came for an order: it paid the order, or buys nothing, or no more, and goes back. `refund` is how much
    of it does: `refund_due` until the provider takes it on, `refunding` until it is there, `refunded` then;
    `refund_failed` where it came back to us. `charged_back` is what the payer's bank took."""

    reference: str
    amount: Money
    state: PaymentState
    at: Time
    refund: Money | None
    dispute: DisputeOutcome | None


class Order(Shape):
    """With the plan and the price as they were ordered, whatever the catalogue says since: `amount` is what is paid,
    beside what was credited, and `renew` says whether it was to renew by itself, or was ordered so. While an order is
    open it is paid at `checkout_url`; where that is null, the payment provider did not answer, and is asked again when
    the order is read, or the order is paid by the card that was saved."""

    order_id: str
    state: State
    plan_id: str
    kind: Literal["event", "continuous"]
    keep_days: int
    period_days: int
    device_id: str
    begins: Begins
    renew: bool
    amount: Money
    credit: Money
    ordered_at: Time
    payment_method: str
    invoice_number: str | None
    refunded: Money | None
    credit_note_number: str | None
    payments: list[Payment]
    checkout_url: str | None

    @classmethod
    def of(cls, described: dict[str, Any]) -> Order:
        return cls(**described)


class SetRenewal(Shape):
    """Whether the plan renews by itself, and paid in which currency: that of the last payment, if it is not said."""

    on: bool
    currency: Currency | None = None


class AskRefund(Shape):
    """Why, if the person wants to say so."""

    reason: Annotated[str, Meta(min_length=1, max_length=1000)] | None = None


class Refund(Shape):
    """What goes back, by the way that it was paid, and the credit note's number."""

    amount: Money
    credit_note_number: str


class Refundable(Shape):
    """What would go back if it were asked for now: the whole price, or what is left. Of one camera a whole price goes
    back once a year: where that is why it would be less now, `whole_again_from` says from when on it may again."""

    amount: Money
    is_whole: bool
    whole_again_from: Time | None


class Orders(Shape):
    items: list[Order]
    cursor: str | None

    @classmethod
    def of(cls, page: tuple[list[dict[str, Any]], str | None]) -> Orders:
        items, cursor = page
        return cls(items=[Order(**described) for described in items], cursor=cursor)


class Search(Page):
    """Which orders are wanted."""


class Taken(Shape):
    """Reply to the provider: its event was understood, and whether it changed anything."""

    changed: bool
