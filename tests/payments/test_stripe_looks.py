"""What Stripe says of each thing that it told of, looked at alone: which money, of which order, or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import stripe

from chalicelib import http_fetch
from chalicelib.errors import Unavailable
from chalicelib.payments import stripe_provider
from chalicelib.payments.shapes import Checkout, Dispute, Event, Payment, Refund, RefundRequest, Report
from infra.local.cloud import LocalCloud
from tests.payments import fake_stripe
from tests.payments.fake_stripe import FakeStripe, Fault

PAGE, PAID = "checkout.session", "payment_intent"


@pytest.fixture
def server(world: LocalCloud, stripe_server: FakeStripe) -> FakeStripe:
    """With a page, and the payment that it led to."""
    fake_stripe.intent(stripe_server, "pi_1", "order-1", 299, "EUR")
    page = fake_stripe.session(stripe_server, "cs_1", "order-1", 299, "EUR", status="complete", payment_status="paid")
    page["payment_intent"] = "pi_1"
    return stripe_server


def looked_up(kind: str, number: str) -> Event | None:
    return stripe_provider.Stripe().looked_up(Report("evt", kind, number))


def open_page(
    world: LocalCloud, currency: Any = "EUR", method: Any = "card", language: Any = "en", age_s: int = 0
) -> None:
    ordered_at = int(world.now().timestamp()) - age_s
    until = ordered_at + 86_400
    stripe_provider.Stripe().open_checkout(
        Checkout("order-1", 299, currency, method, "Events", language, ordered_at, until)
    )


PAYMENT = Payment("order-1", "paid", 299, "EUR", "pi_1")
EACH = pytest.mark.parametrize(("kind", "number"), [(PAGE, "cs_1"), (PAID, "pi_1")])


@EACH
def test_a_payment_is_of_its_order_and_as_much_as_was_received(server: FakeStripe, kind: str, number: str) -> None:
    assert looked_up(kind, number) == PAYMENT
    server.get("pi_1")["amount_received"] = 100
    assert looked_up(kind, number) == Payment("order-1", "paid", 100, "EUR", "pi_1")
    server.get("pi_1")["amount_received"] = None
    assert looked_up(kind, number) == PAYMENT


@EACH
def test_what_went_back_as_a_whole_is_none(server: FakeStripe, kind: str, number: str) -> None:
    for back, found in ((298, PAYMENT), (299, None), (300, None)):
        server.get("ch_pi_1")["amount_refunded"] = back
        assert looked_up(kind, number) == found
    server.get("ch_pi_1").update(amount=0, amount_refunded=0)
    assert looked_up(kind, number) == PAYMENT


@EACH
@pytest.mark.parametrize("status", ["processing", "requires_capture", "canceled", "requires_payment_method"])
def test_what_has_not_succeeded_is_no_money(server: FakeStripe, kind: str, number: str, status: str) -> None:
    server.get("pi_1")["status"] = status
    found = looked_up(kind, number)
    is_refused = kind == PAGE and status in ("canceled", "requires_payment_method")
    assert found == (Payment("order-1", "refused", 299, "EUR", "cs_1") if is_refused else None)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        ({"status": "open", "payment_intent": None}, None),
        ({"status": "complete", "payment_intent": None}, None),
        ({"status": "expired", "payment_intent": None}, Payment("order-1", "expired", 299, "EUR", "cs_1")),
        ({"status": "expired", "payment_intent": None, "amount_total": None}, None),
        ({"status": "expired", "payment_intent": None, "currency": None}, None),
        ({"client_reference_id": None}, None),
        ({"metadata": {}}, None),
        ({"metadata": None}, None),
        ({"client_reference_id": "order-2"}, Payment("", "paid", 299, "EUR", "pi_1")),
    ],
)
def test_a_page_without_money_is_over_or_nothing(
    server: FakeStripe, other: dict[str, Any], found: Payment | None
) -> None:
    server.get("cs_1").update(other)
    assert looked_up(PAGE, "cs_1") == found


def test_a_page_whose_payment_failed_is_open_for_another_card(server: FakeStripe) -> None:
    server.get("pi_1")["status"] = "requires_payment_method"
    server.get("cs_1")["status"] = "open"
    assert looked_up(PAGE, "cs_1") is None


def test_a_payment_of_somebody_else_is_none_of_ours(server: FakeStripe) -> None:
    server.get("pi_1")["metadata"] = {}
    assert looked_up(PAID, "pi_1") is None


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("needs_response", "opened"), ("under_review", "opened"), ("won", "won"), ("lost", "lost"),
        ("warning_needs_response", None), ("warning_closed", None),
    ],
)  # fmt: skip
def test_a_dispute_is_of_the_payments_order(server: FakeStripe, status: str, outcome: Any) -> None:
    fake_stripe.dispute(server, "dp_1", "pi_1", status)
    assert looked_up("dispute", "dp_1") == (outcome and Dispute("order-1", outcome, "pi_1", "dp_1", 299, "EUR"))
    server.get("pi_1")["metadata"] = {}
    assert looked_up("dispute", "dp_1") is None
    server.get("dp_1")["payment_intent"] = None
    assert looked_up("dispute", "dp_1") is None


@pytest.mark.parametrize(
    ("status", "state"),
    [("pending", "pending"), ("requires_action", "pending"), ("succeeded", "succeeded"), ("failed", "failed"),
     ("canceled", "failed"), (None, "pending")],
)  # fmt: skip
def test_a_refund_is_ours_by_its_number_and_as_far_as_it_is(server: FakeStripe, status: Any, state: Any) -> None:
    said = stripe_provider.Stripe().refund(RefundRequest("our-refund", "pi_1", 100, "EUR"))
    assert said == Refund("our-refund", "succeeded", said.refund_reference)
    one = server.get(said.refund_reference)
    one["status"] = status
    assert looked_up("refund", one["id"]) == Refund("our-refund", state, one["id"])
    for nobodys in ({}, None):
        one["metadata"] = nobodys
        assert looked_up("refund", one["id"]) is None


def test_what_is_not_there_is_nothing_and_what_is_refused_is_asked_again(server: FakeStripe) -> None:
    assert looked_up(PAID, "pi_2") is None
    server.faults.append(Fault(400, "another"))
    with pytest.raises(Unavailable) as later:
        looked_up(PAID, "pi_1")
    assert later.value.retry_after_seconds == 5


def test_a_webhook_waits_for_a_second_and_a_person_for_three(
    server: FakeStripe, world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    made: Callable[[float], stripe.StripeClient] = stripe_provider._client
    monkeypatch.setattr(stripe_provider, "_client", lambda read_s: waited.append(read_s) or made(read_s))
    looked_up(PAID, "pi_1")
    stripe_provider.Stripe().refund(RefundRequest("our-refund", "pi_1", 100, "EUR"))
    open_page(world)
    assert waited == [1.0, 3.0, 3.0]


def test_a_page_is_the_same_for_ten_minutes(server: FakeStripe, world: LocalCloud) -> None:
    begun = world.now().timestamp()
    for age_s in (0, 599, 600):
        world.clock.move_to(begun + age_s)
        open_page(world, age_s=age_s)
    numbers = [headers["Idempotency-Key"] for method, *_, headers in server.requests if method == "POST"]
    assert numbers == ["order-1.0", "order-1.0", "order-1.1"]


@pytest.mark.parametrize(("language", "locale"), [("pl", "pl"), ("en", "en"), ("de", "en")])
def test_a_page_is_in_the_persons_language_where_we_have_it(
    server: FakeStripe, world: LocalCloud, language: str, locale: str
) -> None:
    open_page(world, language=language)
    assert server.requests[-1][2]["locale"] == locale


@pytest.mark.parametrize(
    ("method", "currency", "kinds"),
    [
        ("card", "USD", ["card"]), ("blik", "PLN", ["blik"]), ("blik", "EUR", None), ("transfer", "EUR", ["p24"]),
        ("transfer", "PLN", ["p24"]), ("transfer", "GBP", None), ("sandbox", "EUR", None),
    ],
)  # fmt: skip
def test_a_page_offers_what_was_chosen_where_stripe_has_it(
    server: FakeStripe, world: LocalCloud, method: Any, currency: Any, kinds: list[str] | None
) -> None:
    open_page(world, currency, method)
    assert server.requests[-1][2].get("allowed_payment_method_types") == kinds


def test_an_answer_takes_half_as_long_again_at_most_and_256_kilobytes(
    server: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    bounds: list[dict[str, Any]] = []
    sent = http_fetch.send

    def send(*asked: Any, **bounded: Any) -> http_fetch.Reply:
        bounds.append(bounded)
        return sent(*asked, **bounded)

    monkeypatch.setattr(http_fetch, "send", send)
    looked_up(PAID, "pi_1")
    stripe_provider.Stripe().refund(RefundRequest("our-refund", "pi_1", 100, "EUR"))
    kilobytes = {one["most_bytes"] for one in bounds}
    assert (kilobytes, [(one["read_s"], one["patience_s"]) for one in bounds]) == (
        {256 * 1024}, [(1.0, 1.5), (3.0, 4.5), (3.0, 4.5)],
    )  # fmt: skip
