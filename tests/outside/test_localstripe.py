"""Our requests, taken and answered by a Stripe that others wrote."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stripe

from chalicelib.errors import Unavailable
from chalicelib.payments import stripe_provider
from chalicelib.payments.shapes import Card, Charge, Declined, Payment, RefundRequest, Report
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.outside import local_stripe


@pytest.fixture(scope="module")
def _url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with local_stripe.served(tmp_path_factory.mktemp("localstripe")) as url:
        if not url:
            pytest.skip("localstripe cannot be installed")
        yield url


@pytest.fixture
def provider(world: LocalCloud, _url: str, monkeypatch: pytest.MonkeyPatch) -> stripe_provider.Stripe:
    for name, value in (
        ("payment_provider", "stripe"), ("payment_api_key", local_stripe.API_KEY), ("payment_api_url", _url),
    ):  # fmt: skip
        monkeypatch.setitem(vars(settings), name, value)
    return stripe_provider.Stripe()


@pytest.fixture
def paid(provider: stripe_provider.Stripe) -> str:
    """The number of a payment, made as Stripe's page would make it."""
    client = stripe_provider._client(3.0)
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[typeddict-item]
    made = client.v1.payment_intents.create(
        {
            "amount": 299, "currency": "eur", "payment_method": method.id, "confirm": True,
            "metadata": {"order_id": "an-order"},
        }
    )  # fmt: skip
    return made.id


def test_a_payment_is_found_with_what_it_was_for(provider: stripe_provider.Stripe, paid: str) -> None:
    assert provider.looked_up(Report("evt", "payment_intent", paid)) == Payment("an-order", "paid", 299, "EUR", paid)


def test_money_goes_back_in_parts_each_one_time(provider: stripe_provider.Stripe, paid: str) -> None:
    parts = [RefundRequest(name, paid, amount, "EUR") for name, amount in (("a", 100), ("b", 199))]
    first, second = (provider.refund(one) for one in parts)
    assert (first.refund_id, first.state, second.refund_id, second.state) == ("a", "succeeded", "b", "succeeded")
    assert first.refund_reference != second.refund_reference
    # It has no idempotency: what was asked for before is found in its list.
    assert [provider.refund(one) for one in parts] == [first, second]
    assert provider.looked_up(Report("evt", "refund", first.refund_reference)) == first
    # All of it went back: nothing is left that could buy anything.
    assert provider.looked_up(Report("evt", "payment_intent", paid)) is None


def test_what_is_nowhere_does_not_go_back(provider: stripe_provider.Stripe) -> None:
    """It says so by no code, as Stripe would: then it stays due, and an operator hears of it."""
    with pytest.raises(Unavailable):
        provider.refund(RefundRequest("r", "pi_nowhere", 1, "EUR"))


# ── Renewals, and the end of an account ──────────────────────────────────────────────────────────────────────────────

PAYS, DECLINED, CONFIRMED = "4242424242424242", "4000000000000341", "4000002500003155"


def saved(number: str) -> Card:
    """A card that is saved for a customer by a SetupIntent, as Stripe's page does it."""
    client = stripe_provider._client(3.0)
    card = {"number": number, "exp_month": 12, "exp_year": 2040, "cvc": "123"}
    method = client.v1.payment_methods.create({"type": "card", "card": card})  # type: ignore[typeddict-item]
    customer = client.v1.customers.create({})
    client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    setup = client.v1.setup_intents.create({"customer": customer.id})
    setup = client.v1.setup_intents.confirm(setup.id, {"payment_method": method.id})
    assert setup.status in ("succeeded", "requires_action")
    return Card(customer.id, method.id)


def test_a_saved_card_pays_an_order_one_time_and_the_money_goes_back(provider: stripe_provider.Stripe) -> None:
    card = saved(PAYS)
    paid = provider.charge(Charge("an-order", 1, 299, "EUR", card))
    assert isinstance(paid, Payment) and (paid.order_id, paid.amount, paid.currency) == ("an-order", 299, "EUR")
    # It has no idempotency: what was paid before is found in the list of the customer's payments.
    assert provider.charge(Charge("an-order", 2, 299, "EUR", card)) == paid
    other = provider.charge(Charge("another-order", 1, 299, "EUR", card))
    assert isinstance(other, Payment) and other.reference != paid.reference
    assert provider.looked_up(Report("evt", "payment_intent", paid.reference)) == paid
    assert provider.refund(RefundRequest("r", paid.reference, 299, "EUR")).state == "succeeded"


@pytest.mark.parametrize(("number", "reason"), [(DECLINED, "declined"), (CONFIRMED, "authentication_required")])
def test_a_card_that_is_declined_says_why(provider: stripe_provider.Stripe, number: str, reason: str) -> None:
    card = saved(number)
    for _ in range(2):
        assert provider.charge(Charge("an-order", 1, 299, "EUR", card)) == Declined(reason)  # type: ignore[arg-type]


def test_of_a_customer_who_is_forgotten_nothing_is_left(provider: stripe_provider.Stripe) -> None:
    card = saved(PAYS)
    provider.forget_customer(card.customer)
    client = stripe_provider._client(3.0)
    assert client.v1.payment_methods.retrieve(card.payment_method).customer is None
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.customers.retrieve(card.customer)
