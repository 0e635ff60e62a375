"""What a provider's webhook says becomes of an order: once, from the right hand, for the right amount."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import clock
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.orders.payment_events import (
    event,
    invoices,
    is_nothing_invoiced,
    mails_of_payment,
    mails_of_refund,
    numbers,
    order,
    payments,
    plan,
    received,
    reference_of,
    send,
    signature,
    state,
    tell,
)
from tests.scene import at_once, granted, just_before, new_camera, rows

DAY = 86_400
CHANGED, UNCHANGED = {"changed": True}, {"changed": False}


def everything(world: LocalCloud) -> dict[str, Any]:
    """But which events of a provider's were taken."""
    return {
        table: [row for row in found if not row["pk"].startswith("provider-event")]
        for table, found in world.dump()["tables"].items()
    }


# ── Paid ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_payment_makes_the_order_paid_the_plan_active_and_an_invoice(home: Home) -> None:
    ordered = order(home)
    home.world.clock.move_to(home.world.now().timestamp() + 100)
    answer = tell(home, ordered)
    assert (answer.status, answer.json) == (200, CHANGED)
    paid = home.owner.call("GET", f"/orders/{ordered['order_id']}").json
    reference = reference_of(ordered)
    payment = {"reference": reference, "amount": ordered["amount"], "state": "applied", "at": "2026-01-05T08:01:40Z"}
    assert paid.pop("payments") == [{**payment, "refund": None, "dispute": None}]
    assert {**ordered, **paid} == {
        **ordered, "state": "paid", "invoice_number": "S-2026-000001", "checkout_url": None
    }  # fmt: skip
    had = plan(home)
    assert (had["state"], had["plan_id"], had["until"]) == ("active", "event-7-month", "2026-02-04T08:01:40Z")
    assert numbers(home.world) == ["S-2026-000001"]


def test_the_sandboxs_own_page_says_the_same(sandbox_home: Home) -> None:
    from tests.scene import pay

    ordered = order(sandbox_home)
    assert pay(sandbox_home.world, ordered["order_id"]).json == CHANGED
    assert state(sandbox_home, ordered) == "paid"


@pytest.mark.parametrize("times", [2, 5])
def test_a_payment_told_of_often_is_one_payment(home: Home, times: int) -> None:
    ordered = order(home)
    answers = [tell(home, ordered).json for _ in range(times)]
    assert answers == [CHANGED, *[UNCHANGED] * (times - 1)]
    assert plan(home)["until"] == "2026-02-04T08:00:00Z"
    assert len(invoices(home.world)) == len(mails_of_payment(home.world)) == 1


@pytest.mark.one_in(2)
@pytest.mark.parametrize("outcomes", list(itertools.permutations(["refused", "expired", "paid", "paid"], 3)))
def test_in_whatever_order_it_is_told_money_counts_once_and_buys_nothing_that_is_over(
    home: Home, outcomes: tuple[str, ...]
) -> None:
    ordered = order(home)
    for outcome in outcomes:
        assert tell(home, ordered, outcome).status == 200
    is_over = "expired" in outcomes[: outcomes.index("paid")] if "paid" in outcomes else False
    assert state(home, ordered) == ("refund_due" if is_over else "paid" if "paid" in outcomes else "expired")
    assert [one for _, _, one in payments(home, ordered)] == (["refund_due"] if is_over else ["applied"])
    assert len(invoices(home.world)) == (not is_over)
    assert is_nothing_invoiced(home.world) == is_over


def test_what_was_refused_grants_nothing_and_can_still_be_paid(home: Home) -> None:
    ordered = order(home)
    assert tell(home, ordered, "refused").json == CHANGED
    assert tell(home, ordered, "refused").json == UNCHANGED
    assert home.owner.call("GET", f"/orders/{ordered['order_id']}").json == {
        **ordered,
        "state": "refused",
        "checkout_url": None,
    }
    assert (plan(home)["state"], invoices(home.world), mails_of_payment(home.world)) == ("none", [], [])
    assert tell(home, ordered).json == CHANGED
    assert (state(home, ordered), plan(home)["state"]) == ("paid", "active")
    assert len(invoices(home.world)) == len(mails_of_payment(home.world)) == 1


@pytest.mark.parametrize("outcome", ["refused", "expired"])
def test_what_was_paid_stays_paid(home: Home, outcome: str) -> None:
    ordered = order(home)
    tell(home, ordered)
    assert tell(home, ordered, outcome).json == UNCHANGED
    assert state(home, ordered) == "paid"


# ── Signatures ───────────────────────────────────────────────────────────────────────────────────────────────────────

Sign = Callable[[LocalCloud, bytes], str | None]


def now_s(world: LocalCloud) -> int:
    return int(world.now().timestamp())


WRONG: dict[str, Sign] = {
    "none": lambda world, body: None,
    "empty": lambda world, body: "",
    "nonsense": lambda world, body: "t=,v1=,,=",
    "another secret's": lambda world, body: signature(world, body, secret="whsec_of_somebody_else"),
    "of another body": lambda world, body: signature(world, body + b" "),
    "without a time": lambda world, body: signature(world, body).partition(",")[2],
    "without itself": lambda world, body: signature(world, body).partition(",")[0],
    "with another time": lambda world, body: signature(world, body).replace("t=", "t=1"),
    "too old": lambda world, body: signature(world, body, at=now_s(world) - 301),
    "from tomorrow": lambda world, body: signature(world, body, at=now_s(world) + 301),
    "at no time": lambda world, body: signature(world, body, at="now"),
    "at a time of more digits than a number may have": lambda world, body: signature(world, body, at="9" * 5000),
    "at a time in strange digits": lambda world, body: signature(world, body, at="".join(
        chr(0x660 + int(digit)) for digit in str(now_s(world))
    )).encode().decode("latin-1"),
    "shortened": lambda world, body: signature(world, body)[:-1],
    "in capitals": lambda world, body: signature(world, body).upper().replace("T=", "t=").replace("V1=", "v1="),
}  # fmt: skip


@pytest.mark.parametrize("how", WRONG)
def test_an_event_without_the_right_signature_is_refused_and_changes_nothing(home: Home, how: str) -> None:
    ordered = order(home)
    before = everything(home.world)
    body = event(ordered)
    answer = send(home.world, body, WRONG[how](home.world, body))
    assert (answer.status, answer.json["code"]) == (400, "SignatureWrong")
    assert everything(home.world) == before
    assert mails_of_payment(home.world) == []


@pytest.mark.parametrize("age", [-300, 0, 300])
def test_a_signature_is_good_for_five_minutes(home: Home, age: int) -> None:
    body = event(order(home))
    assert send(home.world, body, signature(home.world, body, at=now_s(home.world) - age)).json == CHANGED


def test_a_signature_is_over_the_very_bytes(home: Home) -> None:
    body = event(order(home))
    spaced = json.dumps(json.loads(body), indent=2).encode()
    assert send(home.world, spaced, signature(home.world, body)).status == 400
    assert send(home.world, spaced, signature(home.world, spaced)).json == CHANGED


def test_a_signature_that_is_checked_costs_no_call_when_it_is_wrong(home: Home) -> None:
    body = event(order(home))
    home.world.trace.clear()
    send(home.world, body, "t=1,v1=0")
    assert home.world.trace.names() == []


@pytest.mark.parametrize("provider", ["paypal", "Sandbox", "Stripe", "stripe2", "%20"])
def test_a_provider_that_is_not_ours_is_unknown(home: Home, provider: str) -> None:
    body = event(order(home))
    answer = send(home.world, body, signature(home.world, body), provider)
    assert (answer.status, answer.json["code"]) == (404, "ProviderUnknown")


# ── What does not fit ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", ["refused", "expired"])
@pytest.mark.parametrize("altered", [{"amount": 298}, {"amount": 300}, {"amount": -299}, {"currency": "PLN"}])
def test_news_of_another_amount_is_refused(home: Home, altered: dict[str, Any], outcome: str) -> None:
    ordered = order(home)
    before = everything(home.world)
    answer = tell(home, ordered, outcome, **altered)
    assert (answer.status, answer.json["code"]) == (422, "PaymentMismatch")
    assert "amount" in answer.json["fields"]
    assert everything(home.world) == before
    assert tell(home, ordered).json == CHANGED


@pytest.mark.parametrize("altered", [{"amount": 298}, {"amount": 300}, {"amount": 0}, {"currency": "PLN"}])
def test_money_that_is_not_the_orders_amount_buys_nothing_is_owed_back_and_told(
    home: Home, altered: dict[str, Any]
) -> None:
    ordered = order(home)
    for answer in (CHANGED, UNCHANGED):
        assert tell(home, ordered, reference="pi_other", **altered).json == answer
    amount = {"amount": 299, **altered}["amount"]
    assert (state(home, ordered), payments(home, ordered)) == ("open", [("pi_other", amount, "refund_due")])
    assert (plan(home)["state"], invoices(home.world), len(mails_of_refund(home.world))) == ("none", [], 1)
    assert tell(home, ordered).json == CHANGED
    assert (state(home, ordered), plan(home)["state"]) == ("paid", "active")
    assert sorted(one for _, _, one in payments(home, ordered)) == ["applied", "refunded" if amount else "refund_due"]


def test_a_payment_of_an_order_that_is_nowhere_is_noted_and_owed_back(home: Home) -> None:
    ordered = order(home)
    ids = ("", "x", ordered["order_id"][:-1], home.stranger.account_id + ordered["order_id"][26:], "ż" * 128)
    for nth, order_id in enumerate(ids):
        for answer in (CHANGED, UNCHANGED):
            told = tell(home, ordered, order_id=order_id, reference=f"pi_{nth}")
            assert (told.status, told.json) == (200, answer)
    noted = received(home.world)
    assert [one["payment_reference"] for one in noted] == [f"pi_{nth}" for nth in range(len(ids))]
    assert {(one["state"], one["reason"], one["amount"]) for one in noted} == {("refunded", "order_unknown", 299)}
    assert state(home, ordered) == "open"
    assert is_nothing_invoiced(home.world)


def test_news_without_money_of_an_order_that_is_nowhere_changes_nothing(home: Home) -> None:
    ordered = order(home)
    before = everything(home.world)
    for order_id in ("", "x", ordered["order_id"][:-1]):
        answer = tell(home, ordered, "refused", order_id=order_id)
        assert (answer.status, answer.json) == (200, UNCHANGED)
    assert everything(home.world) == before


@pytest.mark.parametrize(
    "altered",
    [
        {"reference": ""},
        {"reference": "r" * 256},
        {"currency": "eur"},
        {"currency": "EUR\n"},
        {"amount": 2**53 + 1},
        {"amount": 10**40},
        {"order_id": "o" * 129},
    ],
)
def test_a_payment_that_says_what_no_payment_can_say_is_refused(sandbox_home: Home, altered: dict[str, Any]) -> None:
    before = everything(sandbox_home.world)
    answer = tell(sandbox_home, {"order_id": "x", "amount": {"amount": 299, "currency": "EUR"}}, **altered)
    assert (answer.status, answer.json["code"]) == (400, "Malformed")
    assert everything(sandbox_home.world) == before


@pytest.mark.parametrize("told", ["customer.created", "payment.disputed", "payment.", "payment", None])
def test_an_event_that_tells_of_something_else_changes_nothing(sandbox_home: Home, told: str | None) -> None:
    ordered = order(sandbox_home)
    said = json.loads(event(ordered, "disputed"))
    body = json.dumps({**said, "type": told}).encode()
    answer = send(sandbox_home.world, body, signature(sandbox_home.world, body))
    assert (answer.status, answer.json) == (200, UNCHANGED)
    assert state(sandbox_home, ordered) == "open"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"type": 7}',
        b'{"type": "payment.paid"}',
        b'{"type": "payment.paid", "payment": null}',
        b'{"type": "payment.paid", "payment": {"order_id": 1, "outcome": "paid"}}',
        pytest.param(b'{"other": ' + b"[" * 9_999 + b"]" * 9_999 + b', "type": "payment.paid"}', id="deep"),
    ],
)
def test_an_event_that_cannot_be_read_is_refused_though_it_is_signed(home: Home, body: bytes) -> None:
    before = everything(home.world)
    answer = send(home.world, body, signature(home.world, body))
    assert (answer.status, answer.json["code"]) == (400, "Malformed")
    assert everything(home.world) == before


# ── A second payment, and one that comes too late ────────────────────────────────────────────────────────────────────


def test_an_order_that_is_paid_twice_says_so_and_its_buyer_is_told(home: Home) -> None:
    """By card, then by transfer."""
    ordered = order(home)
    assert [tell(home, ordered, reference=one).json for one in ("card-1", "transfer-2")] == [CHANGED, CHANGED]
    assert payments(home, ordered) == [("card-1", 299, "applied"), ("transfer-2", 299, "refund_due")]
    assert home.owner.call("GET", "/orders").json["items"][0]["payments"][1]["reference"] == "transfer-2"
    assert (state(home, ordered), plan(home)["until"]) == ("paid", "2026-02-04T08:00:00Z")
    assert len(invoices(home.world)) == len(mails_of_payment(home.world)) == 1
    (mail,) = mails_of_refund(home.world)
    assert mail["subject"] == "Your payment of 2.99 EUR is owed back"
    assert "the order had been paid before" in mail["text"] and "transfer-2" in mail["text"]


def test_each_of_two_payments_counts_once_however_often_it_is_told(home: Home) -> None:
    ordered = order(home)
    told = [tell(home, ordered, reference=one).json for one in ("a", "b", "a", "b", "b", "a")]
    assert told == [CHANGED, CHANGED, *[UNCHANGED] * 4]
    assert payments(home, ordered) == [("a", 299, "applied"), ("b", 299, "refund_due")]
    assert len(mails_of_refund(home.world)) == 1


def test_the_same_number_at_another_order_is_the_same_money(home: Home) -> None:
    one, other = order(home), order(home)
    assert [tell(home, each, reference="pi_1").json for each in (one, other)] == [CHANGED, UNCHANGED]
    assert (state(home, one), state(home, other)) == ("paid", "open")


@pytest.mark.parametrize(
    ("language", "subject", "why"),
    [
        ("en", "Your payment of 2.99 EUR is owed back", "the order is over"),
        ("pl", "Mamy do zwrotu Twoją płatność: 2.99 EUR", "zamówienie jest już nieaktualne"),
    ],
)
def test_money_for_an_order_that_is_over_buys_nothing_and_is_told(
    home: Home, language: str, subject: str, why: str
) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    ordered = order(home)
    tell(home, ordered, "expired")
    assert tell(home, ordered).json == CHANGED
    assert (state(home, ordered), plan(home)["state"]) == ("refund_due", "none")
    (mail,) = [one for one in home.world.outbox() if one.get("subject") == subject]
    assert why in mail["text"] and home.camera.device_id not in mail["text"]
    assert is_nothing_invoiced(home.world)


def test_a_payment_for_a_device_that_was_removed_is_owed_back(home: Home) -> None:
    ordered = order(home)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert tell(home, ordered).json == CHANGED
    assert state(home, ordered) == "refund_due"
    (mail,) = mails_of_refund(home.world)
    assert "you do not have the device any more" in mail["text"]
    home.world.advance(900)
    home.owner.sign_in()
    assert (granted(home.world), mails_of_payment(home.world)) == ([], [])
    for outcome in ("paid", "refused", "expired"):
        assert tell(home, ordered, outcome).json == UNCHANGED
    assert (state(home, ordered), len(mails_of_refund(home.world))) == ("refund_due", 1)
    assert is_nothing_invoiced(home.world)
    assert len(granted(home.world)) == len(mails_of_payment(home.world, "payer@example.com")) == 1


def test_a_plan_whose_device_is_removed_while_it_is_paid_is_owed_back(home: Home) -> None:
    for nth in (1, 2, 3):  # the call that reads the order, that which reads the plan, and that which pays
        camera = new_camera(home.world, f"SN010{nth}", owner=home.owner)
        ordered = order(home, device_id=camera.device_id)

        def removed(device_id: str = camera.device_id) -> None:
            assert home.owner.call("DELETE", f"/devices/{device_id}").status == 202

        with just_before(home.world, nth, removed):
            assert tell(home, ordered).json == CHANGED
        assert state(home, ordered) == "refund_due"
    assert granted(home.world) == []
    assert is_nothing_invoiced(home.world)
    assert len(granted(home.world)) == 1


@pytest.mark.parametrize("seconds", [0, 900])
def test_a_payment_of_a_closed_account_is_noted_where_its_erasure_does_not_come(home: Home, seconds: int) -> None:
    """Between closing and erasure, and after it."""
    ordered = order(home)
    assert len(rows(home.world, "account/order")) == 1
    home.owner.step_up()
    body = event(ordered, reference="pi_late")
    assert home.owner.close().status == 202
    if seconds:
        home.world.advance(seconds)
    for answer in (CHANGED, UNCHANGED):
        assert send(home.world, body, signature(home.world, body)).json == answer
    home.world.advance(DAY)
    (noted,) = received(home.world)
    assert (noted["payment_reference"], noted["amount"], noted["state"]) == ("pi_late", 299, "refunded")
    assert noted["reason"] == ("order_unknown" if seconds else "device_gone")
    assert mails_of_refund(home.world) == []
    assert (rows(home.world, "account/order"), home.world.failures) == ([], [])
    assert is_nothing_invoiced(home.world)


# ── Numbers and plans under a rush ───────────────────────────────────────────────────────────────────────────────────


def test_invoices_are_numbered_one_after_the_other(home: Home) -> None:
    told = [order(home) for _ in range(4)]
    for ordered in (told[2], told[0], told[3], told[1]):
        tell(home, ordered)
    given = [home.owner.call("GET", f"/orders/{one['order_id']}").json["invoice_number"] for one in told]
    assert given == [f"S-2026-{number:06d}" for number in (2, 4, 1, 3)]


def test_payments_at_the_same_moment_get_numbers_without_a_gap(home: Home) -> None:
    camera = new_camera(home.world, "SN0002", owner=home.owner)
    told = [order(home), order(home), order(home, device_id=camera.device_id)]
    answers = at_once(*[lambda one=one: tell(home, one) for one in told])
    assert [answer.json for answer in answers] == [CHANGED] * 3
    assert numbers(home.world) == [f"S-2026-{number:06d}" for number in (1, 2, 3)]
    assert plan(home)["until"] == "2026-03-06T08:00:00Z"  # two periods of thirty days


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_another_payment_in_between_costs_neither_number_nor_period(home: Home, nth: int) -> None:
    first, second = order(home), order(home)
    with just_before(home.world, nth, lambda: tell(home, second)):
        assert tell(home, first).json == CHANGED
    assert numbers(home.world) == ["S-2026-000001", "S-2026-000002"]
    assert {state(home, first), state(home, second)} == {"paid"}
    assert plan(home)["until"] == "2026-03-06T08:00:00Z"


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_refusal_that_comes_in_between_does_not_undo_the_money(home: Home, nth: int) -> None:
    ordered = order(home)
    with just_before(home.world, nth, lambda: tell(home, ordered, "refused")):
        assert tell(home, ordered).json == CHANGED
    assert (state(home, ordered), len(invoices(home.world))) == ("paid", 1)


def test_who_never_gets_a_turn_is_told_to_come_again(home: Home) -> None:
    from unittest.mock import patch

    from chalicelib.orders.actions import paying
    from chalicelib.store.retrying import StaleRead

    ordered = order(home)
    with patch.object(paying, "_apply", side_effect=StaleRead):
        answer = tell(home, ordered)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")
    assert state(home, ordered) == "open"


def test_who_is_always_in_somebodys_way_is_told_to_come_again_within_three_seconds(home: Home) -> None:
    """What is told again then is done, and once."""
    from unittest.mock import patch

    from infra.strict_moto import THROTTLED

    ordered = order(home)
    home.world.settle()
    home.world.trace.clear()
    before = home.world.snapshot()
    assert tell(home, ordered).json == CHANGED
    commit = home.world.trace.names().index("dynamodb.TransactWriteItems") + 1
    home.world.restore(before)
    for nth in range(commit, commit + 9):
        home.world.faults.fail(nth, THROTTLED)
    waits: list[float] = []
    with patch("chalicelib.clock.sleep", waits.append), patch("chalicelib.ids.fraction", return_value=1.0):
        answer = tell(home, ordered)
    home.world.faults.clear()
    assert (answer.status, answer.headers["Retry-After"], state(home, ordered)) == (503, "2", "open")
    assert 1 < sum(waits) < 2.5
    assert [tell(home, ordered).json for _ in range(2)] == [CHANGED, UNCHANGED]
    assert len(invoices(home.world)) == 1


@pytest.mark.parametrize(("at", "number"), [("22:59:59", "S-2026-000001"), ("23:00:00", "S-2027-000001")])
def test_a_sale_belongs_to_the_year_that_it_is_where_the_seller_is(home: Home, at: str, number: str) -> None:
    """In Warsaw the year begins an hour before it does in UTC."""
    home.world.clock.move_to(clock.from_rfc3339(f"2026-12-31T{at}Z").timestamp())
    home.owner.sign_in()
    ordered = order(home)
    tell(home, ordered)
    assert numbers(home.world) == [number]
    (payment,) = received(home.world)
    assert payment["tax_year"] == int(number[2:6])


def test_each_year_begins_its_numbers_anew(home: Home) -> None:
    tell(home, order(home))
    home.world.clock.move_to(home.world.now().timestamp() + 365 * DAY)
    home.owner.sign_in()
    ordered = order(home)
    tell(home, ordered)
    assert numbers(home.world) == ["S-2026-000001", "S-2027-000001"]


# ── What the law keeps ───────────────────────────────────────────────────────────────────────────────────────────────


def test_an_invoice_has_what_the_law_wants_and_nothing_of_a_person(home: Home) -> None:
    ordered = order(home)
    tell(home, ordered)
    (invoice,) = invoices(home.world)
    wanted = {
        "issued_at": now_s(home.world),
        "plan_id": "event-7-month",
        "amount": 299,
        "currency": "EUR",
        "payment_method": "card",
        "payment_reference": reference_of(ordered),
        "country": "PL",
        "tax_category": "S",
        "tax_rate_bp": 2300,
        "catalogue_version": 2,
        "period_days": 30,
    }
    assert {name: invoice.get(name) for name in wanted} == wanted
    assert invoice.keys() == {*wanted, "pk", "sk", "schema_version", "commit_id"}
    assert (invoice["pk"], invoice["sk"]) == ("invoices", "invoice#S-2026-000001")


def test_no_fiscal_record_says_whose_it_is(home: Home) -> None:
    ordered = order(home)
    tell(home, ordered)
    kept = json.dumps(home.world.dump()["tables"]["sowa-local-Fiscal"])
    account = home.owner.account_id
    assert "payments" in kept and "invoices" in kept
    for told in (home.owner.email, "Ola", account, ordered["order_id"], home.camera.device_id, home.camera.sn):
        assert told not in kept


# ── The mail ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "subject", "name"),
    [
        ("en", "Your order is paid", "Events, 7 days, monthly"),
        ("pl", "Twoje zamówienie jest opłacone", "Zdarzenia, 7 dni, na miesiąc"),
    ],
)
def test_the_buyer_is_told_once_in_their_language(home: Home, language: str, subject: str, name: str) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    tell(home, order(home))
    (mail,) = [one for one in home.world.outbox() if one.get("subject") == subject]
    assert mail["to"] == home.owner.email
    assert name in mail["text"] and "2.99 EUR" in mail["text"] and "S-2026-000001" in mail["text"]
    assert home.camera.device_id not in mail["text"]


def test_an_order_that_is_not_paid_is_not_written_about(home: Home) -> None:
    before = len(home.world.outbox())
    tell(home, order(home), "refused")
    order(home)
    assert len(home.world.outbox()) == before


def test_news_of_an_order_that_comes_again_is_not_mailed_again(home: Home) -> None:
    from chalicelib.aws.clients import client

    ordered = order(home)
    tell(home, ordered)
    assert len(mails_of_payment(home.world)) == 1
    place = ordered["order_id"].removeprefix(home.owner.account_id)
    ids = {"partition_id": home.owner.account_id, "sort_id": place}
    body = json.dumps({"listener": "orders.on_order_changed", **ids})
    with home.world.aws.outside():
        for text in (body, body.replace(place, "nothing"), body.replace(home.owner.account_id, "nobody")):
            client("sqs").send_message(QueueUrl=home.world.stack.physical("Notices"), MessageBody=text)
    home.world.settle()
    assert len(mails_of_payment(home.world)) == 1
    assert home.world.failures == []


def test_a_mail_that_could_not_be_sent_is_sent_later(home: Home) -> None:
    from infra.strict_moto import DIES_BEFORE

    ordered = order(home)
    home.world.settle()
    body = event(ordered)
    assert send(home.world, body, signature(home.world, body)).json == CHANGED
    home.world.trace.clear()
    before = home.world.snapshot()
    home.world.settle()
    nth = home.world.trace.names().index("sesv2.SendEmail") + 1
    home.world.restore(before)
    home.world.faults.fail(nth, DIES_BEFORE)
    assert len(mails_of_payment(home.world)) == 1
    assert [fired.call.name for fired in home.world.faults.fired] == ["sesv2.SendEmail"]


def test_a_closed_account_is_not_written_to(home: Home) -> None:
    ordered = order(home)
    home.owner.step_up()
    home.world.settle()
    body = event(ordered)
    send(home.world, body, signature(home.world, body))
    assert home.owner.close().status == 202
    assert mails_of_payment(home.world) == []
    assert home.world.failures == []
