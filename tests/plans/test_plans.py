"""The catalogue as people read it, and which plan a device has until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from chalicelib.plans.rules import catalogue as rules
from chalicelib.plans.rules import changes
from chalicelib.plans.rules.catalogue import CATALOGUE
from chalicelib.store.retrying import StaleRead
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import new_camera, pay, rows

DAY = 86_400


def plans_shown(world: LocalCloud, language: str) -> list[dict[str, Any]]:
    answer = world.call("GET", "/plans", headers={"Accept-Language": language})
    assert (answer.status, answer.json["cursor"]) == (200, None)
    items: list[dict[str, Any]] = answer.json["items"]
    return items


def said(state: str, plan_id: str | None = None, until: str | None = None, *waiting: Any) -> dict[str, Any]:
    """A device's plan, with the terms of the catalogue."""
    terms = [(offer.kind, offer.keep_days) for offer in CATALOGUE if offer.plan_id == plan_id]
    kind, keep_days = terms[0] if terms else (None, None)
    told = {"state": state, "plan_id": plan_id, "kind": kind, "keep_days": keep_days, "until": until}
    return {**told, "paused_until": None, "renews": None, "waiting": list(waiting)}


def plan_of(home: Home) -> dict[str, Any]:
    answer = home.owner.call("GET", f"/devices/{home.camera.device_id}/plan")
    assert answer.status == 200, answer.body
    # What is stored by it: tests/recordings.
    return {name: told for name, told in answer.json.items() if name not in ("used_bytes", "oldest", "newest")}


def buy(home: Home, plan_id: str = "event-7-month", key: str = "order-key-0123456789") -> None:
    order_id = home.owner.order(home.camera.device_id, plan_id, key).json["order_id"]
    assert pay(home.world, order_id).json == {"changed": True}


def later(home: Home, seconds: float) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + seconds)
    home.owner.sign_in()


def in_days(home: Home, days: int) -> str:
    return f"{home.world.now() + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"


@pytest.mark.parametrize(
    ("language", "name"), [("en", "Events, 7 days, monthly"), ("pl", "Zdarzenia, 7 dni, na miesiąc")]
)
def test_the_catalogue_is_read_in_ones_own_language_without_signing_in(
    world: LocalCloud, language: str, name: str
) -> None:
    items = {plan.pop("plan_id"): plan for plan in plans_shown(world, language)}
    assert items["event-7-month"] == {
        "name": name,
        "kind": "event",
        "keep_days": 7,
        "period_days": 30,
        "price": {"amount": 299, "currency": "EUR"},
    }
    assert list(items) == [offer.plan_id for offer in rules.by_price("EUR")]


def test_the_two_languages_differ_in_names_only(world: LocalCloud) -> None:
    english, polish = plans_shown(world, "en"), plans_shown(world, "pl-PL,pl;q=0.9,en;q=0.8")
    for one, other in zip(english, polish, strict=True):
        assert one.pop("name") != other.pop("name")
        assert one == other
        assert type(one["price"]["amount"]) is int
    assert plans_shown(world, "de") == plans_shown(world, "en")


def test_the_catalogue_costs_no_call(world: LocalCloud) -> None:
    world.trace.clear()
    plans_shown(world, "en")
    assert world.trace.names() == []


def test_a_device_without_a_plan_has_none(home: Home) -> None:
    assert plan_of(home) == said("none")


def test_a_plan_that_was_ordered_is_none_until_it_is_paid(home: Home) -> None:
    home.owner.order(home.camera.device_id)
    assert plan_of(home)["state"] == "none"


@pytest.mark.parametrize(("plan_id", "days"), [("event-7-month", 30), ("event-30-year", 365)])
def test_a_paid_plan_is_active_for_exactly_its_period_then_in_grace_then_ended(
    home: Home, plan_id: str, days: int
) -> None:
    until = in_days(home, days)
    buy(home, plan_id)
    steps = ((0, "active"), (days * DAY - 1, "active"), (1, "grace"), (7 * DAY - 1, "grace"), (1, "ended"))
    for seconds, state in steps:
        later(home, seconds)
        assert plan_of(home) == said(state, plan_id, until)
        device = home.owner.call("GET", f"/devices/{home.camera.device_id}").json
        assert device["plan"] == said(state, plan_id, until)


def test_a_second_period_is_put_after_the_first_to_the_second(home: Home) -> None:
    until = in_days(home, 60)
    buy(home)
    later(home, 12 * DAY + 345)
    buy(home, key="another-key-0123456789")
    assert plan_of(home) == said("active", "event-7-month", until)


@pytest.mark.parametrize("days", [30, 33, 37, 100])
def test_a_period_bought_after_the_end_begins_when_it_is_paid(home: Home, days: int) -> None:
    buy(home)
    later(home, days * DAY)
    until = in_days(home, 30)
    buy(home, key="another-key-0123456789")
    assert plan_of(home) == said("active", "event-7-month", until)


def test_a_dear_year_stays_dear_when_a_cheap_month_is_bought_and_the_month_waits(home: Home) -> None:
    year, month = in_days(home, 365), in_days(home, 365 + 30)
    buy(home, "continuous-30-year")
    buy(home, "event-3-month", key="another-key-0123456789")
    waits = {"plan_id": "event-3-month", "from": year, "until": month}
    assert plan_of(home) == said("active", "continuous-30-year", year, waits)
    (device,) = home.owner.call("GET", "/devices").json["items"]
    assert device["plan"] == plan_of(home)


def test_what_waits_begins_by_time_alone(home: Home) -> None:
    year, month = in_days(home, 365), in_days(home, 365 + 30)
    buy(home, "continuous-30-year")
    buy(home, "event-3-month", key="another-key-0123456789")
    before = rows(home.world, "account/device-owned")
    waits = {"plan_id": "event-3-month", "from": year, "until": month}
    later(home, 365 * DAY - 1)
    assert plan_of(home) == said("active", "continuous-30-year", year, waits)
    for seconds, state in ((1, "active"), (30 * DAY - 1, "active"), (1, "grace"), (7 * DAY, "ended")):
        later(home, seconds)
        assert plan_of(home) == said(state, "event-3-month", month)
    assert rows(home.world, "account/device-owned") == before


def test_three_cheap_years_stay_cheap_when_a_dear_month_is_bought(home: Home) -> None:
    cheap, dear = in_days(home, 3 * 365), in_days(home, 3 * 365 + 30)
    for nth in range(3):
        buy(home, "event-30-year", key=f"key-{nth}-of-a-cheap-year")
    buy(home, "continuous-7-month")
    waits = {"plan_id": "continuous-7-month", "from": cheap, "until": dear}
    assert plan_of(home) == said("active", "event-30-year", cheap, waits)


def test_what_was_bought_stays_what_it_was_when_the_catalogue_changes(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ordered at the old price and terms, paid and had after they changed."""
    order_id = home.owner.order(home.camera.device_id, "event-7-month").json["order_id"]
    other = {"version": 3, "keep_days": 1, "period_days": 9, "prices": {"EUR": 999}}
    changed = tuple(structs.replace(one, **other) for one in CATALOGUE)
    monkeypatch.setattr(rules, "CATALOGUE", changed)
    until = in_days(home, 30)
    assert pay(home.world, order_id).json == {"changed": True}
    assert plan_of(home) == said("active", "event-7-month", until)
    order = home.owner.call("GET", f"/orders/{order_id}").json
    assert (order["amount"]["amount"], order["kind"], order["keep_days"], order["period_days"]) == (299, "event", 7, 30)


def test_a_plan_is_of_one_device(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    buy(home)
    assert home.owner.call("GET", f"/devices/{other.device_id}/plan").json["state"] == "none"


def test_a_plan_does_not_pass_to_the_next_owner(home: Home) -> None:
    buy(home)
    home.owner.call("DELETE", f"/devices/{home.camera.device_id}")
    assert home.stranger.bind(home.camera).status == 201
    assert home.stranger.call("GET", f"/devices/{home.camera.device_id}/plan").json["state"] == "none"
    home.world.advance(900)
    assert len(rows(home.world, "account/device-owned")) == 1


def test_nobody_sees_the_plan_of_somebody_elses_device(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}/plan"
    assert home.stranger.call("GET", path).status == 404
    assert home.owner.call("GET", f"/devices/{'x' * 26}/plan").status == 404
    assert home.world.call("GET", path).status == 401


def test_a_period_is_granted_only_after_the_plan_that_was_read(home: Home) -> None:
    """Else two payments at once would both be put after the same end, and one be lost."""
    from chalicelib.plans.actions import ledgers as actions
    from chalicelib.store.commit import commit
    from chalicelib.store.records import read

    device_id = home.camera.device_id
    (nothing,) = read(actions.key_of(device_id))
    assert nothing is not None
    assert nothing.plan_grants is None
    month, now = rules.offer("event-7-month"), int(home.world.now().timestamp())
    (as_before,) = read(actions.key_of(device_id))
    commit(*actions.grant(as_before, changes.new_grant(month, "order:first", now), now))
    (held,) = read(actions.key_of(device_id))
    (as_held,) = read(actions.key_of(device_id))
    commit(*actions.grant(as_held, changes.new_grant(month, "order:second", now), now))
    for as_read_before in (nothing, held):
        with pytest.raises(StaleRead):
            commit(*actions.grant(as_read_before, changes.new_grant(month, "order:third", now), now))
    assert plan_of(home)["until"] == in_days(home, 60)
