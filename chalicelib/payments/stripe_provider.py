"""Payments by Stripe: hosted checkout pages, refunds, and webhooks of which nothing is believed but their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import msgspec
import stripe
from stripe import _object_classes

from chalicelib import clock, http_fetch
from chalicelib.errors import Malformed, Unavailable
from chalicelib.payments import signatures
from chalicelib.payments.rules import AmountTooSmall, ProviderRefused
from chalicelib.payments.shapes import (
    Card,
    CardSaved,
    CardSetup,
    Charge,
    Checkout,
    Declined,
    DeclineReason,
    Dispute,
    DisputeOutcome,
    Event,
    Payment,
    Refund,
    RefundRequest,
    RefundState,
    Report,
)
from chalicelib.settings import settings

if TYPE_CHECKING:
    from stripe.params import PaymentIntentCreateParams
    from stripe.params.checkout import SessionCreateParams

# It would tell Stripe of the machine that we run on and how long requests take, and keep a number of it in a file.
stripe.enable_telemetry = False
# What Stripe answers is read by shapes of our own, whatever stands in it. So its library's classes are not loaded,
# which are nine tenths of it and not in the zip (infra/package/bundle.py): of each it makes the general one (16.1).
_object_classes.OBJECT_CLASSES.clear()

_HEADER = "stripe-signature"
# A webhook is answered within three seconds, the work in DynamoDB included; a person within eight.
_WEBHOOK_S, _PATIENT_S = 1.0, 3.0
_MOST_BYTES = 256 * 1024
_ASK_AGAIN_S = 5
# Stripe answers a number that it knows as it did before, for a day and by the same fault.
_SAME_CHECKOUT_S = 600
# More refunds of one payment nobody asked for, nor more payments by one card, of which the newest come first.
_MOST_REFUNDS = _MOST_PAYMENTS = 100

# How a person chose to pay, where Stripe has it for the currency; otherwise its page offers what there is.
_METHODS = {
    "card": ("card", None),
    "blik": ("blik", {"PLN"}),
    "transfer": ("p24", {"PLN", "EUR"}),
}
_DISPUTES: dict[str, DisputeOutcome] = {
    "needs_response": "opened",
    "under_review": "opened",
    "won": "won",
    "lost": "lost",
    # Who appeals has lost, unless he wins.
    "appeal_needs_response": "lost",
    "appeal_under_review": "lost",
}
_AUTHENTICATION = ("authentication_required", "payment_intent_authentication_failure")
_REFUNDS: dict[str, RefundState] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


_Number = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class _Object(msgspec.Struct):
    id: _Number
    object: str


class _Data(msgspec.Struct):
    object: _Object


class _Event(msgspec.Struct):
    """Of a webhook's body only what it is about: the rest may be days old by now."""

    id: _Number
    type: str
    data: _Data


class _Charge(msgspec.Struct):
    amount: int
    amount_refunded: int = 0


class _PaymentError(msgspec.Struct):
    code: str | None = None


class _SetupIntent(msgspec.Struct):
    status: str
    customer: str | None = None
    payment_method: str | None = None
    metadata: dict[str, str] | None = None


class _Intent(msgspec.Struct):
    id: str
    status: str
    currency: str
    amount: int
    # Less than the amount where only a part was captured.
    amount_received: int | None = None
    metadata: dict[str, str] = msgspec.field(default_factory=dict)
    latest_charge: _Charge | str | None = None
    setup_future_usage: str | None = None
    customer: str | None = None
    payment_method: str | None = None
    last_payment_error: _PaymentError | None = None

    @property
    def order_id(self) -> str | None:
        return self.metadata.get("order_id")

    @property
    def card(self) -> Card | None:
        """What was saved by it, and not what it was paid by."""
        return _card_of(self) if self.setup_future_usage == "off_session" else None


class _Session(msgspec.Struct):
    id: str
    status: str | None
    payment_status: str
    mode: str | None = None
    amount_total: int | None = None
    currency: str | None = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None
    payment_intent: _Intent | None = None
    setup_intent: _SetupIntent | None = None


class _OpenSession(msgspec.Struct):
    url: str


class _Dispute(msgspec.Struct):
    id: str
    status: str
    amount: int | None = None
    currency: str | None = None
    payment_intent: _Intent | None = None


class _Refund(msgspec.Struct):
    id: str
    status: str | None
    metadata: dict[str, str] | None = None

    @property
    def refund_id(self) -> str | None:
        return (self.metadata or {}).get("refund_id")


_T = TypeVar("_T", bound=msgspec.Struct)


class _NotThere(Exception):
    """Stripe has no such object, or not in our account."""


class _NotAccepted(Exception):
    """Stripe will not do this, whenever it is asked; `code` says why."""

    def __init__(self, code: str | None) -> None:
        super().__init__(code)
        self.code = code


class _NotAllowed(_NotAccepted):
    """Not with this key: an operator has to look, and then it will be done."""


class Stripe:
    def open_checkout(self, checkout: Checkout) -> str:
        """Raises Unavailable, AmountTooSmall, ProviderRefused."""
        # The same session for ten minutes, however often it is asked for, at the same moment too. After that another
        # one: had Stripe's answer to the first been a fault, it would be that fault for a day. Of two that are paid the
        # second is owed back.
        turn = (clock.now_s() - checkout.ordered_at) // _SAME_CHECKOUT_S
        try:
            return _page(_wanted(checkout), f"{checkout.order_id}.{turn}")
        except (_NotAccepted, _NotThere) as cause:
            if str(cause) == "amount_too_small":
                raise AmountTooSmall from cause
            raise ProviderRefused from cause

    def open_card_setup(self, setup: CardSetup) -> str:
        """Raises Unavailable, ProviderRefused."""
        turn = setup.asked_at // _SAME_CHECKOUT_S
        try:
            return _page(_wanted_card(setup), f"{setup.device_id}.{setup.currency}.{setup.language}.{turn}")
        except (_NotAccepted, _NotThere) as cause:
            raise ProviderRefused from cause

    def verified(self, headers: Mapping[str, str], body: bytes) -> Report | None:
        signatures.require(headers.get(_HEADER, ""), body)
        try:
            event = msgspec.json.decode(body, type=_Event)
        except (ValueError, RecursionError) as cause:
            raise Malformed from cause
        about = event.data.object
        return Report(event.id, about.object, about.id) if about.object in _LOOKED_UP else None

    def looked_up(self, report: Report) -> Event | None:
        try:
            with _asking():
                return _LOOKED_UP[report.kind](_client(_WEBHOOK_S), report.number)
        except _NotThere:
            return None  # of another account, or made in test mode
        except _NotAccepted as cause:
            raise Unavailable(retry_after_seconds=_ASK_AGAIN_S) from cause

    def refund(self, wanted: RefundRequest) -> Refund:
        try:
            with _asking():
                return self._refund(wanted)
        except (_NotAccepted, _NotThere) as cause:
            # What is not there cannot go back. Whatever else is refused may be possible later, when a dispute is over,
            # there is money again, or the key is right; an alarm rings for what is due for long.
            if not isinstance(cause, _NotThere):
                raise Unavailable(retry_after_seconds=_ASK_AGAIN_S) from cause
            return Refund(wanted.refund_id, "failed", wanted.reference)

    def _refund(self, wanted: RefundRequest) -> Refund:
        client = _client(_PATIENT_S)
        # Stripe remembers our number for a day. After that its list does, so that money goes back once.
        before = client.v1.refunds.list({"payment_intent": wanted.reference, "limit": _MOST_REFUNDS})
        known = [_read(each, _Refund) for each in before.data]
        found = next((each for each in known if each.refund_id == wanted.refund_id), None)
        if found is None:
            try:
                # Always by the same number, though a fault is answered by that fault for a day: by another one the same
                # money might go back twice.
                with _asking():
                    made = client.v1.refunds.create(
                        {
                            "payment_intent": wanted.reference,
                            "amount": wanted.amount,
                            "metadata": {"refund_id": wanted.refund_id},
                        },
                        {"idempotency_key": wanted.refund_id},
                    )
                    found = _read(made, _Refund)
            except _NotAccepted as cause:
                if cause.code != "charge_already_refunded":
                    raise
                # By somebody in Stripe's own pages: the money is back, and that is what was wanted.
                return Refund(wanted.refund_id, "succeeded", known[0].id if known else wanted.reference)
        return Refund(wanted.refund_id, _REFUNDS.get(found.status or "", "pending"), found.id)

    def charge(self, wanted: Charge) -> Payment | Declined:
        try:
            with _asking():
                return self._charge(wanted)
        except _NotThere:
            return Declined("card_gone")
        except _NotAllowed as cause:
            raise Unavailable(retry_after_seconds=_ASK_AGAIN_S) from cause
        except _NotAccepted:
            return Declined("declined")

    def _charge(self, wanted: Charge) -> Payment | Declined:
        client = _client(_PATIENT_S)
        # Stripe remembers our number for a day. After that its list does, so that an order is paid once, by whichever
        # attempt it was; and as long as one is on its way no other is made.
        before = client.v1.payment_intents.list({"customer": wanted.card.customer, "limit": _MOST_PAYMENTS})
        known = [one for each in before.data if (one := _read(each, _Intent)).order_id == wanted.order_id]
        same = (one for one in known if one.metadata.get("attempt") == str(wanted.attempt))
        made = _first_of(known, "succeeded") or _first_of(known, "processing") or next(same, None)
        if made is not None:
            return _outcome(made)
        try:
            return _outcome(_read(client.v1.payment_intents.create(*_off_session(wanted)), _Intent))
        except stripe.CardError as cause:
            return Declined(_decline_reason(cause.code))

    def forget_customer(self, customer: str) -> None:
        client = _client(_PATIENT_S)
        try:
            with _asking():
                # Its cards go first, so that none is left by whatever becomes of a customer that is deleted.
                cards = client.v1.payment_methods.list({"customer": customer, "type": "card"})
                for one in cards.data:
                    client.v1.payment_methods.detach(one.id)
                client.v1.customers.delete(customer)
        except _NotThere:
            return
        except _NotAccepted as cause:
            raise Unavailable(retry_after_seconds=_ASK_AGAIN_S) from cause


def _first_of(known: list[_Intent], status: str) -> _Intent | None:
    return next((one for one in known if one.status == status), None)


def _page(wanted: SessionCreateParams, number: str) -> str:
    with _asking():
        made = _client(_PATIENT_S).v1.checkout.sessions.create(wanted, {"idempotency_key": number})
        return _read(made, _OpenSession).url


def _wanted(checkout: Checkout) -> SessionCreateParams:
    """A page for one payment. Nothing of the person goes there, and no card stays unless that is wanted: then Stripe
    makes a customer for it."""
    named = {"order_id": checkout.order_id}
    wanted: SessionCreateParams = {
        "mode": "payment",
        # What is paid is the order's amount in the order's currency, whatever the account's settings say.
        "adaptive_pricing": {"enabled": False},
        "client_reference_id": checkout.order_id,
        "metadata": named,
        "payment_intent_data": {"metadata": named},
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": checkout.currency.lower(),
                    "unit_amount": checkout.amount,
                    "product_data": {"name": checkout.name},
                },
            }
        ],
        "success_url": _return_url(checkout, "paid"),
        "cancel_url": _return_url(checkout, "cancelled"),
        # Of several pages of one order, which there are where Stripe's first answer was lost, none outlives another.
        "expires_at": checkout.until,
        "locale": _locale(checkout.language),
    }
    if checkout.saves_card:
        wanted["customer_creation"] = "always"
        wanted["payment_intent_data"]["setup_future_usage"] = "off_session"
    method, currencies = _METHODS.get(checkout.method, ("", set[str]()))
    if checkout.saves_card:
        method, currencies = "card", None
    if method and (currencies is None or checkout.currency in currencies):
        wanted["allowed_payment_method_types"] = [method]
    return wanted


def _wanted_card(setup: CardSetup) -> SessionCreateParams:
    """A page on which a card is saved, for a customer that Stripe makes for it, and nothing is paid."""
    named = {"device_id": setup.device_id, "currency": setup.currency}
    return {
        "mode": "setup",
        "customer_creation": "always",
        "client_reference_id": setup.device_id,
        "metadata": named,
        "setup_intent_data": {"metadata": named},
        "allowed_payment_method_types": ["card"],
        "success_url": f"{settings.payment_return_url}?device_id={setup.device_id}&card=saved",
        "cancel_url": f"{settings.payment_return_url}?device_id={setup.device_id}&card=cancelled",
        "locale": _locale(setup.language),
    }


def _off_session(wanted: Charge) -> tuple[PaymentIntentCreateParams, stripe.RequestOptions]:
    """A payment while nobody is there. Of other means than cards Stripe would want a page to come back to."""
    params: PaymentIntentCreateParams = {
        "amount": wanted.amount,
        "currency": wanted.currency.lower(),
        "customer": wanted.card.customer,
        "payment_method": wanted.card.payment_method,
        "allowed_payment_method_types": ["card"],
        "off_session": True,
        "confirm": True,
        "metadata": {"order_id": wanted.order_id, "attempt": str(wanted.attempt)},
    }
    # Another card is another attempt.
    return params, {"idempotency_key": f"{wanted.order_id}.{wanted.attempt}.{wanted.card.payment_method}"}


def _return_url(checkout: Checkout, outcome: str) -> str:
    return f"{settings.payment_return_url}?order_id={checkout.order_id}&checkout={outcome}"


def _locale(language: str) -> Literal["en", "pl"]:
    return "pl" if language == "pl" else "en"


# What Stripe has to say


def _of_session(client: stripe.StripeClient, number: str) -> Payment | CardSaved | None:
    expanded = {"expand": ["payment_intent.latest_charge", "setup_intent"]}
    session = _read(client.v1.checkout.sessions.retrieve(number, expanded), _Session)  # type: ignore[arg-type]
    return _saved(session.setup_intent) if session.mode == "setup" else _of_payment(session)


def _saved(intent: _SetupIntent | None) -> CardSaved | None:
    named = (intent and intent.metadata) or {}
    if intent is None or intent.status != "succeeded" or not {"device_id", "currency"} <= named.keys():
        return None
    card = _card_of(intent)
    return None if card is None else CardSaved(named["device_id"], named["currency"], card)


def _card_of(intent: _Intent | _SetupIntent) -> Card | None:
    if intent.customer is None or intent.payment_method is None:
        return None
    return Card(intent.customer, intent.payment_method)


def _of_payment(session: _Session) -> Payment | None:
    order_id, intent = session.client_reference_id, session.payment_intent
    if order_id is None or (session.metadata or {}).get("order_id") is None:
        return None  # somebody else's who sells by the same account
    if intent is not None and intent.status == "succeeded":
        # Where the two do not say the same, it is money for nothing that we know.
        return _paid(intent, order_id if intent.order_id == order_id else "")
    over = _outcome_without_money(session, intent)
    if over is None or session.amount_total is None or session.currency is None:
        return None
    return Payment(order_id, over, session.amount_total, session.currency.upper(), session.id)


def _outcome_without_money(session: _Session, intent: _Intent | None) -> Any:
    """Expired, or refused for good: while the page is open, another card may be tried. None while money is on its
    way."""
    if session.status == "expired":
        return "expired"
    is_refused = intent is not None and intent.status in ("requires_payment_method", "canceled")
    return "refused" if session.status == "complete" and is_refused else None


def _of_intent(client: stripe.StripeClient, number: str) -> Payment | None:
    intent = _read(client.v1.payment_intents.retrieve(number, {"expand": ["latest_charge"]}), _Intent)
    if intent.order_id is None or intent.status != "succeeded":
        return None
    return _paid(intent, intent.order_id)


def _paid(intent: _Intent, order_id: str) -> Payment | None:
    charge = intent.latest_charge
    if isinstance(charge, _Charge) and charge.amount_refunded >= charge.amount > 0:
        return None  # it went back before we heard of it
    amount = intent.amount if intent.amount_received is None else intent.amount_received
    return Payment(order_id, "paid", amount, intent.currency.upper(), intent.id, intent.card)


def _outcome(intent: _Intent) -> Payment | Declined:
    """Of a payment that was made while nobody was there. Raises Unavailable while it is on its way."""
    if intent.status == "succeeded" and intent.order_id is not None:
        amount = intent.amount if intent.amount_received is None else intent.amount_received
        return Payment(intent.order_id, "paid", amount, intent.currency.upper(), intent.id)
    if intent.status == "requires_action":
        return Declined("authentication_required")
    if intent.status == "processing":
        raise Unavailable(retry_after_seconds=_ASK_AGAIN_S)
    error = intent.last_payment_error
    return Declined(_decline_reason(None if error is None else error.code))


def _decline_reason(code: str | None) -> DeclineReason:
    return "authentication_required" if code in _AUTHENTICATION else "declined"


def _of_dispute(client: stripe.StripeClient, number: str) -> Dispute | None:
    dispute = _read(client.v1.disputes.retrieve(number, {"expand": ["payment_intent"]}), _Dispute)
    outcome, intent = _DISPUTES.get(dispute.status), dispute.payment_intent
    # What is only a question of the bank's has another status, and no money is withdrawn for it.
    if outcome is None or intent is None or intent.order_id is None:
        return None
    currency = None if dispute.currency is None else dispute.currency.upper()
    return Dispute(intent.order_id, outcome, intent.id, dispute.id, dispute.amount, currency)


def _of_refund(client: stripe.StripeClient, number: str) -> Refund | None:
    refund = _read(client.v1.refunds.retrieve(number), _Refund)
    if refund.refund_id is None:
        return None  # made in Stripe's own pages
    return Refund(refund.refund_id, _REFUNDS.get(refund.status or "", "pending"), refund.id)


_LOOKED_UP = {
    "checkout.session": _of_session,
    "payment_intent": _of_intent,
    "dispute": _of_dispute,
    "refund": _of_refund,
}


# Asking


@contextmanager
def _asking() -> Iterator[None]:
    """Raises Unavailable where a later try may succeed, _NotThere, _NotAccepted."""
    try:
        yield
    except stripe.InvalidRequestError as cause:
        if cause.code == "resource_missing":
            raise _NotThere from cause
        raise _NotAccepted(cause.code) from cause
    except (stripe.AuthenticationError, stripe.PermissionError) as cause:
        raise _NotAllowed(cause.code) from cause
    # A reply that is not what Stripe documents is a fault of its, or of who stands between.
    except (stripe.StripeError, msgspec.ValidationError) as cause:
        raise Unavailable(retry_after_seconds=_ASK_AGAIN_S) from cause


def _read(said: stripe.StripeObject, of: type[_T]) -> _T:
    return msgspec.convert(said.to_dict(), type=of)


def _client(read_s: float) -> stripe.StripeClient:
    return _made_client(settings.payment_api_key, settings.payment_api_url, read_s)


@cache
def _made_client(api_key: str, url: str, read_s: float) -> stripe.StripeClient:
    # What is asked again is so by us: its own two retries would wait beyond what a webhook may take.
    return stripe.StripeClient(
        api_key, base_addresses={"api": url}, max_network_retries=0, http_client=_Transport(read_s)
    )


class _Transport(stripe.HTTPClient):
    """Requests of Stripe's library by our own client, bounded in time and size."""

    name = "urllib3"

    def __init__(self, read_s: float) -> None:
        super().__init__()
        self._read_s = read_s

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None, **_: Any
    ) -> tuple[str, int, Mapping[str, str]]:
        body = post_data.encode() if isinstance(post_data, str) else post_data
        try:
            reply = http_fetch.send(
                method.upper(), url, headers or {}, body, most_bytes=_MOST_BYTES, read_s=self._read_s,
                patience_s=1.5 * self._read_s,
            )  # fmt: skip
        except http_fetch.FetchFailed as cause:
            raise stripe.APIConnectionError(str(cause)) from cause  # type: ignore[no-untyped-call]
        return reply.body.decode("utf-8", "replace"), reply.status, reply.headers
