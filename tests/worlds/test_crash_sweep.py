"""Whatever call fails, in whichever way: nothing is half done, nothing twice, and nobody is told otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest

from chalicelib.entry import http
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import DIES_BEFORE, Kind
from tests.conftest import Home
from tests.scene import Person, forget_root_secret, new_camera
from tests.worlds.invariants import violations
from tests.worlds.scenarios import SCENARIOS
from tests.worlds.scenarios.declared import scenario_of
from tests.worlds.sweep import Scenario, Seen, failures, recover, routes, without_waiting, wrongs


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with without_waiting():
        yield


@pytest.mark.one_in(8, by=lambda scenario: scenario.kind)
@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SCENARIOS])
def test_a_failure_leaves_nothing_half_done(home: Home, scenario: Scenario) -> None:
    went_on = Seen(home.world)
    found = [f"{call}: {wrong}" for call, tried in failures(scenario, home) for wrong in wrongs(tried, went_on)]
    assert not found, f"{scenario.name}:\n" + "\n".join(dict.fromkeys(found))


@pytest.mark.parametrize("name", ["PATCH /devices/{device_id}", "POST /devices/{device_id}/shares"])
def test_what_a_route_declares_is_a_scenario(home: Home, name: str) -> None:
    scenario = scenario_of(name)
    went_on, times, found = Seen(home.world), set(), []
    for _, tried in failures(scenario, home):
        times.add(tried.times())
        found += wrongs(tried, went_on)
    assert (times, found) == ({0, 1}, [])


def test_a_route_that_keeps_no_answer_is_seen(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it had not ended in `commit_and_answer`."""
    monkeypatch.setattr(http, "with_answer_record", lambda record: nullcontext())
    scenario = scenario_of("PATCH /devices/{device_id}")
    went_on = Seen(home.world)
    found = [wrong for _, one in failures(scenario, home) for wrong in wrongs(one, went_on)]
    assert any("happened 0 times" in wrong for wrong in found), found


# What is done only with a provider that answers by itself is made to fail beside it: tests/payments/test_stripe.py.
_WITH_ITS_PROVIDER = {"on_event_delayed", "look_up_delayed_events"}


def test_every_operation_has_a_scenario() -> None:
    covered = [scenario.covers for scenario in SCENARIOS]
    played = {route for one in covered for route in ((one,) if isinstance(one, str) else one)}
    assert routes() == played | _WITH_ITS_PROVIDER


@pytest.mark.one_in(2)
@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.name)
def test_the_first_request_of_an_installation_may_fail_anywhere(world: LocalCloud, kind: Kind) -> None:
    forget_root_secret(world)
    module_caches.forget()
    before = world.snapshot()
    person = Person(world, "first@example.com")
    world.trace.clear()
    person.register()
    calls = len(world.trace)
    assert calls >= 7  # four of them for the secret, one to look whether the table is in service
    for nth in range(1, calls + 1):
        world.restore(before)
        module_caches.forget()
        world.faults.fail(nth, kind)
        world.call("POST", "/accounts", person.registration())
        world.faults.clear()
        module_caches.forget()
        assert person.confirm(person.register()).status == 201
        module_caches.forget()
        assert person.call("GET", "/me").json["nickname"] == "Ola"
        recover(world)
        assert violations(world.dump()) == []


def test_a_late_repeat_of_a_registration_leaves_the_account_alone(world: LocalCloud) -> None:
    person, key = Person(world, "ola@example.com"), {"Idempotency-Key": "the-key-of-a-registration"}
    first = world.call("POST", "/accounts", person.registration(), headers=key)
    assert person.confirm(first.json["registration_id"]).status == 201
    repeated = world.call("POST", "/accounts", person.registration(), headers=key)
    assert (repeated.status, repeated.json) == (first.status, first.json)
    assert person.call("GET", "/me").json["nickname"] == "Ola"
    recover(world)
    assert violations(world.dump()) == []


def test_a_terminal_whose_sign_out_died_before_its_commit_is_pushed_to_as_before(home: Home) -> None:
    world, token = home.world, "platform-token-of-the-owner"
    world.trace.clear()
    world.faults.fail(2, DIES_BEFORE)
    assert home.owner.call("DELETE", "/sessions/current").status == 502
    assert world.trace.names()[-1] == "dynamodb.TransactWriteItems"
    world.faults.clear()
    home.camera.see(9)
    assert len(world.outbox(token)) == 2
    assert violations(world.dump()) == []


def test_a_lost_reply_binds_once_and_is_no_refusal(home: Home) -> None:
    """What the sweep looks for, by hand and from outside."""
    camera, key = new_camera(home.world, "SN0002"), {"Idempotency-Key": "the-key-of-a-binding"}
    home.world.faults.fail(4, Kind.DIES_AFTER)
    assert home.owner.bind(camera, **key).status == 502
    home.world.faults.clear()
    answer = home.owner.bind(camera, **key)
    assert answer.status == 201
    assert {one["sn"] for one in home.owner.call("GET", "/devices").json["items"]} == {"SN0001", "SN0002"}
