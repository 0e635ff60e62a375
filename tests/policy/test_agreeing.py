"""While agreement to a policy that asks for it is missing, most requests wait; safety controls and rights do not."""

from __future__ import annotations

from typing import Any

from chalicelib.register import policy_versions
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.policy.publishing import publish, publish_and_begin
from tests.scene import POLICY, Person, new_person


def accept(person: Person, version: str = "gate", **how: Any) -> Any:
    return person.call("POST", f"/policy/versions/{version}/accept", **how)


def said(answer: Any) -> tuple[int, str | None]:
    return answer.status, (answer.json or {}).get("code")


def test_most_requests_wait_for_agreement_and_go_on_with_it(home: Home) -> None:
    assert home.owner.call("GET", "/alarms").status == 200
    publish_and_begin(home.world)
    home.owner.refresh()
    refused = home.owner.call("GET", "/alarms")
    assert (*said(refused), refused.json["policy_version"]) == (403, "PolicyNotAccepted", "gate")
    for _ in range(2):
        answer = accept(home.owner)
        assert (answer.status, answer.json) == (200, {"policy_version": "gate"})
    assert home.owner.call("GET", "/alarms").status == 200
    assert home.owner.call("GET", "/me").json["policy_version"] == "gate"
    home.stranger.refresh()
    assert said(home.stranger.call("GET", "/alarms")) == (403, "PolicyNotAccepted")


def test_agreement_is_recorded_once_and_read_in_the_activity(home: Home) -> None:
    publish(home.world)
    for key in ("one-key-of-sixteen-letters", "another-key-of-sixteen"):
        assert accept(home.owner, headers={"Idempotency-Key": key}).status == 200
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert acts.count("policy_accepted") == 1


def test_safety_controls_rights_and_cameras_go_on(home: Home) -> None:
    publish_and_begin(home.world)
    home.owner.refresh()
    camera = f"/devices/{home.camera.device_id}"
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200
    assert home.owner.set_privacy(home.camera.device_id, on=False).status == 200
    assert home.camera.ask_ticket().status == 200
    assert home.owner.call("GET", "/notices").json["items"][0]["kind"] == "policy"
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    assert home.owner.call("DELETE", f"{camera}/alarms", {}).status == 204
    assert home.owner.call("DELETE", camera).status == 202
    home.owner.step_up()
    assert home.owner.call("POST", "/privacy/exports").status == 202
    assert home.owner.close().status == 202


def test_a_version_that_needs_no_agreement_stops_nobody(home: Home) -> None:
    publish_and_begin(home.world, needs_agreement=False)
    home.owner.refresh()
    assert home.owner.call("GET", "/alarms").status == 200


def test_who_agreed_before_it_began_or_to_a_newer_one_is_asked_nothing(home: Home) -> None:
    publish(home.world, "gate", 1, needs_agreement=True)
    publish(home.world, "yard", 2, needs_agreement=False)
    assert accept(home.owner, "gate").status == 200
    assert accept(home.stranger, "yard").status == 200
    home.world.clock.move_to(home.world.now().timestamp() + 86_400)
    for person in (home.owner, home.stranger):
        person.refresh()
        assert person.call("GET", "/alarms").status == 200
    home.world.clock.move_to(home.world.now().timestamp() + 86_400)
    home.owner.refresh()
    assert home.owner.call("GET", "/alarms").status == 200


def test_what_is_over_cannot_be_agreed_to(home: Home) -> None:
    publish(home.world, "yard", 40)
    assert said(accept(home.owner, "none")) == (404, "UnknownVersion")
    assert accept(home.owner, "yard").status == 200
    older = accept(home.owner, POLICY)
    assert (*said(older), older.json["policy_version"]) == (409, "PolicyVersionOld", "yard")
    home.world.clock.move_to(home.world.now().timestamp() + 40 * 86_400)
    home.stranger.refresh()
    over = accept(home.stranger, POLICY)
    assert (*said(over), over.json["policy_version"]) == (409, "PolicyVersionOld", "yard")


def test_who_registers_agrees_to_the_one_in_force(home: Home) -> None:
    publish_and_begin(home.world)
    newcomer = Person(home.world, "new@example.com")
    assert said(home.world.call("POST", "/accounts", newcomer.registration())) == (422, "PolicyOutdated")
    newcomer.confirm(newcomer.register(policy_version="gate"))
    assert newcomer.call("GET", "/alarms").status == 200


def test_it_is_asked_of_nobody_once_a_container_knows(home: Home) -> None:
    """Neither a call nor a read unit is what an ordinary request pays for it."""
    publish_and_begin(home.world)
    home.owner.refresh()
    assert accept(home.owner).status == 200
    home.world.settle()
    home.world.trace.clear()
    assert home.owner.call("GET", "/me").status == 200
    (call,) = home.world.trace.names()
    assert call == "dynamodb.BatchGetItem"
    assert "policies" not in str(home.world.trace.calls)


def test_a_container_that_read_before_it_was_published_refuses_from_its_first_second_on(world: LocalCloud) -> None:
    person = new_person(world)
    last_second = world.now().replace(hour=23, minute=59, second=58).timestamp()
    world.clock.move_to(last_second)
    person.refresh()
    assert person.call("GET", "/alarms").status == 200
    assert policy_versions._known
    publish(world, "gate", 1, needs_agreement=True)
    assert person.call("GET", "/alarms").status == 200
    world.clock.move_to(last_second + 2)
    assert said(person.call("GET", "/alarms")) == (403, "PolicyNotAccepted")


def test_an_answer_of_before_is_given_again(home: Home) -> None:
    key = {"Idempotency-Key": "a-key-of-sixteen-letters"}
    rename = ("PATCH", f"/devices/{home.camera.device_id}", {"name": "Yard"})
    home.world.clock.move_to(home.world.now().replace(hour=23, minute=59).timestamp())
    home.owner.refresh()
    first = home.owner.call(*rename, headers=key)
    publish(home.world, "gate", 1, needs_agreement=True)
    home.world.clock.move_to(home.world.now().timestamp() + 120)
    again = home.owner.call(*rename, headers=key)
    assert (first.status, again.status, again.json) == (200, 200, first.json)
    assert said(home.owner.call(*rename)) == (403, "PolicyNotAccepted")
