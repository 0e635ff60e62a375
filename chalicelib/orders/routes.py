"""HTTP routes of orders, and the payment providers' webhook."""

from __future__ import annotations

from chalicelib.access.actions import DeviceAccess, RightMissing
from chalicelib.access.needs import OWNER
from chalicelib.accounts.rules import CountryUnknown
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.invoices import shapes as invoice_shapes
from chalicelib.invoices.actions import buyers
from chalicelib.orders import shapes
from chalicelib.orders.actions import checkout, opening, paying, placing, reading, refunding, renewal, webhooks
from chalicelib.orders.needs import OwnOrder
from chalicelib.orders.records import Order
from chalicelib.payments import rules as payments_rules
from chalicelib.plans.actions import quoting
from chalicelib.plans.rules import changes, renewals
from chalicelib.plans.rules.catalogue import PlanUnknown
from chalicelib.plans.shapes import DevicePlan

routes = RouteTable(__name__)


# Of what costs something, and of the free plan.
_PRICE_REFUSALS = (
    NotFound,
    PlanUnknown,
    quoting.SamePlan,
    quoting.NothingToPay,
    changes.CreditInOtherCurrency,
    changes.TooManyPlansWait,
    changes.PlanPaused,
    changes.PlanSuspended,
    changes.PlanRuns,
    changes.FreePlanRuns,
    placing.FreePlanElsewhere,
)


@routes.post(
    "/orders/preview",
    who=Who.PERSON,
    asks=shapes.AskPrice,
    answers=shapes.Price,
    refuses=_PRICE_REFUSALS,
    example={"plan_id": "event-7-month", "device_id": "$device_id", "begins": "now"},
)
def preview_order(caller: Caller, body: shapes.AskPrice) -> shapes.Price:
    """Quote a plan: its price, the credit for the one that runs, and when it would run. Nothing is stored."""
    return placing.price_of(caller, body)


@routes.post(
    "/orders",
    who=Who.PERSON,
    asks=shapes.PlaceOrder,
    answers=shapes.Order,
    status=201,
    money=True,
    refuses=(
        *_PRICE_REFUSALS,
        placing.PriceChanged,
        placing.RenewedByCard,
        renewals.NothingToRenew,
        CountryUnknown,
        buyers.InvoiceToInvalid,
        payments_rules.AmountTooSmall,
        opening.TooManyOrders,
    ),
    example={"plan_id": "event-7-month", "device_id": "$device_id", "payment_method": "card"},
)
def place_order(caller: Caller, body: shapes.PlaceOrder) -> dict[str, object]:
    """Order a plan for one of the caller's devices; the answer says where to pay. The free plan is there at once."""
    return placing.place_order(caller, body)


@routes.get("/orders", who=Who.PERSON, before_agreement=True, query=shapes.Search, answers=shapes.Orders, example={})
def list_orders(caller: Caller, search: shapes.Search) -> tuple[list[dict[str, object]], str | None]:
    """The caller's orders, newest first."""
    return reading.orders_of(caller, search.limit, search.cursor)


@routes.get(
    "/orders/{order_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnOrder(),
    answers=shapes.Order,
    refuses=(NotFound,),
    example={},
)
def get_order(caller: Caller, order: Order) -> dict[str, object]:
    """One order, and how far its payment is."""
    return reading.order_of(checkout.completed(order, caller.account.language))


@routes.put(
    "/devices/{device_id}/plan/renewal",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    asks=shapes.SetRenewal,
    answers=DevicePlan,
    refuses=(NotFound, RightMissing, renewals.NothingToRenew, renewal.CardMissing),
    example={"on": False},
)
def set_renewal(caller: Caller, device: DeviceAccess, body: shapes.SetRenewal) -> DevicePlan:
    """Renew the device's plan by itself, or no more. It takes a card that is saved: the refusal says where to save one,
    after which the plan renews."""
    return renewal.set_renewal(caller, device, body)


# Of what goes back, and of what would.
_REFUND_REFUSALS = (
    NotFound,
    refunding.NotPaid,
    refunding.NothingWasPaid,
    refunding.RefundedAlready,
    refunding.PaymentDisputed,
    refunding.NothingLeft,
    refunding.PlanHandedOver,
)


@routes.post(
    "/orders/{order_id}/refund/preview",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnOrder(),
    answers=shapes.Refundable,
    refuses=_REFUND_REFUSALS,
    example={},
)
def preview_refund(caller: Caller, order: Order) -> shapes.Refundable:
    """Quote what would go back of an order if it were given back now. Nothing is stored."""
    return refunding.amount_of(order)


@routes.post(
    "/orders/{order_id}/refund",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnOrder(),
    asks=shapes.AskRefund,
    answers=shapes.Refund,
    status=202,
    money=True,
    refuses=_REFUND_REFUSALS,
    example={"reason": "I do not need it."},
)
def refund_order(caller: Caller, order: Order, body: shapes.AskRefund) -> shapes.Refund:
    """Give an order back: its plan ends wherever it lies. The whole price goes back within fourteen days if less than
    an hour was recorded, of one camera once a year, and else what is left."""
    return refunding.refund(caller, order, body)


@routes.get(
    "/orders/{order_id}/invoice",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnOrder(),
    query=invoice_shapes.WhichInvoice,
    answers=invoice_shapes.InvoiceLink | invoice_shapes.Pending,
    refuses=(NotFound,),
    example={},
)
def get_invoice(
    caller: Caller, order: Order, which: invoice_shapes.WhichInvoice
) -> invoice_shapes.InvoiceLink | invoice_shapes.Pending:
    """A link of five minutes to the invoice of a paid order, or to its credit note; 202 while that is made."""
    return reading.invoice_of(caller, order, which.document, which.format)


@routes.post(
    "/payments/{provider}",
    who=Who.PROVIDER,
    answers=shapes.Taken,
    refuses=(payments_rules.ProviderUnknown, payments_rules.SignatureWrong, paying.PaymentMismatch),
    example={},
)
def take_payment(headers: dict[str, str], provider: str, body: bytes) -> shapes.Taken:
    """A payment provider's webhook, signed over its raw body, of a payment, a dispute or a refund; told twice it counts
    once. Told to come again (503), a provider does so for days."""
    return shapes.Taken(changed=webhooks.take_event(provider, headers, body))
