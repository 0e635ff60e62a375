"""Cards that are saved, and charged while nobody is there: the same at both providers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from chalicelib.errors import Unavailable
from chalicelib.payments import actions as payments
from chalicelib.payments import stripe_provider
from chalicelib.payments.shapes import Card, CardSaved, CardSetup, Charge, Declined, DeclineReason, Payment, Report
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.payments import fake_stripe
from tests.payments.fake_stripe import FakeStripe, Fault
from tests.payments.saved_cards import new_card

DAY = 86_400


def charge(card: Card, attempt: int = 1, order_id: str = "an-order") -> Payment | Declined:
    return payments.charge(settings.payment_provider, Charge(order_id, attempt, 299, "EUR", card))


def test_a_saved_card_pays_an_order_one_time_however_often_it_is_charged(home: Home) -> None:
    card = new_card()
    first = charge(card)
    assert isinstance(first, Payment)
    assert (first.order_id, first.outcome, first.amount, first.currency) == ("an-order", "paid", 299, "EUR")
    # Nothing is saved by it that was not saved before.
    assert first.card is None
    assert [charge(card), charge(card, 2)] == [first, first]
    other = charge(card, order_id="another-order")
    assert isinstance(other, Payment) and other.reference != first.reference


@pytest.mark.parametrize("reason", ["declined", "authentication_required"])
def test_an_attempt_that_is_declined_stays_so_and_the_next_may_pay(home: Home, reason: DeclineReason) -> None:
    card = new_card(reason, 2)
    assert [charge(card, 1), charge(card, 1), charge(card, 2)] == [Declined(reason)] * 3
    paid = charge(card, 3)
    assert isinstance(paid, Payment) and charge(card, 3) == paid


def test_a_card_that_is_gone_says_so(home: Home) -> None:
    assert charge(new_card("card_gone")) == Declined("card_gone")


def test_a_customer_is_forgotten_as_often_as_one_likes(home: Home) -> None:
    card = new_card()
    for _ in range(2):
        payments.forget_customer(settings.payment_provider, card.customer)


def test_a_page_where_a_card_is_saved_is_opened(home: Home) -> None:
    url = payments.open_card_setup(CardSetup("a-device", "PLN", "pl", 0))
    assert urlsplit(url).scheme in ("http", "https")


# ── Stripe's own ─────────────────────────────────────────────────────────────────────────────────────────────────────


def intents(server: FakeStripe) -> list[tuple[str, str]]:
    return [(one["metadata"]["order_id"], one["status"]) for one in server.of_kind("payment_intent")]


def test_what_stripe_is_told_of_a_renewal_is_the_order_and_nothing_of_the_person(
    stripe_server: FakeStripe, world: LocalCloud
) -> None:
    card = new_card()
    charge(card)
    _, _, params, headers = stripe_server.requests[-1]
    assert params == {
        "amount": "299", "currency": "eur", "customer": card.customer, "payment_method": card.payment_method,
        "allowed_payment_method_types": ["card"], "off_session": "true", "confirm": "true",
        "metadata": {"order_id": "an-order", "attempt": "1"},
    }  # fmt: skip
    assert headers["Idempotency-Key"] == f"an-order.1.{card.payment_method}"


def test_an_attempt_whose_answer_was_lost_is_found_again_also_weeks_later(
    stripe_server: FakeStripe, world: LocalCloud
) -> None:
    card = new_card()
    stripe_server.faults.append(Fault(500, is_done=True, method="POST"))
    with pytest.raises(Unavailable):
        charge(card)
    # Stripe would answer the same number by the same fault for a day; its list knows better.
    assert isinstance(charge(card), Payment)
    stripe_server.forget_answers()
    assert isinstance(charge(card, 2), Payment)
    assert intents(stripe_server) == [("an-order", "succeeded")]


def test_a_declined_attempt_whose_answer_was_lost_is_not_made_again(
    stripe_server: FakeStripe, world: LocalCloud
) -> None:
    card = new_card("declined", 1)
    assert charge(card) == Declined("declined")
    stripe_server.forget_answers()
    assert charge(card) == Declined("declined")
    assert intents(stripe_server) == [("an-order", "requires_payment_method")]


@pytest.mark.parametrize(
    ("status", "said"), [("requires_action", "authentication_required"), ("canceled", "declined"), ("processing", None)]
)
def test_a_payment_that_is_not_there_yet_is_waited_for_and_one_that_will_not_be_is_declined(
    stripe_server: FakeStripe, world: LocalCloud, status: str, said: DeclineReason | None
) -> None:
    card = new_card()
    fake_stripe.intent(
        stripe_server, "pi_1", "an-order", 299, "EUR", customer=card.customer, status=status,
        metadata={"order_id": "an-order", "attempt": "1"},
    )  # fmt: skip
    if said is None:
        with pytest.raises(Unavailable):
            charge(card)
    else:
        assert charge(card) == Declined(said)


def test_while_an_attempt_is_on_its_way_no_other_one_takes_money(stripe_server: FakeStripe, world: LocalCloud) -> None:
    card = new_card()
    fake_stripe.intent(
        stripe_server, "pi_1", "an-order", 299, "EUR", customer=card.customer, status="processing",
        metadata={"order_id": "an-order", "attempt": "1"},
    )  # fmt: skip
    with pytest.raises(Unavailable):
        charge(card, 2)
    assert intents(stripe_server) == [("an-order", "processing")]
    stripe_server.get("pi_1")["status"] = "succeeded"
    paid = charge(card, 2)
    assert isinstance(paid, Payment) and paid.reference == "pi_1"


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_provider_at_fault_is_not_a_card_that_is_declined(
    stripe_server: FakeStripe, world: LocalCloud, status: int
) -> None:
    stripe_server.faults.append(Fault(status, method="GET"))
    with pytest.raises(Unavailable):
        charge(new_card())


def test_a_wrong_key_declines_nothing(
    stripe_server: FakeStripe, world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(settings), "payment_api_key", "rk_test_of_somebody_else")
    with pytest.raises(Unavailable):
        charge(new_card())
    with pytest.raises(Unavailable):
        payments.forget_customer("stripe", "cus_1")


def test_of_a_forgotten_customer_no_card_is_left(stripe_server: FakeStripe, world: LocalCloud) -> None:
    card = new_card()
    payments.forget_customer("stripe", card.customer)
    assert stripe_server.get(card.payment_method)["customer"] is None
    assert stripe_server.get(card.customer)["_is_deleted"]
    assert charge(card) == Declined("card_gone")


def test_a_customer_whose_deletion_met_a_fault_is_forgotten_by_the_next(
    stripe_server: FakeStripe, world: LocalCloud
) -> None:
    card = new_card()
    for method in ("GET", "POST", "DELETE"):
        stripe_server.faults.append(Fault(500, method=method))
        with pytest.raises(Unavailable):
            payments.forget_customer("stripe", card.customer)
    payments.forget_customer("stripe", card.customer)
    assert stripe_server.get(card.customer)["_is_deleted"]


def test_a_page_for_a_card_takes_no_money_and_names_the_device_by_its_number(
    stripe_server: FakeStripe, world: LocalCloud
) -> None:
    payments.open_card_setup(CardSetup("a-device", "PLN", "pl", int(world.now().timestamp())))
    _, path, params, _ = stripe_server.requests[-1]
    named = {"device_id": "a-device", "currency": "PLN"}
    assert path == "/v1/checkout/sessions"
    assert (params["mode"], params["customer_creation"], params["metadata"]) == ("setup", "always", named)
    assert params["setup_intent_data"] == {"metadata": named}
    assert "line_items" not in params and params["allowed_payment_method_types"] == ["card"]


@pytest.mark.parametrize("status", ["succeeded", "requires_payment_method"])
def test_a_card_is_saved_where_stripe_says_so(stripe_server: FakeStripe, world: LocalCloud, status: str) -> None:
    named = {"device_id": "a-device", "currency": "PLN"}
    made = fake_stripe.setup_intent(stripe_server, "seti_1", named, status=status)
    fake_stripe.session(stripe_server, "cs_1", "a-device", 0, "eur", mode="setup", setup_intent="seti_1")
    card = Card(made["customer"], made["payment_method"])
    said = stripe_provider.Stripe().looked_up(Report("evt", "checkout.session", "cs_1"))
    assert said == (CardSaved("a-device", "PLN", card) if status == "succeeded" else None)
