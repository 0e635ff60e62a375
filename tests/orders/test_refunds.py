"""Giving an order back: what goes back of it, and what becomes of its plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.errors import Unavailable
from chalicelib.payments import sandbox
from chalicelib.payments.shapes import Dispute, Refund, RefundRequest
from chalicelib.settings import settings
from infra.local.gateway import Response
from tests.conftest import Home
from tests.infra.test_package_watch import rings
from tests.orders.payment_events import order, received, tell
from tests.plans.steps import DAY, ask, buy, euros, later, move, pause, plan_of, refused
from tests.scene import Camera, at_once, just_before, new_camera, rows

HOUR_MS = 3_600_000


def give_back(home: Home, order_id: str, body: Any = None) -> Response:
    return ask(home, "POST", f"/orders/{order_id}/refund", body or {})


def would_go_back(home: Home, order_id: str) -> Response:
    return ask(home, "POST", f"/orders/{order_id}/refund/preview", None)


def given_back(home: Home, order_id: str) -> int:
    """How much; what is shown first is what goes back."""
    shown, answer = would_go_back(home, order_id), give_back(home, order_id)
    assert (shown.status, answer.status) == (200, 202), answer.body
    assert shown.json["amount"] == answer.json["amount"]
    return int(answer.json["amount"]["amount"])


def looked_at(home: Home, order_id: str) -> Any:
    return home.owner.call("GET", f"/orders/{order_id}").json


def film(home: Home, ms: int, camera: Camera | None = None) -> None:
    """So much, until now, in objects of a minute."""
    one = camera or home.camera
    one.forget_tickets()
    for nth in range(ms // 60_000):
        one.record(60_000, at=home.world.now() - timedelta(minutes=nth))
    if ms % 60_000:
        one.record(ms % 60_000, at=home.world.now() - timedelta(minutes=ms // 60_000))
    home.world.settle()


def credit_notes(home: Home) -> list[Any]:
    return [row for row in rows(home.world, "invoices/invoice", "Fiscal") if "#K-" in row["sk"]]


def mails(home: Home, subject: str) -> list[Any]:
    return [one for one in home.world.outbox(home.owner.email) if one.get("subject") == subject]


class Remembering:
    """A provider that remembers what it was asked for, as a real one does, and answers as it is told to."""

    def __init__(self) -> None:
        self.made: dict[str, RefundRequest] = {}
        self.asked = 0
        self.is_silent = False
        self.state: Any = "succeeded"

    def refund(self, wanted: RefundRequest) -> Refund:
        self.asked += 1
        if self.is_silent:
            raise Unavailable(retry_after_seconds=60)
        assert self.made.setdefault(wanted.refund_id, wanted) == wanted
        return Refund(wanted.refund_id, self.state, f"re_{wanted.refund_id[:8]}")

    @property
    def amounts(self) -> dict[str, int]:
        """By the payments of which they are: no more than one of each."""
        found = {one.reference: one.amount for one in self.made.values()}
        assert len(found) == len(self.made)
        return found


@pytest.fixture
def provider() -> Iterator[Remembering]:
    one = Remembering()
    with patch.object(sandbox.Sandbox, "refund", lambda self, wanted: one.refund(wanted)):
        yield one


# ── How much ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_whole_price_goes_back_in_the_first_days(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    later(home, 14 * DAY)
    said = {"amount": euros(299), "is_whole": True, "whole_again_from": None}
    assert would_go_back(home, order_id).json == said
    answer = give_back(home, order_id, {"reason": "It rains"})
    assert (answer.status, answer.json) == (202, {"amount": euros(299), "credit_note_number": "K-2026-000001"})
    home.world.settle()
    one = looked_at(home, order_id)
    assert (one["state"], one["refunded"], one["credit_note_number"]) == ("refunded", euros(299), "K-2026-000001")
    (payment,) = one["payments"]
    assert (payment["state"], payment["refund"]) == ("refunded", euros(299))
    assert list(provider.amounts.values()) == [299]
    assert plan_of(home)["state"] == "grace"


def test_a_second_later_it_is_what_is_left_to_the_second(home: Home) -> None:
    order_id = buy(home)
    later(home, 14 * DAY + 1)
    left = ceil(Fraction(299 * (16 * DAY - 1), 30 * DAY))
    assert given_back(home, order_id) == left == 160


@pytest.mark.parametrize(("ms", "amount"), [(HOUR_MS - 60_000, 299), (HOUR_MS, 280)])
def test_the_whole_price_goes_back_below_an_hour_of_recordings(home: Home, ms: int, amount: int) -> None:
    order_id = buy(home, "event-7-month")
    later(home, DAY)
    film(home, ms)
    later(home, DAY - 60 * 60)
    assert given_back(home, order_id) == amount


def test_what_was_recorded_before_counts_for_the_plan_that_ran(home: Home) -> None:
    first = buy(home, "event-7-month")
    later(home, DAY)
    film(home, HOUR_MS)
    second = buy(home, "event-30-month")  # it waits
    assert given_back(home, second) == looked_at(home, second)["amount"]["amount"]
    assert given_back(home, first) < 299


def test_what_was_deleted_was_recorded_all_the_same(home: Home) -> None:
    order_id = buy(home)
    later(home, DAY)
    film(home, HOUR_MS)
    home.owner.sign_in()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings").status in (202, 204)
    home.world.settle()
    later(home, DAY)
    assert given_back(home, order_id) < 299


def test_what_waits_goes_back_whole_and_what_runs_runs_on(home: Home) -> None:
    buy(home, "event-7-month")
    waiting = buy(home, "event-30-month")
    before = plan_of(home)
    assert len(before["waiting"]) == 1
    later(home, 20 * DAY)
    assert given_back(home, waiting) == looked_at(home, waiting)["amount"]["amount"]
    after = plan_of(home)
    assert (after["until"], after["waiting"], after["state"]) == (before["until"], [], "active")


def test_what_waits_behind_moves_up(home: Home) -> None:
    running = buy(home, "event-7-month")
    buy(home, "event-30-month")
    assert len(plan_of(home)["waiting"]) == 1
    later(home, 10 * DAY)
    given_back(home, running)
    plan = plan_of(home)
    assert (plan["plan_id"], plan["state"], plan["waiting"]) == ("event-30-month", "active", [])


def test_a_pause_ends_and_costs_nothing(home: Home) -> None:
    order_id = buy(home)
    later(home, 15 * DAY)
    assert pause(home, on=True).status == 200
    later(home, 5 * DAY)
    assert given_back(home, order_id) == 150  # half of 299 in the person's favour


def test_what_was_moved_is_taken_where_it_lies(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    later(home, 10 * DAY)
    assert move(home, other.device_id).status == 200
    later(home, 5 * DAY)
    assert plan_of(home, other.device_id)["state"] == "active"
    assert given_back(home, order_id) == 150
    assert plan_of(home, other.device_id)["state"] == "grace"


def test_what_was_recorded_on_each_device_counts(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    later(home, DAY)
    film(home, HOUR_MS // 2)
    later(home, 900)
    assert move(home, other.device_id).status == 200
    assert would_go_back(home, order_id).json["amount"] == euros(299)
    later(home, DAY)
    film(home, HOUR_MS // 2, other)
    later(home, 900)
    assert given_back(home, order_id) < 299


def test_time_on_a_device_that_is_gone_counts_as_recorded(home: Home) -> None:
    """What was recorded there is forgotten with it."""
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home, "event-30-year")
    later(home, DAY)
    film(home, HOUR_MS)
    later(home, 12 * DAY)
    assert move(home, other.device_id).status == 200
    left = would_go_back(home, order_id).json["amount"]["amount"]
    assert left == ceil(Fraction(4990 * 352, 365))
    home.owner.step_up()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    home.world.settle()
    assert given_back(home, order_id) == left


def test_who_takes_away_a_device_that_had_it_for_less_than_an_hour_gets_all(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    later(home, 1800)
    assert pause(home, on=True).status == 200
    later(home, 2 * DAY)
    assert pause(home, on=False).status == 200
    later(home, 1799)
    assert move(home, other.device_id).status == 200
    home.owner.step_up()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    home.world.settle()
    later(home, DAY)
    assert given_back(home, order_id) == 299


def test_of_a_plan_that_moves_to_and_fro_each_device_is_asked_once(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id, between = buy(home), [home.camera.device_id, other.device_id]
    film(home, HOUR_MS - 60_000)

    def calls() -> int:
        home.world.trace.clear()
        assert would_go_back(home, order_id).json["amount"] == euros(299)
        return len(home.world.trace.names())

    counts = []
    for _ in range(3):
        for _ in range(2):
            later(home, 60)
            assert move(home, between[1], between[0]).status == 200
            between.reverse()
        counts.append(calls())
    assert counts == [counts[0]] * 3


def test_money_goes_back_before_credit_and_never_more_than_was_paid(home: Home, provider: Remembering) -> None:
    """2.99 are paid and half is used; the other half pays a part of what is dearer."""
    first = buy(home, "event-7-month")
    later(home, 15 * DAY)
    second = buy(home, "event-30-year", begins="now")
    one = looked_at(home, second)
    assert one["credit"] == euros(150)
    assert refused(give_back(home, first)) == (409, "NothingLeft")
    paid = one["amount"]["amount"]
    later(home, 15 * DAY)
    worth = Fraction((paid + 150) * 350, 365)
    assert given_back(home, second) == min(paid, ceil(worth))
    home.world.settle()
    assert list(provider.amounts.values()) == [min(paid, ceil(worth))]


# ── Refused ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_not_paid_or_was_free_is_not_given_back(home: Home) -> None:
    ordered = order(home)
    assert refused(give_back(home, ordered["order_id"])) == (409, "NotPaid")
    tell(home, ordered, "expired")
    assert refused(give_back(home, ordered["order_id"])) == (409, "NotPaid")
    free = order(home, "free")
    assert free["state"] == "paid"
    assert refused(would_go_back(home, free["order_id"])) == (409, "NothingWasPaid")
    assert refused(give_back(home, free["order_id"])) == (409, "NothingWasPaid")
    assert plan_of(home)["state"] == "active"


def test_what_was_given_back_is_not_given_back_again(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    given_back(home, order_id)
    again = give_back(home, order_id)
    assert refused(again) == (409, "RefundedAlready")
    assert (again.json["amount"], again.json["credit_note_number"]) == (euros(299), "K-2026-000001")
    assert refused(would_go_back(home, order_id)) == (409, "RefundedAlready")
    home.world.settle()
    assert (len(credit_notes(home)), list(provider.amounts.values())) == (1, [299])


def test_the_same_key_gets_the_same_answer(home: Home) -> None:
    order_id = buy(home)
    key = {"Idempotency-Key": "key-of-one-refund-0123"}
    first, again = (
        home.owner.call("POST", f"/orders/{order_id}/refund", {}, headers=key) for _ in range(2)
    )
    assert (first.status, first.body) == (again.status, again.body) == (202, first.body)
    assert len(credit_notes(home)) == 1


def test_a_refund_needs_a_key(home: Home) -> None:
    order_id = buy(home)
    answer = home.owner.call("POST", f"/orders/{order_id}/refund", {})
    assert refused(answer) == (400, "KeyMissing")
    assert plan_of(home)["state"] == "active"


def test_a_plan_that_is_over_or_gone_is_not_given_back(home: Home) -> None:
    order_id = buy(home)
    later(home, 30 * DAY)
    assert refused(give_back(home, order_id)) == (409, "NothingLeft")
    another = buy(home)
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert refused(give_back(home, another)) == (409, "NothingLeft")
    assert looked_at(home, another)["state"] == "paid"


@pytest.mark.parametrize("reason", ["", "r" * 1001, 7])
def test_a_wrong_reason_is_refused(home: Home, reason: Any) -> None:
    order_id = buy(home)
    answer = give_back(home, order_id, {"reason": reason})
    assert (answer.status, list(answer.json["fields"])) == (422, ["reason"])
    assert plan_of(home)["state"] == "active"


def test_nobody_gives_back_what_is_anothers(home: Home) -> None:
    order_id = buy(home)
    key = {"Idempotency-Key": "key-of-a-stranger-0123"}
    for path in (f"/orders/{order_id}/refund", f"/orders/{order_id}/refund/preview"):
        assert home.stranger.call("POST", path, {}, headers=key).status == 404
    assert plan_of(home)["state"] == "active"


# ── Documents and mails ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_credit_note_says_which_invoice_it_corrects(home: Home) -> None:
    order_id = buy(home)
    later(home, 15 * DAY)
    given_back(home, order_id)
    (note,) = credit_notes(home)
    invoice = looked_at(home, order_id)["invoice_number"]
    assert (note["amount"], note["currency"], note["corrects"]) == (150, "EUR", invoice)
    assert note["sk"] == "invoice#K-2026-000001"


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "We pay back 2.99 EUR"), ("pl", "Zwracamy 2.99 EUR")]
)
def test_the_buyer_is_told_once_in_his_language(home: Home, language: str, subject: str) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    order_id = buy(home)
    given_back(home, order_id)
    give_back(home, order_id)
    (mail,) = mails(home, subject)
    assert "K-2026-000001" in mail["text"] and home.camera.device_id not in mail["text"]


# ── The provider is asked until it is done ───────────────────────────────────────────────────────────────────────────


def test_a_provider_that_is_silent_is_asked_again_by_the_clock(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    order_id = buy(home)
    given_back(home, order_id)
    home.world.settle()
    assert (provider.asked, provider.made) == (1, {})
    assert looked_at(home, order_id)["payments"][0]["state"] == "refund_due"
    later(home, 3600)
    assert home.world.run_schedule("ask_for_refunds") == {"changed": 0}
    provider.is_silent = False
    assert home.world.run_schedule("ask_for_refunds") == {"changed": 1}
    assert home.world.run_schedule("ask_for_refunds") == {"changed": 0}
    home.owner.sign_in()
    assert looked_at(home, order_id)["payments"][0]["state"] == "refunded"
    assert (provider.asked, list(provider.amounts.values())) == (3, [299])
    assert home.world.failures == []


def test_what_is_pending_is_there_when_the_provider_says_so(home: Home, provider: Remembering) -> None:
    provider.state = "pending"
    order_id = buy(home)
    given_back(home, order_id)
    home.world.settle()
    assert looked_at(home, order_id)["payments"][0]["state"] == "refunding"
    (refund_id,) = provider.made
    for told, changed in (("pending", False), ("succeeded", True), ("succeeded", False), ("pending", False)):
        assert report(home, Refund(refund_id, told, "re_1")) == {"changed": changed}
    assert looked_at(home, order_id)["payments"][0]["state"] == "refunded"
    later(home, 3600)
    home.world.run_schedule("ask_for_refunds")
    assert provider.asked == 1


def test_what_comes_back_to_the_provider_has_failed_whichever_news_come_last(
    home: Home, provider: Remembering
) -> None:
    order_id = buy(home)
    given_back(home, order_id)
    home.world.settle()
    (refund_id,) = provider.made
    said = [report(home, Refund(refund_id, told, "re_1"))["changed"] for told in ("failed", "succeeded", "failed")]
    assert said == [True, False, False]
    assert looked_at(home, order_id)["payments"][0]["state"] == "refund_failed"


FAILED = {"en": "We could not pay back 2.99 EUR", "pl": "Nie udało się zwrócić 2.99 EUR"}


@pytest.mark.parametrize("language", FAILED)
def test_of_a_refund_that_failed_the_buyer_is_told_once_in_his_language_and_it_rings_for_a_day(
    home: Home, provider: Remembering, language: str
) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    order_id = buy(home)
    given_back(home, order_id)
    home.world.settle()
    home.world.run_schedule("ask_for_refunds")
    assert waits_for_somebody(home) == []
    later(home, 20 * DAY)
    (refund_id,) = provider.made
    for _ in range(2):
        report(home, Refund(refund_id, "failed", "re_1"))
    home.world.settle()
    (mail,) = mails(home, FAILED[language])
    reference = received(home.world)[0]["payment_reference"]
    assert reference in mail["text"] and settings.operator["contact"] in mail["text"]
    home.world.run_schedule("ask_for_refunds")
    assert (provider.asked, waits_for_somebody(home)) == (1, ["failed_refund"])
    for seconds, rung in ((DAY - 1, ["failed_refund"]), (1, [])):
        later(home, seconds)
        home.world.run_schedule("ask_for_refunds")
        assert (provider.asked, waits_for_somebody(home)) == (1, rung)


def test_a_provider_that_says_at_once_that_it_will_not_is_told_of_and_asked_no_more(
    home: Home, provider: Remembering
) -> None:
    provider.state = "failed"
    ordered = order(home)
    for reference in ("card-1", "transfer-2"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    assert [one["state"] for one in looked_at(home, ordered["order_id"])["payments"]] == ["applied", "refund_failed"]
    (mail,) = mails(home, FAILED["en"])
    assert "transfer-2" in mail["text"]
    home.world.run_schedule("ask_for_refunds")
    assert (provider.asked, waits_for_somebody(home)) == (1, ["failed_refund"])
    assert home.world.failures == []


def test_of_a_refund_that_fails_when_the_account_is_gone_the_operator_alone_hears(
    home: Home, provider: Remembering
) -> None:
    order_id = buy(home)
    given_back(home, order_id)
    home.world.settle()
    assert len(rows(home.world, "refund-order/order")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(DAY)
    assert rows(home.world, "refund-order/order") == []
    (refund_id,) = provider.made
    assert report(home, Refund(refund_id, "failed", "re_1")) == {"changed": True}
    home.world.run_schedule("ask_for_refunds")
    assert waits_for_somebody(home) == ["failed_refund"]
    assert mails(home, FAILED["en"]) == []
    assert home.world.failures == []


def test_money_that_is_owed_back_for_a_day_rings_and_a_dispute_or_a_bank_may_take_longer(
    home: Home, provider: Remembering
) -> None:
    provider.is_silent = True
    ordered = order(home)
    for reference in ("paid", "one", "two"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    late = {seconds: _rings_after(home, seconds) for seconds in (DAY, 1)}
    assert late == {DAY: False, 1: True}
    assert changed_by_dispute(home, ordered["order_id"], "one") and _rings_after(home, 0)
    provider.is_silent, provider.state = False, "pending"
    assert not _rings_after(home, 0)  # the bank has the other one
    assert _rings_after(home, 14 * DAY)
    assert "two" in provider.amounts


def _rings_after(home: Home, seconds: int) -> bool:
    later(home, seconds)
    home.world.run_schedule("ask_for_refunds")
    return waits_for_somebody(home) == ["refund"]


def changed_by_dispute(home: Home, order_id: str, reference: str) -> bool:
    headers, body = sandbox.event(Dispute(order_id, "opened", reference, "dp_1"))
    return bool(home.world.call("POST", "/payments/sandbox", raw=body, headers=headers).json["changed"])


def waits_for_somebody(home: Home) -> list[str]:
    """What the alarm rings for."""
    home.world.run_schedule("look_up_delayed_events")
    line = next(one for one in map(json.loads, reversed(home.world.logs.lines())) if "overdue" in one)
    assert rings(home.world, "PaymentsLate") is bool(line["overdue"])
    return list(line["overdue"])


def test_news_of_a_refund_that_nobody_asked_for_change_nothing(home: Home) -> None:
    ordered = order(home)
    tell(home, ordered)
    (payment,) = received(home.world)
    for refund_id in ("nothing", payment["sk"].partition("#")[2]):
        assert report(home, Refund(refund_id, "succeeded", "re_1")) == {"changed": False}
    assert received(home.world) == [payment]


def report(home: Home, told: Refund) -> Any:
    headers, body = sandbox.event(told)
    answer = home.world.call("POST", "/payments/sandbox", raw=body, headers=headers)
    assert answer.status == 200, answer.body
    return answer.json


def test_a_restored_table_pays_nothing_back_twice(home: Home, provider: Remembering) -> None:
    """What was due is due again in a copy of before; where it is, the law's table says."""
    from chalicelib.orders.records import DueRefund
    from chalicelib.store.commit import commit, create

    provider.is_silent = True
    order_id = buy(home)
    given_back(home, order_id)
    (due,) = rows(home.world, "refunds-due/refund")
    provider.is_silent = False
    home.world.run_schedule("ask_for_refunds")
    assert rows(home.world, "refunds-due/refund") == []
    with home.world.aws.outside():
        commit(create(DueRefund.new("", due["sk"].partition("#")[2], owed_since=due["owed_since"])))
    home.world.settle()
    home.world.run_schedule("ask_for_refunds")
    assert rows(home.world, "refunds-due/refund") == []
    assert (provider.asked, looked_at(home, order_id)["payments"][0]["state"]) == (2, "refunded")


# ── Money that buys nothing ──────────────────────────────────────────────────────────────────────────────────────────


def test_money_that_buys_nothing_goes_back_by_itself(home: Home, provider: Remembering) -> None:
    ordered = order(home)
    for reference in ("card-1", "transfer-2", "transfer-2"):
        tell(home, ordered, reference=reference)
    home.world.settle()
    states = [(one["reference"], one["state"]) for one in looked_at(home, ordered["order_id"])["payments"]]
    assert states == [("card-1", "applied"), ("transfer-2", "refunded")]
    assert provider.amounts == {"transfer-2": 299}
    tell(home, {"order_id": "x", "amount": euros(500)}, reference="for-nobody")
    home.world.settle()
    assert provider.amounts == {"transfer-2": 299, "for-nobody": 500}
    assert credit_notes(home) == []  # there was no invoice to correct
    given_back(home, ordered["order_id"])
    home.world.settle()
    assert provider.amounts["card-1"] == 299
    assert len(credit_notes(home)) == 1


@pytest.mark.parametrize("seconds", [0, 900])
def test_money_for_a_closed_account_goes_back_before_its_erasure_and_after(
    home: Home, provider: Remembering, seconds: int
) -> None:
    ordered = order(home)
    assert len(rows(home.world, "account/order")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    if seconds:
        home.world.advance(seconds)
    tell(home, ordered, reference="late")
    home.world.settle()
    home.world.advance(DAY)
    assert provider.amounts == {"late": 299}
    (payment,) = received(home.world)
    assert (payment["state"], payment["refund_amount"]) == ("refunded", 299)
    assert rows(home.world, "account/order") == []
    assert home.world.failures == []


def test_a_refund_goes_on_though_its_account_is_closed(home: Home, provider: Remembering) -> None:
    provider.is_silent = True
    order_id = buy(home)
    given_back(home, order_id)
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.advance(DAY)
    assert rows(home.world, "account/order") == []
    assert len(rows(home.world, "refunds-due/refund")) == 1
    provider.is_silent = False
    home.world.advance(3600)
    assert list(provider.amounts.values()) == [299]
    assert [one["state"] for one in received(home.world)] == ["refunded"]


def test_of_nothing_nothing_goes_back(home: Home, provider: Remembering) -> None:
    ordered = order(home)
    tell(home, ordered, amount=0, reference="nothing")
    tell(home, ordered, amount=-5, reference="less")
    home.world.settle()
    assert provider.made == {}
    tell(home, ordered, amount=1, reference="a-cent")
    home.world.settle()
    assert provider.amounts == {"a-cent": 1}


# ── At once ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_who_give_back_at_once_get_one_refund(home: Home, provider: Remembering) -> None:
    order_id = buy(home)
    home.owner.sign_in()
    answers = at_once(*[lambda nth=nth: home.owner.call(
        "POST", f"/orders/{order_id}/refund", {}, headers={"Idempotency-Key": f"key-of-refund-{nth:06d}"}
    ) for nth in range(3)])  # fmt: skip
    assert sorted(one.status for one in answers) == [202, 409, 409]
    home.world.settle()
    assert (list(provider.amounts.values()), len(credit_notes(home))) == ([299], 1)


@pytest.mark.parametrize("nth", [2, 3, 4])
def test_a_move_in_between_hides_nothing(home: Home, nth: int) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    order_id = buy(home)
    later(home, 20 * DAY)
    home.owner.sign_in()
    path = f"/devices/{home.camera.device_id}/plan/move"
    with just_before(home.world, nth, lambda: home.owner.call("POST", path, {"to_device_id": other.device_id})):
        key = {"Idempotency-Key": "key-of-one-refund-0123"}
        answer = home.owner.call("POST", f"/orders/{order_id}/refund", {}, headers=key)
    assert answer.status == 202, answer.body
    assert answer.json["amount"] == euros(100)
    assert [plan_of(home, one)["state"] for one in (home.camera.device_id, other.device_id)][1] in ("none", "grace")
    assert plan_of(home)["state"] != "active"


# ── Once a camera and year ───────────────────────────────────────────────────────────────────────────────────────────


def test_of_one_camera_a_whole_price_goes_back_once_a_year(home: Home) -> None:
    assert given_back(home, buy(home)) == 299
    begins = home.world.now()
    second = buy(home)
    later(home, 5 * DAY)
    said, again = would_go_back(home, second).json, f"{begins + timedelta(days=365):%Y-%m-%dT%H:%M:%SZ}"
    assert said == {"amount": euros(250), "is_whole": False, "whole_again_from": again}
    assert given_back(home, second) == 250
    third = buy(home)
    later(home, 15 * DAY)  # it would not be whole in any case
    assert (would_go_back(home, third).json["is_whole"], would_go_back(home, third).json["whole_again_from"]) == (
        False, None,
    )  # fmt: skip
    later(home, 345 * DAY)
    last = buy(home)
    later(home, DAY)
    assert given_back(home, last) == 299
    assert len(rows(home.world, "account/whole-refunds")) == 1


def test_of_another_camera_it_does_and_of_one_that_is_bound_again_it_does_not(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    assert given_back(home, buy(home)) == 299
    another = buy(home, device_id=other.device_id)
    later(home, DAY)
    assert given_back(home, another) == 299
    home.owner.sign_in()
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    assert home.owner.bind(home.camera).status == 201
    again = buy(home)
    later(home, DAY)
    assert given_back(home, again) == 290


def test_what_is_given_back_at_once_is_whole_one_time(home: Home) -> None:
    """Of two orders of one camera: who is later gets what is left."""
    first, second = buy(home), buy(home, "event-30-month")
    later(home, 5 * DAY)
    home.owner.sign_in()
    paths = [f"/orders/{one}/refund" for one in (first, second)]
    keys = [{"Idempotency-Key": path[-32:]} for path in paths]
    call = home.owner.call
    answers = at_once(
        *(lambda path=path, key=key: call("POST", path, {}, headers=key) for path, key in zip(paths, keys, strict=True))
    )
    assert [one.status for one in answers] == [202, 202]
    (row,) = rows(home.world, "account/whole-refunds")
    assert len(row["given"]) == 1
