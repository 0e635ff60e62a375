"""Plans that move to another region with their owner: each has one holder at every instant, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from joserfc.jwk import ECKey

from chalicelib.plans.rules.ledger import Grant
from infra.local.cloud import PUBLIC_URL
from infra.local.gateway import Response
from tests.conftest import Home
from tests.neighbour import ARRIVAL, PLAN_TICKET, REST, Neighbour, neighbour, said
from tests.orders.payment_events import tell
from tests.plans.steps import DAY, ask, buy, in_seconds, later, pause, place, plan_of
from tests.privacy.leaving import QUARTER, claims, erasure, receipt
from tests.privacy.test_region_transfer import confirm, other, refusal, ticket_of
from tests.scene import Person, at_once, new_camera, rows
from tests.worlds.invariants import violations

__all__ = ["other"]
MONTH, YEAR = 30 * DAY, 365 * DAY


def left(home: Home) -> str:
    """The owner's account ends here; the id of its erasure."""
    home.owner.sign_in()
    answer = confirm(home.owner, neighbour().arrival(ticket_of(home.owner)))
    assert answer.status == 202, answer.body
    return str(answer.json["erasure_id"])


def carried(home: Home, erasure_id: str) -> list[dict[str, Any]]:
    home.world.settle()
    found: list[dict[str, Any]] = erasure(home.world, erasure_id).json["plans"]
    return found


def bring(home: Home, ticket: str, device_id: str = "", person: Person | None = None) -> Response:
    path = f"/devices/{device_id or home.camera.device_id}/plan/arrivals"
    (person or home.owner).sign_in()
    return (person or home.owner).call("POST", path, {"ticket": ticket})


# ── Where one comes from ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_left_of_each_device_is_signed_for_the_other_region(home: Home) -> None:
    second = new_camera(home.world, "SN0002", owner=home.owner)
    new_camera(home.world, "SN0003", owner=home.owner)
    order_id = buy(home)
    buy(home, "continuous-7-month")
    buy(home, "event-30-year", second.device_id)
    later(home, 10 * DAY)
    home.owner.sign_in()
    moving = ticket_of(home.owner)
    later(home, 5)
    erasure_id = str(confirm(home.owner, neighbour().arrival(moving)).json["erasure_id"])
    plans = carried(home, erasure_id)
    assert {one["device_id"] for one in plans} == {home.camera.device_id, second.device_id}
    by_device = {one["device_id"]: claims(home.world, one["ticket"]) for one in plans}
    told = by_device[home.camera.device_id]
    assert (told["iss"], told["aud"], told["sub"]) == (PUBLIC_URL, neighbour().endpoint, said(moving)["sub"])
    first, waiting = map(Grant.of, told["grants"])
    assert (first.source, first.seconds, first.amount) == (f"order:{order_id}", 20 * DAY - 5, 299)
    assert (waiting.plan_id, waiting.seconds) == ("continuous-7-month", MONTH)
    (year,) = map(Grant.of, by_device[second.device_id]["grants"])
    assert year.seconds == YEAR - 10 * DAY - 5
    assert {one["until"] for one in plans} == {in_seconds(home, YEAR)}
    assert told["exp"] - told["iat"] == YEAR
    assert told.keys() == {"iss", "aud", "sub", "iat", "exp", "device_id", "grants"}


def test_it_is_there_for_a_year_and_the_account_is_gone(home: Home) -> None:
    buy(home)
    erasure_id = left(home)
    (before,) = carried(home, erasure_id)
    home.world.advance(QUARTER)
    assert receipt(home.world, erasure_id)
    assert rows(home.world, "account/device-owned") == []
    home.world.advance(2 * DAY)
    assert erasure(home.world, erasure_id).json["plans"] == [before]
    assert violations(home.world.dump()) == []
    later(home, YEAR - 2 * DAY)
    assert erasure(home.world, erasure_id).json["plans"] == []


def test_a_pause_ends_with_it_and_its_days_are_not_lost(home: Home) -> None:
    buy(home)
    later(home, DAY)
    pause(home, on=True)
    later(home, 3 * DAY)
    (one,) = carried(home, left(home))
    (rest,) = map(Grant.of, said(one["ticket"])["grants"])
    assert rest.seconds == MONTH - DAY


def test_the_free_plan_and_what_is_over_stay(home: Home) -> None:
    second = new_camera(home.world, "SN0002", owner=home.owner)
    assert place(home, "free").status == 201
    buy(home, "event-3-month", second.device_id)
    later(home, MONTH)
    assert plan_of(home, second.device_id)["state"] == "grace"
    assert carried(home, left(home)) == []


def test_who_closes_the_account_takes_nothing_along(home: Home) -> None:
    buy(home)
    home.owner.step_up()
    assert carried(home, home.owner.close().json["erasure_id"]) == []


def test_what_is_paid_after_the_end_is_owed_back_and_in_no_ticket(home: Home) -> None:
    buy(home)
    ordered = place(home, "event-7-month").json
    erasure_id = left(home)
    assert tell(home, ordered).json == {"changed": True}
    (one,) = carried(home, erasure_id)
    assert [Grant.of(text).seconds for text in said(one["ticket"])["grants"]] == [MONTH]


# ── Where one goes ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_goes_behind_what_the_device_has_and_is_no_orders_of_here(home: Home) -> None:
    buy(home, "event-30-year")
    answer = bring(home, neighbour().plan_ticket())
    assert answer.status == 200, answer.body
    begins, until = in_seconds(home, YEAR), in_seconds(home, YEAR + 20 * DAY)
    assert answer.json["waiting"] == [{"plan_id": "event-7-month", "from": begins, "until": until}]
    assert plan_of(home)["waiting"] == answer.json["waiting"]
    (row,) = rows(home.world, "account/device-owned")
    assert sorted(Grant.of(text).source_kind for text in row["plan_grants"]) == ["move", "order"]
    assert violations(home.world.dump()) == []


def test_it_begins_now_where_nothing_runs_and_is_credited_for_another_plan(home: Home) -> None:
    assert bring(home, neighbour().plan_ticket()).json["until"] == in_seconds(home, 20 * DAY)
    body = {"plan_id": "event-30-year", "device_id": home.camera.device_id, "begins": "now"}
    assert ask(home, "POST", "/orders/preview", body).json["credit"]["amount"] == 200


def test_it_is_brought_once(home: Home) -> None:
    ticket = neighbour().plan_ticket()
    answers = [bring(home, ticket) for _ in range(2)]
    assert answers[0].status == answers[1].status == 200
    assert answers[0].json == answers[1].json
    second = new_camera(home.world, "SN0002", owner=home.owner)
    assert refusal(bring(home, ticket, second.device_id)) == (410, "TicketSpent")
    assert refusal(bring(home, neighbour().plan_ticket(), second.device_id)) == (410, "TicketSpent")
    assert plan_of(home, second.device_id)["state"] == "none"
    # Of another device it is another one.
    another = neighbour().plan_ticket(device_id="another-device-of-the-neighbour")
    assert bring(home, another, second.device_id).json["state"] == "active"


def test_two_at_once_bring_it_to_one_device(home: Home) -> None:
    second = new_camera(home.world, "SN0002", owner=home.owner)
    ticket = neighbour().plan_ticket()
    home.owner.sign_in()
    paths = [f"/devices/{one}/plan/arrivals" for one in (home.camera.device_id, second.device_id)]
    answers = at_once(*(partial(home.owner.call, "POST", path, {"ticket": ticket}) for path in paths))
    assert sorted(answer.status for answer in answers) == [200, 410]
    states = [plan_of(home, one)["state"] for one in (home.camera.device_id, second.device_id)]
    assert sorted(states) == ["active", "none"]


WRONG: dict[str, Callable[[Neighbour], str]] = {
    "over": lambda other: other.plan_ticket(exp=said(other.ticket())["iat"]),
    "for somebody else": lambda other: other.plan_ticket(aud="https://elsewhere.example.org"),
    "by nobody known": lambda other: other.plan_ticket(iss="https://elsewhere.example.org"),
    "an arrival": lambda other: other.plan_ticket(typ=ARRIVAL),
    "the ticket of a person": lambda other: other.ticket(),
    "by another key": lambda other: other.sign(
        said(other.plan_ticket()), PLAN_TICKET, key=ECKey.generate_key("P-256", {"kid": "neighbour-1"})
    ),
    "no grant": lambda other: other.plan_ticket("gold"),
    "no time": lambda other: other.plan_ticket(REST.replace("2026-01-25", "2026-01-05")),
    "less than no time": lambda other: other.plan_ticket(REST.replace("2026-01-25", "2026-01-01")),
    "none at all": lambda other: "none.at.all",
}


@pytest.mark.parametrize("wrong", WRONG)
def test_nothing_is_had_by_what_is_no_ticket(home: Home, wrong: str) -> None:
    assert refusal(bring(home, WRONG[wrong](neighbour()))) == (422, "TicketWrong")
    assert plan_of(home)["state"] == "none"


def test_only_its_owner_brings_something_to_a_device(home: Home) -> None:
    assert bring(home, neighbour().plan_ticket(), person=home.stranger).status == 404
    assert bring(home, neighbour().plan_ticket()).status == 200
