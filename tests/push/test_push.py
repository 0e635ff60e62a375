"""Telling a person's terminals (B11): ids only, to who holds the phone now, until they sign out."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest

from chalicelib.aws import sns
from chalicelib.aws.clients import client
from chalicelib.push.actions import notifying
from chalicelib.sessions.actions.audience import Target
from infra.local.cloud import LocalCloud
from tests.scene import Camera, Person, elsewhere, everything_stored, just_before, new_camera, new_person, rows

TOKEN, OTHER = "platform-token-0001", "platform-token-0002"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


@pytest.fixture
def camera(ola: Person) -> Camera:
    return new_camera(ola.world, owner=ola)


def tokens_at_sns(world: LocalCloud) -> list[str]:
    return sorted(endpoint["attributes"]["Token"] for endpoint in world.dump()["endpoints"])


def pushed(world: LocalCloud, to: str) -> int:
    return sum(one["kind"] == "push" for one in world.outbox(to))


def targets(world: LocalCloud) -> list[str]:
    return [one for row in rows(world, "account/audience") for one in row.get("targets", ())]


def target_of(person: Person) -> Target:
    (arn,) = (one["arn"] for one in person.world.dump()["endpoints"])
    return Target(person.account_id, person.session_id, arn)


def test_an_alarm_is_pushed_with_ids_only(ola: Person, camera: Camera) -> None:
    assert ola.take_pushes(TOKEN).status == 204
    camera.see(1)
    (push,) = (one for one in ola.world.outbox(TOKEN) if one["kind"] == "push")
    (alarm,) = ola.alarms(camera.device_id)
    assert push["data"]["data"] == {"device_id": camera.device_id, "alarm_id": alarm["alarm_id"]}
    assert "Garden" not in str(push)
    assert camera.sn not in str(push)


def test_apple_phones_are_told_too(ola: Person, camera: Camera) -> None:
    assert ola.call("PUT", "/terminals/current/push", {"platform": "apns", "token": TOKEN}).status == 204
    camera.see(1)
    (push,) = (one for one in ola.world.outbox(TOKEN) if one["kind"] == "push")
    assert push["data"]["device_id"] == camera.device_id


def test_without_a_terminal_nobody_is_told(ola: Person, camera: Camera) -> None:
    sent = len(ola.world.outbox())
    camera.see(1)
    assert len(ola.world.outbox()) == sent


def test_a_device_bound_later_pushes_too(ola: Person) -> None:
    ola.take_pushes(TOKEN)
    new_camera(ola.world, owner=ola).see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_every_terminal_of_the_owner_is_told_and_no_strangers(ola: Person, camera: Camera) -> None:
    phone, zed = elsewhere(ola), new_person(ola.world, "zed@example.com")
    ola.take_pushes(TOKEN)
    phone.take_pushes(OTHER)
    zed.take_pushes("platform-token-of-zed")
    camera.see(1)
    assert [pushed(ola.world, to) for to in (TOKEN, OTHER, "platform-token-of-zed")] == [1, 1, 0]


def test_a_new_address_replaces_the_old(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    assert ola.take_pushes(OTHER).status == 204
    assert tokens_at_sns(ola.world) == [OTHER]
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (0, 1)


def test_the_same_token_on_another_platform_is_another_address(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    assert ola.call("PUT", "/terminals/current/push", {"platform": "apns", "token": TOKEN}).status == 204
    assert len(ola.world.dump()["endpoints"]) == len(targets(ola.world)) == 1


def test_the_same_address_again_changes_nothing(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    before = ola.world.dump()
    assert ola.take_pushes(TOKEN).status == 204
    after = ola.world.dump()
    assert (after["tables"], after["endpoints"]) == (before["tables"], before["endpoints"])
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_signing_out_forgets_the_terminal_everywhere(ola: Person, camera: Camera) -> None:
    there = elsewhere(ola)
    there.take_pushes(OTHER)
    ola.take_pushes(TOKEN)
    assert ola.call("DELETE", "/sessions/current").status == 204
    assert tokens_at_sns(ola.world) == [OTHER]
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (0, 1)


def test_of_two_people_on_one_phone_only_the_last_is_told(ola: Person, camera: Camera) -> None:
    zed = new_person(ola.world, "zed@example.com")
    theirs = new_camera(ola.world, "SN0002", owner=zed)
    ola.take_pushes(TOKEN)
    zed.take_pushes(TOKEN)  # and the first never signed out
    assert tokens_at_sns(ola.world) == [TOKEN]
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 0
    theirs.see(2)
    (push,) = (one for one in ola.world.outbox(TOKEN) if one["kind"] == "push")
    assert push["data"]["data"]["device_id"] == theirs.device_id


def test_the_first_may_take_the_phone_back(ola: Person, camera: Camera) -> None:
    zed = new_person(ola.world, "zed@example.com")
    theirs = new_camera(ola.world, "SN0002", owner=zed)
    ola.take_pushes(TOKEN)
    zed.take_pushes(TOKEN)
    assert ola.take_pushes(TOKEN).status == 204
    theirs.see(2)
    assert pushed(ola.world, TOKEN) == 0
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_signing_out_of_a_phone_that_another_took_leaves_it_to_them(ola: Person, camera: Camera) -> None:
    zed = new_person(ola.world, "zed@example.com")
    theirs = new_camera(ola.world, "SN0002", owner=zed)
    ola.take_pushes(TOKEN)
    zed.take_pushes(TOKEN)
    assert ola.call("DELETE", "/sessions/current").status == 204
    theirs.see(2)
    assert pushed(ola.world, TOKEN) == 1


def test_the_end_of_a_family_ends_its_pushes(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    assert len(rows(ola.world, "account/session")) == 1
    camera.see(2)
    assert pushed(ola.world, TOKEN) == 1
    stolen = ola.refresh_token
    ola.access_token = ola.world.call("POST", "/sessions/refresh", {"refresh_token": stolen}).json["access_token"]
    assert ola.call("GET", "/me").status == 200
    assert ola.world.call("POST", "/sessions/refresh", {"refresh_token": stolen}).status == 401
    assert rows(ola.world, "account/session") == []
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def _enable(world: LocalCloud, token: str, word: str) -> None:
    (arn,) = (one["arn"] for one in world.dump()["endpoints"] if one["attributes"]["Token"] == token)
    with world.aws.outside():
        client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Enabled": word})


def test_an_app_that_was_installed_again_is_pushed_to_again(ola: Person, camera: Camera) -> None:
    """Its platform had its endpoint disabled, and nothing was pushed since."""
    ola.take_pushes(TOKEN)
    _enable(ola.world, TOKEN, "false")
    assert ola.take_pushes(TOKEN).status == 204
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_a_terminal_that_is_dead_is_forgotten_and_the_others_are_told(ola: Person, camera: Camera) -> None:
    phone = elsewhere(ola)
    for person, token in ((ola, TOKEN), (phone, OTHER)):
        assert person.take_pushes(token).status == 204
    _enable(ola.world, TOKEN, "false")
    camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (0, 1)
    assert tokens_at_sns(ola.world) == [OTHER]
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    assert ola.take_pushes(TOKEN).status == 204  # the app is opened again
    camera.see(2)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (1, 2)


def test_a_terminal_that_sns_does_not_know_any_more_is_forgotten_too(ola: Person, camera: Camera) -> None:
    assert ola.take_pushes(TOKEN).status == 204
    (arn,) = (one["arn"] for one in ola.world.dump()["endpoints"])
    with ola.world.aws.outside():
        client("sns").delete_endpoint(EndpointArn=arn)
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    camera.see(1)
    assert targets(ola.world) == rows(ola.world, "account/endpoint") == []


def test_a_terminal_that_came_back_before_it_was_found_dead_stays(ola: Person, camera: Camera) -> None:
    assert ola.take_pushes(TOKEN).status == 204
    target = target_of(ola)
    with patch.object(sns, "send", return_value=False), pytest.raises(sns.NotSent):
        notifying.push_again(target, "ALARM", "a", {"device_id": camera.device_id, "alarm_id": "a"})
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_one_terminals_failure_stops_no_others_and_it_alone_is_tried_again(
    ola: Person, camera: Camera
) -> None:
    phone = elsewhere(ola)
    ola.take_pushes(TOKEN)
    phone.take_pushes(OTHER)
    failed: list[str] = []

    def fail_first(arn: str, what: Any) -> bool:
        if not failed:
            failed.append(arn)
            raise sns.NotSent
        return real_send(arn, what)

    real_send = sns.send
    with patch.object(sns, "send", fail_first):
        camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (1, 1)
    assert failed


def test_who_may_not_hear_any_more_when_it_is_tried_again_hears_nothing(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    target, ids = target_of(ola), {"device_id": camera.device_id, "alarm_id": "a"}
    notifying.push_again(target, "ALARM", "a", ids)
    assert pushed(ola.world, TOKEN) == 1
    assert ola.call("DELETE", f"/devices/{camera.device_id}").status == 202
    notifying.push_again(target, "ALARM", "a", ids)
    assert pushed(ola.world, TOKEN) == 1


def test_a_late_alarm_and_one_of_a_word_of_its_own_say_so(ola: Person, camera: Camera) -> None:
    ola.call("PUT", "/terminals/current/push", {"platform": "apns", "token": TOKEN})
    notifying.notify_of_alarm([target_of(ola)], camera.device_id, "a", late=True)
    notifying.notify_of_alarm([target_of(ola)], camera.device_id, "a", type="offline")
    offline, late = (one["data"] for one in ola.world.outbox(TOKEN) if one["kind"] == "push")
    assert (late["aps"]["alert"], late["late"], "type" in late) == ({"loc-key": "ALARM_LATE"}, "true", False)
    assert (offline["aps"]["alert"], offline["type"], "late" in offline) == ({"loc-key": "OFFLINE"}, "offline", False)


def test_closing_the_account_forgets_its_terminals(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    ola.step_up()
    assert ola.close().status == 202
    ola.world.advance(15 * 60)
    assert tokens_at_sns(ola.world) == []


@pytest.mark.parametrize("nth", range(1, 7))
@pytest.mark.parametrize("token", [TOKEN, OTHER])
def test_a_terminal_that_takes_pushes_twice_at_once_is_pushed_to_once(
    ola: Person, camera: Camera, nth: int, token: str
) -> None:
    answers: list[int] = []
    with just_before(ola.world, nth, lambda: answers.append(Person(**vars(ola)).take_pushes(token).status)):
        answers.append(ola.take_pushes(TOKEN).status)
    assert 204 in answers
    ola.world.settle()
    (at_sns,) = tokens_at_sns(ola.world)
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    camera.see(1)
    assert pushed(ola.world, at_sns) == 1


@pytest.mark.parametrize("nth", range(1, 6))
def test_a_device_bound_at_the_same_moment_pushes_too(ola: Person, nth: int) -> None:
    camera = new_camera(ola.world)
    with just_before(ola.world, nth, lambda: ola.bind(camera)):
        assert ola.take_pushes(TOKEN).status == 204
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


@pytest.mark.parametrize("nth", range(1, 6))
def test_a_device_removed_while_an_address_is_replaced_is_in_nobodys_way(
    ola: Person, camera: Camera, nth: int
) -> None:
    other = new_camera(ola.world, "SN0002", owner=ola)
    ola.take_pushes(TOKEN)
    with just_before(ola.world, nth, lambda: ola.call("DELETE", f"/devices/{camera.device_id}")):
        assert ola.take_pushes(OTHER).status == 204
    other.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (0, 1)
    assert tokens_at_sns(ola.world) == [OTHER]


def test_the_platforms_token_is_stored_sealed_only(ola: Person, camera: Camera) -> None:
    ola.take_pushes(TOKEN)
    world = ola.world.dump()
    del world["endpoints"]  # SNS must know it
    assert TOKEN not in str(world)
    ola.call("DELETE", "/sessions/current")
    assert TOKEN not in everything_stored(ola.world)


def test_a_platform_that_this_installation_lacks_is_a_conflict(
    ola: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APNS_APPLICATION_ARN", "")
    before = ola.world.dump()["tables"]
    answer = ola.call("PUT", "/terminals/current/push", {"platform": "apns", "token": TOKEN})
    assert (answer.status, answer.json["code"]) == (409, "PlatformMissing")
    assert ola.world.dump()["tables"] == before
    assert tokens_at_sns(ola.world) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"platform": "fcm"}, "token"),
        ({"token": TOKEN}, "platform"),
        ({"platform": "sms", "token": TOKEN}, "platform"),
        ({"platform": None, "token": TOKEN}, "platform"),
        ({"platform": "fcm", "token": ""}, "token"),
        ({"platform": "fcm", "token": "short"}, "token"),
        ({"platform": "fcm", "token": "with a space"}, "token"),
        ({"platform": "fcm", "token": "with-a-break\n"}, "token"),
        ({"platform": "fcm", "token": "x" * 4097}, "token"),
        ({"platform": "fcm", "token": 12_345_678}, "token"),
        ({"platform": "fcm", "token": TOKEN, "account_id": "another"}, "account_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_of_it_stored(ola: Person, body: dict[str, Any], field: str) -> None:
    before = ola.world.dump()["tables"]
    answer = ola.call("PUT", "/terminals/current/push", body)
    assert (answer.status, list(answer.json["fields"])) == (422, [field])
    assert ola.world.dump()["tables"] == before
    assert tokens_at_sns(ola.world) == []
