"""HTTP routes of orders, and the payment providers' webhook."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.orders import shapes
from chalicelib.orders.actions import paying, placing, reading
from chalicelib.orders.needs import OwnOrder
from chalicelib.orders.records import Order
from chalicelib.payments import rules as payments_rules
from chalicelib.plans.actions import quoting
from chalicelib.plans.rules import changes
from chalicelib.plans.rules.catalogue import PlanUnknown

routes = RouteTable(__name__)


# Of what costs something, and of the free plan.
_PRICE_REFUSALS = (
    NotFound,
    PlanUnknown,
    quoting.SamePlan,
    quoting.NothingToPay,
    changes.CreditInOtherCurrency,
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
    refuses=(*_PRICE_REFUSALS, placing.PriceChanged),
    example={"plan_id": "event-7-month", "device_id": "$device_id", "payment_method": "card"},
)
def place_order(caller: Caller, body: shapes.PlaceOrder) -> dict[str, object]:
    """Order a plan for one of the caller's devices; the answer says where to pay. The free plan is there at once."""
    return placing.place_order(caller, body)


@routes.get("/orders", who=Who.PERSON, query=shapes.Search, answers=shapes.Orders, example={})
def list_orders(caller: Caller, search: shapes.Search) -> tuple[list[dict[str, object]], str | None]:
    """The caller's orders, newest first."""
    return reading.orders_of(caller, search.limit, search.cursor)


@routes.get(
    "/orders/{order_id}",
    who=Who.PERSON,
    needs=OwnOrder(),
    answers=shapes.Order,
    refuses=(NotFound,),
    example={},
)
def get_order(caller: Caller, order: Order) -> dict[str, object]:
    """One order, and how far its payment is."""
    return reading.order_of(order)


@routes.post(
    "/payments/{provider}",
    who=Who.PROVIDER,
    answers=shapes.Taken,
    refuses=(payments_rules.ProviderUnknown, payments_rules.SignatureWrong, paying.PaymentMismatch),
    example={},
)
def take_payment(headers: dict[str, str], provider: str, body: bytes) -> shapes.Taken:
    """A payment provider's webhook, signed over its raw body; told twice it counts once."""
    return shapes.Taken(changed=paying.take_payment(provider, headers, body))
