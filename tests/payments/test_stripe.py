"""Stripe as a provider: pages, webhooks of which only the ids are believed, refunds; and Stripe slow, down, at
fault."""

from __future__ import annotations

import itertools
import json
import os
import time
from functools import partial
from typing import Any

import pytest
import stripe

from chalicelib.errors import Unavailable
from chalicelib.orders import rules
from chalicelib.orders.actions.paying import PaymentMismatch
from chalicelib.payments import signatures, stripe_provider
from chalicelib.payments.rules import SignatureWrong
from chalicelib.payments.shapes import Dispute, Event, Payment, Refund, RefundRequest, Report
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto import DIES_AFTER, DIES_BEFORE
from tests.conftest import Home
from tests.infra.test_package_watch import rings
from tests.orders.payment_events import (
    event,
    invoices,
    order,
    payments,
    plan,
    reference_of,
    send,
    signature,
    state,
    tell,
)
from tests.payments import fake_stripe, stripe_events
from tests.payments.fake_stripe import FakeStripe, Fault
from tests.payments.test_payments import everything
from tests.plans.test_moves import hand_over
from tests.scene import at_once, lines_of, new_camera, rows
from tests.worlds.scenarios.steps import job

CHANGED, UNCHANGED = {"changed": True}, {"changed": False}
DAY = 86_400


def shown(home: Home, ordered: dict[str, Any]) -> str | None:
    answer = home.owner.call("GET", f"/orders/{ordered['order_id']}")
    assert answer.status == 200
    url: str | None = answer.json["checkout_url"]
    return url


def created(server: FakeStripe) -> list[tuple[dict[str, Any], str]]:
    """The pages that were wanted: parameters, and the number by which Stripe knows the request."""
    return [
        (params, headers["Idempotency-Key"])
        for method, path, params, headers in server.requests
        if (method, path) == ("POST", "/v1/checkout/sessions")
    ]


def news_of(kind: str, number: str) -> Event | None:
    return stripe_provider.Stripe().looked_up(Report("evt", kind, number))


def later(home: Home, seconds: float) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + seconds)


# ── The page where one pays ──────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_has_a_page_of_stripes_which_is_made_one_time_and_kept(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    ordered = order(stripe_home)
    (page,) = stripe_server.of_kind("checkout.session")
    assert ordered["checkout_url"] == page["url"] and len(page["url"]) > 300
    assert (page["amount_total"], page["currency"], page["client_reference_id"]) == (299, "eur", ordered["order_id"])
    for _ in range(3):
        assert shown(stripe_home, ordered) == page["url"]
    (listed,) = stripe_home.owner.call("GET", "/orders").json["items"]
    assert listed["checkout_url"] == page["url"]
    assert len(stripe_server.requests) == 1


def test_what_stripe_is_told_is_what_is_bought_and_nothing_of_the_person(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    stripe_home.owner.call("PATCH", "/me", {"language": "pl"})
    ordered = order(stripe_home)
    ((params, number),) = created(stripe_server)
    assert params == {
        "mode": "payment",
        "adaptive_pricing": {"enabled": "false"},
        "client_reference_id": ordered["order_id"],
        "metadata": {"order_id": ordered["order_id"]},
        "payment_intent_data": {"metadata": {"order_id": ordered["order_id"]}},
        "line_items": [
            {
                "quantity": "1",
                "price_data": {
                    "currency": "eur",
                    "unit_amount": "299",
                    "product_data": {"name": "Zdarzenia, 7 dni, na miesiąc"},
                },
            }
        ],
        "success_url": f"https://app.sowa.test/orders?order_id={ordered['order_id']}&checkout=paid",
        "cancel_url": f"https://app.sowa.test/orders?order_id={ordered['order_id']}&checkout=cancelled",
        "expires_at": str(int(stripe_home.world.now().timestamp()) + rules.PAYABLE_S),
        "locale": "pl",
        "allowed_payment_method_types": ["card"],
    }
    assert number == f"{ordered['order_id']}.0"
    said = json.dumps([params, stripe_server.requests[0][3]])
    assert ordered["order_id"] in said
    for known in (stripe_home.owner.email, "Ola", stripe_home.camera.device_id, stripe_home.camera.sn, "Yard"):
        assert known not in said


@pytest.mark.parametrize(
    ("method", "currency", "types"),
    [
        ("card", "PLN", ["card"]),
        ("blik", "PLN", ["blik"]),
        ("blik", "EUR", None),
        ("transfer", "EUR", ["p24"]),
        ("transfer", "USD", None),
        ("sandbox", "EUR", None),
    ],
)
def test_the_page_has_what_was_chosen_where_stripe_has_it_for_the_currency(
    stripe_home: Home, stripe_server: FakeStripe, method: str, currency: str, types: list[str] | None
) -> None:
    body = {"plan_id": "event-7-month", "device_id": stripe_home.camera.device_id, "payment_method": method}
    headers = {"Idempotency-Key": "order-key-0123456789"}
    answer = stripe_home.owner.call("POST", "/orders", {**body, "currency": currency}, headers=headers)
    assert answer.status == 201 and answer.json["checkout_url"] is not None
    ((params, _),) = created(stripe_server)
    assert params.get("allowed_payment_method_types") == types
    assert params["line_items"][0]["price_data"]["currency"] == currency.lower()


def test_stripes_library_says_nothing_of_this_machine_and_tries_one_time(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    order(stripe_home)
    stripe_server.faults.append(Fault(503, times=3))
    order(stripe_home)
    assert len(stripe_server.requests) == 2
    for _, _, _, headers in stripe_server.requests:
        said = json.loads(headers["X-Stripe-Client-User-Agent"])
        assert said["httplib"] == "urllib3" and not {"telemetry_id", "platform"} & said.keys()
        assert "X-Stripe-Client-Telemetry" not in headers
        assert headers["Stripe-Version"] == stripe.api_version


def test_the_free_plan_has_no_page(stripe_home: Home, stripe_server: FakeStripe) -> None:
    ordered = order(stripe_home, "free")
    assert (ordered["state"], ordered["checkout_url"], stripe_server.requests) == ("paid", None, [])
    assert order(stripe_home)["checkout_url"] is not None and len(stripe_server.requests) == 1


# ── Stripe slow, down, at fault ──────────────────────────────────────────────────────────────────────────────────────

FAULTS = {
    "down": Fault(503),
    "limiting": Fault(429, "rate_limit"),
    "busy with the same": Fault(409, "idempotency_key_in_use"),
    "at fault": Fault(500),
    "at fault after doing it": Fault(500, is_done=True),
    "not answering": Fault(0, is_done=True),
}


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stripe_provider, "_PATIENT_S", 0.2)
    monkeypatch.setattr(stripe_provider, "_WEBHOOK_S", 0.2)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("what", FAULTS)
def test_an_order_is_open_while_stripe_has_no_page_for_it_and_has_one_when_it_is_read(
    stripe_home: Home, stripe_server: FakeStripe, what: str
) -> None:
    stripe_server.faults.append(Fault(**vars(FAULTS[what])))
    ordered = order(stripe_home)
    assert (ordered["state"], ordered["checkout_url"]) == ("open", None)
    # A fault that Stripe answered it answers to this number again, for a day; so after ten minutes there is another.
    later(stripe_home, 600)
    url = shown(stripe_home, ordered)
    assert url is not None
    asked = len(stripe_server.requests)
    assert (shown(stripe_home, ordered), len(stripe_server.requests)) == (url, asked)
    page = next(one for one in stripe_server.of_kind("checkout.session") if one["url"] == url)
    assert page["client_reference_id"] == ordered["order_id"]
    assert tell(stripe_home, ordered).json == CHANGED
    assert state(stripe_home, ordered) == "paid"


@pytest.mark.usefixtures("_impatient")
def test_whose_answer_was_lost_is_shown_the_very_page_that_was_made(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    stripe_server.faults.append(Fault(0, is_done=True))
    ordered = order(stripe_home)
    assert ordered["checkout_url"] is None
    later(stripe_home, 500)
    (page,) = stripe_server.of_kind("checkout.session")
    assert shown(stripe_home, ordered) == page["url"]
    assert [number for _, number in created(stripe_server)] == [f"{ordered['order_id']}.0"] * 2
    assert len(stripe_server.of_kind("checkout.session")) == 1


def test_two_who_read_at_the_same_moment_are_shown_one_page(stripe_home: Home, stripe_server: FakeStripe) -> None:
    stripe_server.faults.append(Fault(503))
    ordered = order(stripe_home)
    later(stripe_home, 600)
    urls = at_once(*[lambda: shown(stripe_home, ordered)] * 3)
    (page,) = stripe_server.of_kind("checkout.session")
    assert urls == [page["url"]] * 3


def test_of_two_pages_that_are_both_paid_one_pays_and_the_other_is_owed_back(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    stripe_server.faults.append(Fault(500, is_done=True))
    ordered = order(stripe_home)
    later(stripe_home, 600)
    shown(stripe_home, ordered)
    pages = stripe_server.of_kind("checkout.session")
    assert len(pages) == 2
    # Stripe takes an end between half an hour and a day from then; the first page is over no earlier than the other.
    placed = stripe_home.world.now().timestamp() - 600
    assert {page["expires_at"] - placed for page in pages} == {DAY - 300}
    for nth, page in enumerate(pages):
        paid = fake_stripe.intent(stripe_server, f"pi_{nth}", ordered["order_id"], 299, "EUR")
        page.update(status="complete", payment_status="paid", payment_intent=paid["id"], url=None)
        body = fake_stripe.event(page, "checkout.session.completed")
        assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == CHANGED
    assert [(reference, said != "applied") for reference, _, said in payments(stripe_home, ordered)] == [
        ("pi_0", False), ("pi_1", True),
    ]  # fmt: skip
    assert len(invoices(stripe_home.world)) == 1


def test_an_order_of_yesterday_gets_no_page_any_more(stripe_home: Home, stripe_server: FakeStripe) -> None:
    stripe_server.faults.append(Fault(503))
    ordered = order(stripe_home)
    later(stripe_home, DAY + 1)
    stripe_home.owner.sign_in()
    assert shown(stripe_home, ordered) is None
    assert len(stripe_server.requests) == 1
    assert order(stripe_home)["checkout_url"] is not None


def test_an_order_that_was_paid_meanwhile_gets_no_page(stripe_home: Home, stripe_server: FakeStripe) -> None:
    stripe_server.faults.append(Fault(503))
    ordered = order(stripe_home)
    assert tell(stripe_home, ordered).json == CHANGED
    later(stripe_home, 600)
    assert shown(stripe_home, ordered) is None and len(created(stripe_server)) == 1
    assert shown(stripe_home, order(stripe_home)) is not None


def test_a_wrong_key_is_a_fault_that_an_operator_sees(
    stripe_home: Home, stripe_server: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(settings), "payment_api_key", "rk_test_of_somebody_else")
    body = {"plan_id": "event-7-month", "device_id": stripe_home.camera.device_id, "payment_method": "card"}
    answer = stripe_home.owner.call("POST", "/orders", body, headers={"Idempotency-Key": "order-key-0123456789"})
    assert answer.status == 500
    assert '"fault":"ProviderRefused"' in "".join(stripe_home.world.logs.lines())
    assert rows(stripe_home.world, "account/order") == []
    monkeypatch.setitem(vars(settings), "payment_api_key", fake_stripe.API_KEY)
    assert order(stripe_home)["state"] == "open"
    assert len(rows(stripe_home.world, "account/order")) == 1


def test_less_than_stripe_takes_is_refused_in_words(
    stripe_home: Home, stripe_server: FakeStripe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(fake_stripe.LEAST, "eur", 300)
    body = {"plan_id": "event-7-month", "device_id": stripe_home.camera.device_id, "payment_method": "card"}
    answer = stripe_home.owner.call("POST", "/orders", body, headers={"Idempotency-Key": "order-key-0123456789"})
    assert (answer.status, answer.json["code"]) == (409, "AmountTooSmall")
    assert "begin after" in answer.json["message"]
    assert rows(stripe_home.world, "account/order") == []
    monkeypatch.setitem(fake_stripe.LEAST, "eur", 299)
    assert order(stripe_home)["state"] == "open"
    assert len(rows(stripe_home.world, "account/order")) == 1


# ── Signatures ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_our_signature_is_the_one_of_stripes_library(stripe_home: Home) -> None:
    body = event(order(stripe_home))
    secret, at = os.environ["PAYMENT_WEBHOOK_SECRET"], int(stripe_home.world.now().timestamp())
    theirs = stripe.WebhookSignature.generate_signature_header(body.decode(), secret, at)
    assert theirs == signatures.header_of(body) == signature(stripe_home.world, body)
    assert stripe.WebhookSignature.verify_header(body, signatures.header_of(body), secret)
    assert send(stripe_home.world, body, theirs).json == CHANGED


def test_while_a_secret_is_replaced_one_of_two_signatures_is_enough(stripe_home: Home) -> None:
    body = event(order(stripe_home))
    good = signature(stripe_home.world, body)
    other = signature(stripe_home.world, body, secret="whsec_the_next_one").partition(",")[2]
    stamp, _, ours = good.partition(",")
    assert send(stripe_home.world, body, f"{stamp},{other},v0=1,{ours}").json == CHANGED
    body = event(order(stripe_home))
    good = signature(stripe_home.world, body)
    for header in (f"{stamp},{other},{other}", f"{stamp},v0={good[-64:]}", f"{stamp},{good}"):
        assert send(stripe_home.world, body, header).status == 400


def test_whatever_bit_is_another_nothing_is_believed(stripe_home: Home, stripe_server: FakeStripe) -> None:
    """Of the body and of the header; by the function alone, as a request for each would take minutes."""
    body = event(order(stripe_home))
    header = signatures.header_of(body)
    signatures.require(header, body)
    for at, bit in itertools.product(range(len(body)), range(8)):
        flipped = bytearray(body)
        flipped[at] ^= 1 << bit
        with pytest.raises(SignatureWrong):
            signatures.require(header, bytes(flipped))
    for at, bit in itertools.product(range(len(header)), range(7)):
        other = header[:at] + chr(ord(header[at]) ^ 1 << bit) + header[at + 1 :]
        # Nobody reads what stands before the time, and a space is none.
        with pytest.raises(SignatureWrong):
            signatures.require(other, body)
    asked = len(stripe_server.requests)
    assert send(stripe_home.world, body, header[:-1] + "ż").status == 400
    assert len(stripe_server.requests) == asked


# ── The truth is Stripe's, not the webhook's ─────────────────────────────────────────────────────────────────────────


def told(home: Home, said: dict[str, Any], kind: str, **other: Any) -> Response:
    body = fake_stripe.event(said, kind, **other)
    return send(home.world, body, signature(home.world, body))


def test_a_webhook_that_says_paid_pays_nothing_where_stripe_says_otherwise(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    ordered = order(stripe_home)
    (page,) = stripe_server.of_kind("checkout.session")
    lie = {**page, "payment_status": "paid", "status": "complete", "amount_total": 299}
    assert told(stripe_home, lie, "checkout.session.completed").json == UNCHANGED
    # Money on its way is none yet.
    coming = fake_stripe.intent(
        stripe_server, "pi_late", ordered["order_id"], 299, "EUR", status="processing", amount_received=0
    )
    page.update(status="complete", payment_intent="pi_late")
    assert told(stripe_home, page, "checkout.session.completed").json == UNCHANGED
    assert told(stripe_home, coming, "payment_intent.processing").json == UNCHANGED
    assert (state(stripe_home, ordered), plan(stripe_home)["state"]) == ("open", "none")
    coming.update(status="succeeded", amount_received=299)
    page.update(payment_status="paid")
    assert told(stripe_home, page, "checkout.session.async_payment_succeeded").json == CHANGED
    assert told(stripe_home, coming, "payment_intent.succeeded").json == UNCHANGED
    assert (state(stripe_home, ordered), plan(stripe_home)["state"]) == ("paid", "active")


def test_a_card_that_is_refused_leaves_the_page_open_for_another(stripe_home: Home, stripe_server: FakeStripe) -> None:
    ordered = order(stripe_home)
    (page,) = stripe_server.of_kind("checkout.session")
    tried = fake_stripe.intent(
        stripe_server, "pi_try", ordered["order_id"], 299, "EUR", status="requires_payment_method", amount_received=0
    )
    page["payment_intent"] = "pi_try"
    assert told(stripe_home, tried, "payment_intent.payment_failed").json == UNCHANGED
    assert told(stripe_home, page, "checkout.session.updated").json == UNCHANGED
    assert (state(stripe_home, ordered), shown(stripe_home, ordered)) == ("open", page["url"])
    # A page that says that it is paid is not enough: the payment has to say it.
    page.update(payment_status="paid")
    assert told(stripe_home, page, "checkout.session.completed").json == UNCHANGED
    page.update(payment_status="unpaid", status="complete")
    assert told(stripe_home, page, "checkout.session.async_payment_failed").json == CHANGED
    assert (state(stripe_home, ordered), shown(stripe_home, ordered)) == ("refused", None)


@pytest.mark.parametrize("first", ["checkout.session.completed", "payment_intent.succeeded"])
def test_events_of_one_payment_come_in_any_order_doubled_and_days_late(
    stripe_home: Home, stripe_server: FakeStripe, first: str
) -> None:
    ordered = order(stripe_home)
    event(ordered)
    page = stripe_server.objects[f"cs_paid_{reference_of(ordered)}"]
    paid = stripe_server.objects[reference_of(ordered)]
    later(stripe_home, 3 * DAY)
    kinds = [(page, "checkout.session.completed"), (paid, "payment_intent.succeeded")]
    kinds.sort(key=lambda one: one[1] != first)
    answers = [told(stripe_home, said, kind).json for said, kind in [*kinds, *kinds, *reversed(kinds)]]
    assert answers == [CHANGED, *[UNCHANGED] * 5]
    stripe_home.owner.sign_in()
    assert payments(stripe_home, ordered) == [(reference_of(ordered), 299, "applied")]
    assert len(invoices(stripe_home.world)) == 1


def test_what_is_nowhere_at_our_stripe_changes_nothing(stripe_home: Home, stripe_server: FakeStripe) -> None:
    """Of another account, or made in test mode: a signature alone buys nothing."""
    ordered = order(stripe_home)
    before = everything(stripe_home.world)
    for kind in ("checkout.session", "payment_intent", "dispute", "refund"):
        said = {"id": "xx_of_another_account", "object": kind}
        assert told(stripe_home, said, f"{kind}.succeeded", account="acct_1").json == UNCHANGED
    assert len(stripe_server.requests) == 5
    assert everything(stripe_home.world) == before
    assert tell(stripe_home, ordered).json == CHANGED


def test_what_is_sold_by_the_same_account_but_not_by_us_changes_nothing(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    ordered = order(stripe_home)
    paid = fake_stripe.intent(stripe_server, "pi_shop", "x", 299, "EUR", metadata={})
    page = fake_stripe.session(
        stripe_server, "cs_shop", "cart-7", 299, "EUR", status="complete", payment_status="paid", metadata={},
        payment_intent="pi_shop",
    )  # fmt: skip
    for said, kind in ((paid, "payment_intent.succeeded"), (page, "checkout.session.completed")):
        assert told(stripe_home, said, kind).json == UNCHANGED
    for kind in ("customer.created", "invoice.paid", "product.updated"):
        assert told(stripe_home, {"id": "x_1", "object": kind.partition(".")[0]}, kind).json == UNCHANGED
    assert rows(stripe_home.world, "payments/payment", "Fiscal") == []
    assert tell(stripe_home, ordered).json == CHANGED
    assert len(rows(stripe_home.world, "payments/payment", "Fiscal")) == 1


def test_a_page_and_its_payment_that_name_two_orders_pay_neither(stripe_home: Home, stripe_server: FakeStripe) -> None:
    mine, other = order(stripe_home), order(stripe_home)
    fake_stripe.intent(stripe_server, "pi_two", other["order_id"], 299, "EUR")
    page = fake_stripe.session(
        stripe_server, "cs_two", mine["order_id"], 299, "EUR", status="complete", payment_status="paid",
        payment_intent="pi_two",
    )  # fmt: skip
    assert told(stripe_home, page, "checkout.session.completed").json == CHANGED
    assert {state(stripe_home, mine), state(stripe_home, other)} == {"open"}
    (noted,) = rows(stripe_home.world, "payments/payment", "Fiscal")
    assert (noted["payment_reference"], noted["reason"]) == ("pi_two", "order_unknown")


def test_the_order_of_another_person_is_not_paid_by_its_name_alone(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    """An order's id begins with its owner's: put together of two, it is the id of none."""
    camera = new_camera(stripe_home.world, "SN0002", owner=stripe_home.stranger)
    theirs = stripe_home.stranger.order(camera.device_id).json
    mixed = stripe_home.owner.account_id + theirs["order_id"].removeprefix(stripe_home.stranger.account_id)
    assert tell(stripe_home, theirs, order_id=mixed).json == CHANGED
    (noted,) = rows(stripe_home.world, "payments/payment", "Fiscal")
    assert noted["reason"] == "order_unknown"
    assert stripe_home.stranger.call("GET", f"/orders/{theirs['order_id']}").json["state"] == "open"


def test_money_that_went_back_before_we_heard_of_it_buys_nothing(stripe_home: Home, stripe_server: FakeStripe) -> None:
    ordered = order(stripe_home)
    body = event(ordered)
    charge = stripe_server.objects[f"ch_{reference_of(ordered)}"]
    charge.update(amount_refunded=299, refunded=True)
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == UNCHANGED
    assert (state(stripe_home, ordered), plan(stripe_home)["state"]) == ("open", "none")
    charge.update(amount_refunded=100)  # of a part of it, it is said when that is asked for
    body = fake_stripe.event(stripe_server.objects[reference_of(ordered)], "payment_intent.succeeded")
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == CHANGED


@pytest.mark.parametrize("at", ["checkout.session", "payment_intent"])
@pytest.mark.parametrize("strange", [{"status": 7}, {"currency": None, "status": "succeeded"}, {"metadata": ["x"]}])
def test_an_answer_of_stripes_that_cannot_be_read_is_a_fault_of_its_which_may_pass(
    stripe_home: Home, stripe_server: FakeStripe, monkeypatch: pytest.MonkeyPatch, at: str, strange: dict[str, Any]
) -> None:
    monkeypatch.setattr(fake_stripe, "require_said", lambda said: None)
    event(order(stripe_home))
    said = stripe_server.of_kind(at)[-1]
    said.update(strange)
    if at == "checkout.session" and "currency" in strange:
        said.update(status="expired", payment_intent=None, currency=3)
    assert told(stripe_home, said, f"{at}.succeeded").json == UNCHANGED
    assert len(rows(stripe_home.world, "delayed-events/delayed-event")) == 1
    assert plan(stripe_home)["state"] == "none"


# ── What could not be looked up when it came ─────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("what", ["down", "limiting", "at fault", "not answering"])
def test_an_event_that_stripe_does_not_answer_for_is_kept_and_looked_up_by_the_clock(
    stripe_home: Home, stripe_server: FakeStripe, what: str
) -> None:
    ordered = order(stripe_home)
    body = event(ordered)
    # When it comes, a moment later, and at the first look of the clock.
    stripe_server.faults.append(Fault(**{**vars(FAULTS[what]), "method": "GET", "times": 3, "is_done": False}))
    began = time.monotonic()
    answer = send(stripe_home.world, body, signature(stripe_home.world, body))
    assert (answer.status, answer.json) == (200, UNCHANGED)
    assert time.monotonic() - began < 3
    stripe_home.world.settle()
    assert stripe_home.world.run_schedule("look_up_delayed_events") == {"changed": 0}
    assert (state(stripe_home, ordered), stripe_server.faults) == ("open", [])
    assert len(rows(stripe_home.world, "delayed-events/delayed-event")) == 1
    later(stripe_home, 3601)
    stripe_server.faults.append(Fault(503, method="GET"))
    stripe_home.world.run_schedule("look_up_delayed_events")
    assert rings(stripe_home.world, "PaymentsLate")
    stripe_home.owner.sign_in()
    assert stripe_home.world.run_schedule("look_up_delayed_events") == {"changed": 1}
    assert not rings(stripe_home.world, "PaymentsLate")
    assert (state(stripe_home, ordered), plan(stripe_home)["state"]) == ("paid", "active")
    assert rows(stripe_home.world, "delayed-events/delayed-event") == []
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == UNCHANGED
    assert stripe_home.world.run_schedule("look_up_delayed_events") == {"changed": 0}
    assert len(invoices(stripe_home.world)) == 1 and stripe_home.world.failures == []


@pytest.mark.usefixtures("_impatient")
def test_an_event_that_was_kept_is_looked_up_a_moment_later(stripe_home: Home, stripe_server: FakeStripe) -> None:
    ordered = order(stripe_home)
    body = event(ordered)
    stripe_server.faults.append(Fault(503, method="GET"))
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == UNCHANGED
    stripe_home.world.settle()
    assert (state(stripe_home, ordered), len(invoices(stripe_home.world))) == ("paid", 1)


@pytest.mark.usefixtures("_impatient")
def test_an_event_that_comes_again_while_it_is_kept_is_applied_one_time(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    ordered = order(stripe_home)
    body = event(ordered)
    stripe_server.faults.append(Fault(503, method="GET", times=2))
    answers = [send(stripe_home.world, body, signature(stripe_home.world, body)).json for _ in range(4)]
    assert answers == [UNCHANGED, UNCHANGED, CHANGED, UNCHANGED]
    stripe_home.world.settle()
    assert stripe_home.world.run_schedule("look_up_delayed_events") == {"changed": 0}
    assert len(invoices(stripe_home.world)) == 1
    assert rows(stripe_home.world, "delayed-events/delayed-event") == []


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("by", ["on_event_delayed", "look_up_delayed_events"])
def test_news_of_another_amount_that_was_kept_is_logged_once_and_rings_for_a_day(
    stripe_home: Home, stripe_server: FakeStripe, by: str
) -> None:
    """Nobody hears a refusal; the order stays as it is, and an operator has to look."""
    world, job = stripe_home.world, "look_up_delayed_events"
    ordered = order(stripe_home)
    body = event(ordered, "expired", amount=298)
    stripe_server.faults.append(Fault(503, method="GET", times=1 if by == "on_event_delayed" else 2))
    assert send(world, body, signature(world, body)).json == UNCHANGED
    world.settle()
    if by == job:
        with pytest.raises(PaymentMismatch):
            world.run_schedule(job)
        world.functions.failures.clear()
    assert any("PaymentMismatch" in line for line in lines_of(world))
    assert send(world, body, signature(world, body)).json == UNCHANGED
    later(stripe_home, 3601)
    assert world.run_schedule(job) == {"changed": 0}
    assert rings(world, "PaymentsLate")
    stripe_home.owner.sign_in()
    assert state(stripe_home, ordered) == "open"
    later(stripe_home, 24 * 3600)
    assert world.run_schedule(job) == {"changed": 0}
    assert not rings(world, "PaymentsLate")
    assert world.failures == []


def test_an_event_is_known_again_for_thirty_days_and_stripe_is_not_asked(
    stripe_home: Home, stripe_server: FakeStripe
) -> None:
    body = event(order(stripe_home))
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == CHANGED
    asked = len(stripe_server.requests)
    for days in (3, 26):
        later(stripe_home, days * DAY)
        assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == UNCHANGED
    assert len(stripe_server.requests) == asked
    later(stripe_home, DAY + 1)
    assert send(stripe_home.world, body, signature(stripe_home.world, body)).json == UNCHANGED
    assert len(stripe_server.requests) == asked + 1
    assert len(invoices(stripe_home.world)) == 1


@pytest.mark.parametrize("how", [DIES_BEFORE, DIES_AFTER])
def test_a_webhook_that_dies_anywhere_is_told_again_and_counts_one_time(
    stripe_home: Home, stripe_server: FakeStripe, how: Any
) -> None:
    ordered = order(stripe_home)
    stripe_home.world.settle()
    body, world = event(ordered), stripe_home.world
    before = world.snapshot()
    world.trace.clear()
    assert send(world, body, signature(world, body)).json == CHANGED
    calls = len(world.trace.names())
    assert 3 <= calls <= 6
    for nth in range(1, calls + 1):
        world.restore(before)
        world.faults.fail(nth, how)
        assert send(world, body, signature(world, body)).status >= 500
        assert len(world.faults.fired) == 1
        world.faults.clear()
        assert send(world, body, signature(world, body)).status == 200
        world.settle()
        assert (state(stripe_home, ordered), len(invoices(world))) == ("paid", 1)
        assert payments(stripe_home, ordered) == [(reference_of(ordered), 299, "applied")]


def test_events_of_one_payment_at_the_same_moment_count_one_time(stripe_home: Home, stripe_server: FakeStripe) -> None:
    ordered = order(stripe_home)
    same = event(ordered)
    other = fake_stripe.event(stripe_server.objects[reference_of(ordered)], "payment_intent.succeeded")
    world = stripe_home.world
    acts = [lambda body=body: send(world, body, signature(world, body)) for body in (same, same, other)]
    answers = at_once(*acts)
    assert {answer.status for answer in answers} == {200}
    assert [answer.json for answer in answers].count(CHANGED) == 1
    assert (state(stripe_home, ordered), len(invoices(stripe_home.world))) == ("paid", 1)
    assert payments(stripe_home, ordered) == [(reference_of(ordered), 299, "applied")]


@pytest.mark.parametrize("how", [DIES_BEFORE, DIES_AFTER])
def test_a_webhook_that_dies_twice_in_a_row_counts_one_time(
    stripe_home: Home, stripe_server: FakeStripe, how: Any
) -> None:
    ordered = order(stripe_home)
    stripe_home.world.settle()
    body, world = event(ordered), stripe_home.world
    before = world.snapshot()
    for first, second in itertools.product(range(1, 6), range(1, 6)):
        world.restore(before)
        for nth in (first, second):
            world.faults.clear()
            world.faults.fail(nth, how)
            send(world, body, signature(world, body))
        world.faults.clear()
        assert send(world, body, signature(world, body)).status == 200
        world.settle()
        assert (state(stripe_home, ordered), len(invoices(world))) == ("paid", 1)


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("how", [DIES_BEFORE, DIES_AFTER])
@pytest.mark.parametrize("by", ["on_event_delayed", "look_up_delayed_events"])
def test_a_look_that_dies_anywhere_is_made_again(
    stripe_home: Home, stripe_server: FakeStripe, how: Any, by: str
) -> None:
    ordered, world = order(stripe_home), stripe_home.world
    world.settle()
    stripe_server.faults.append(Fault(503, method="GET", times=1 if by == "on_event_delayed" else 2))
    body = event(ordered)
    assert send(world, body, signature(world, body)).json == UNCHANGED
    if by == "look_up_delayed_events":
        world.settle()
    before, looked = world.snapshot(), world.settle if by == "on_event_delayed" else partial(job, world, by)
    assert stripe_server.faults == []
    for nth in itertools.count(1):
        world.restore(before)
        world.faults.fail(nth, how)
        looked()
        fired = len(world.faults.fired)
        world.faults.clear()
        world.settle()
        job(world, "look_up_delayed_events")
        assert (state(stripe_home, ordered), len(invoices(world))) == ("paid", 1)
        assert rows(world, "delayed-events/delayed-event") == []
        if not fired:
            break
    assert nth > 5  # all its calls


# ── Disputes and refunds, as they are told ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("needs_response", "opened"),
        ("under_review", "opened"),
        ("won", "won"),
        ("lost", "lost"),
        ("appeal_under_review", "lost"),
        ("warning_needs_response", None),
        ("warning_closed", None),
        ("prevented", None),
    ],
)
def test_a_dispute_is_what_stripe_says_of_it_now(
    stripe_server: FakeStripe, world: LocalCloud, status: str, outcome: Any
) -> None:
    fake_stripe.intent(stripe_server, "pi_1", "an-order", 299, "EUR")
    fake_stripe.dispute(stripe_server, "dp_1", "pi_1", status).update(amount=100)
    found = news_of("dispute", "dp_1")
    assert found == (None if outcome is None else Dispute("an-order", outcome, "pi_1", "dp_1", 100, "EUR"))


WANTED = RefundRequest("refund-1", "pi_1", 299, "EUR")


def refunds(server: FakeStripe) -> list[tuple[str, int]]:
    return [(one["metadata"].get("refund_id", ""), one["amount"]) for one in server.of_kind("refund")]


@pytest.mark.parametrize("where", ["with its buyer", "handed over", "nothing is left"])
def test_a_dispute_that_is_lost_takes_six_aws_calls_at_most(
    stripe_home: Home, stripe_server: FakeStripe, where: str
) -> None:
    """Each is one more that can die in the middle of a webhook, which is answered in three seconds."""
    home, ordered = stripe_home, order(stripe_home)
    assert tell(home, ordered).json == CHANGED
    home.world.settle()
    if where == "handed over":
        assert hand_over(home, with_plan=True).status == 201
    later(home, {"nothing is left": 31 * DAY}.get(where, DAY))
    said = fake_stripe.dispute(stripe_server, "dp_1", reference_of(ordered), "lost")
    body = fake_stripe.event(said, "charge.dispute.closed")
    signed = signature(home.world, body)
    assert home.world.call("GET", "/plans").status == 200  # the hour's key of the log is made
    home.world.settle()
    with home.world.aws.lock:  # no listener follows yet
        home.world.trace.clear()
        assert send(home.world, body, signed).json == CHANGED
        calls = home.world.trace.names()
    assert 0 < len(calls) <= 6, calls


@pytest.fixture
def paid(stripe_server: FakeStripe, world: LocalCloud) -> FakeStripe:
    fake_stripe.intent(stripe_server, "pi_1", "an-order", 299, "EUR")
    return stripe_server


def test_a_refund_is_made_one_time_also_weeks_apart(paid: FakeStripe, world: LocalCloud) -> None:
    provider = stripe_provider.Stripe()
    first = provider.refund(WANTED)
    assert (first.refund_id, first.state) == ("refund-1", "succeeded")
    paid.forget_answers()  # as Stripe does after a day
    world.clock.move_to(world.now().timestamp() + 40 * DAY)
    assert provider.refund(WANTED) == first
    assert refunds(paid) == [("refund-1", 299)]
    assert news_of("refund", first.refund_reference) == first


def test_two_refunds_of_one_payment_are_two(paid: FakeStripe) -> None:
    provider = stripe_provider.Stripe()
    parts = [RefundRequest(name, "pi_1", amount, "EUR") for name, amount in (("a", 100), ("b", 199), ("a", 100))]
    assert [provider.refund(one).state for one in parts] == ["succeeded"] * 3
    assert refunds(paid) == [("a", 100), ("b", 199)]


@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("what", FAULTS)
def test_a_refund_that_met_a_fault_is_asked_for_again_and_made_one_time(paid: FakeStripe, what: str) -> None:
    provider = stripe_provider.Stripe()
    paid.faults.append(Fault(**{**vars(FAULTS[what]), "method": "POST"}))
    with pytest.raises(Unavailable):
        provider.refund(WANTED)
    assert paid.faults == []
    is_done = FAULTS[what].is_done
    assert refunds(paid) == ([("refund-1", 299)] if is_done else [])
    if not is_done and FAULTS[what].status in (500, 503):
        with pytest.raises(Unavailable):  # by the same number the same fault, for a day
            provider.refund(WANTED)
        paid.forget_answers()
    assert provider.refund(WANTED).state == "succeeded"
    assert refunds(paid) == [("refund-1", 299)]


def test_what_went_back_by_stripes_own_pages_has_gone_back(paid: FakeStripe) -> None:
    made = fake_stripe.create_refund(paid, {"payment_intent": "pi_1"})
    assert stripe_provider.Stripe().refund(WANTED) == Refund("refund-1", "succeeded", made["id"])
    assert news_of("refund", made["id"]) is None
    assert refunds(paid) == [("", 299)]


def test_what_is_disputed_is_asked_for_later_and_what_is_nowhere_does_not_go_back(paid: FakeStripe) -> None:
    paid.objects["ch_pi_1"]["disputed"] = True
    provider = stripe_provider.Stripe()
    with pytest.raises(Unavailable):  # until its dispute is over
        provider.refund(WANTED)
    assert provider.refund(RefundRequest("r", "pi_nowhere", 1, "EUR")).state == "failed"
    assert refunds(paid) == []


@pytest.mark.parametrize("code", ["refund_disputed_payment", "balance_insufficient", "lock_timeout", ""])
def test_what_is_refused_for_now_stays_due(paid: FakeStripe, code: str) -> None:
    paid.faults.append(fake_stripe.Fault(400, code=code, method="POST"))
    provider = stripe_provider.Stripe()
    with pytest.raises(Unavailable):
        provider.refund(WANTED)
    paid.forget_answers()
    assert provider.refund(WANTED).state == "succeeded"


def test_a_refund_is_not_lost_by_a_wrong_key(paid: FakeStripe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(settings), "payment_api_key", "rk_test_of_somebody_else")
    with pytest.raises(Unavailable):
        stripe_provider.Stripe().refund(WANTED)
    monkeypatch.setitem(vars(settings), "payment_api_key", fake_stripe.API_KEY)
    assert stripe_provider.Stripe().refund(WANTED).state == "succeeded"


@pytest.mark.parametrize(
    ("status", "said"),
    [("pending", "pending"), ("requires_action", "pending"), ("failed", "failed"), ("canceled", "failed")],
)
def test_a_refund_is_told_as_far_as_it_is(paid: FakeStripe, status: str, said: str) -> None:
    provider = stripe_provider.Stripe()
    made = provider.refund(WANTED)
    paid.objects[made.refund_reference]["status"] = status
    assert provider.refund(WANTED) == Refund("refund-1", said, made.refund_reference)  # type: ignore[arg-type]
    assert news_of("refund", made.refund_reference) == Refund("refund-1", said, made.refund_reference)  # type: ignore[arg-type]


def test_the_fake_refuses_what_the_library_does_not_know(stripe_server: FakeStripe) -> None:
    for strange in ({"payment_method_types": ["card"]}, {"line_items": [{"price_data": {"nme": "x"}}]}):
        with pytest.raises(AssertionError):
            fake_stripe.require_fit(strange, fake_stripe.SessionCreateParams)
    for said in ({"object": "dispute", "status": "lsot"}, {"object": "refund", "colour": "red"}):
        with pytest.raises(AssertionError):
            fake_stripe.require_said(said)
    fake_stripe.require_said({"object": "dispute", "status": "lost"})


def test_the_fake_knows_a_payment_from_its_kind(stripe_server: FakeStripe, world: LocalCloud) -> None:
    stripe_events.event_of("an-order", "paid", 299, "EUR", "pi_9")
    assert news_of("payment_intent", "pi_9") == Payment("an-order", "paid", 299, "EUR", "pi_9")
