"""Deleting alarms: nobody reads them from that moment on, and then picture and row go."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.alarms.actions import deleting
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto import DIES_AFTER, DIES_BEFORE, Kind
from tests.alarms.snapshots import (
    arrives,
    ids_of,
    name_of,
    objects,
    path_of,
    post,
    pushes,
    rows_now_of,
    s3_event,
    tell,
)
from tests.conftest import Home
from tests.scene import jpeg, lose_events, new_camera, rows


def delete(home: Home, *alarm_ids: str) -> Response:
    """These, or all."""
    body = {"alarm_ids": list(alarm_ids)} if alarm_ids else None
    return home.owner.call("DELETE", path_of(home), body)


def delete_one(home: Home, alarm_id: str) -> Response:
    return home.owner.call("DELETE", path_of(home, alarm_id))


def four(home: Home) -> list[str]:
    """Four alarms, the newest first."""
    for number in range(3):
        home.world.clock.move_to(home.world.now().timestamp() + 1)
        arrives(home.camera, number=number + 50)
    return ids_of(home)


def kept(world: LocalCloud) -> tuple[int, int, int]:
    """How many objects, rows that say something of alarms, and orders to remove are there, without letting anything
    settle."""
    from infra.local import dump

    found = dump.dump()
    items = found["tables"]["sowa-local-Items"]
    alarms = [row for row in items if row["sk"].startswith("alarm#") and "channel" in row]
    removals = [row for row in items if row["sk"].startswith("removal#")]
    return sum(len(one) for one in found["buckets"].values()), len(alarms), len(removals)


def carried_out(world: LocalCloud) -> None:
    """What was told is done, and done again a minute later."""
    world.settle()
    world.advance(60)


def is_unreadable(home: Home, alarm_id: str) -> bool:
    answers = [
        home.owner.call("GET", path_of(home, alarm_id)),
        home.owner.call("POST", path_of(home, alarm_id) + "/read"),
        home.owner.call("DELETE", path_of(home, alarm_id)),
    ]
    everywhere = home.owner.call("GET", "/alarms", query={"limit": 100}).json["items"]
    listed = {*ids_of(home, limit=100), *(alarm["alarm_id"] for alarm in everywhere)}
    return {answer.status for answer in answers} == {404} and alarm_id not in listed


# ── One, some, all ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_deleted_alarm_is_unreadable_at_once_and_then_gone(home: Home) -> None:
    alarm_ids = four(home)
    assert delete_one(home, alarm_ids[1]).status == 204
    assert kept(home.world) == (4, 4, 1)  # nothing has gone yet
    assert is_unreadable(home, alarm_ids[1])
    assert ids_of(home) == [alarm_ids[0], *alarm_ids[2:]]
    home.world.settle()
    assert kept(home.world) == (3, 3, 1)  # gone, and looked at once more in a minute
    carried_out(home.world)
    assert kept(home.world) == (3, 3, 0)
    assert is_unreadable(home, alarm_ids[1])
    assert all(home.owner.call("GET", path_of(home, alarm_id)).status == 200 for alarm_id in ids_of(home))


def test_some_are_deleted_together(home: Home) -> None:
    alarm_ids = four(home)
    assert delete(home, alarm_ids[0], alarm_ids[2]).status == 204
    assert kept(home.world) == (4, 4, 1)
    assert is_unreadable(home, alarm_ids[0]) and is_unreadable(home, alarm_ids[2])
    carried_out(home.world)
    assert kept(home.world) == (2, 2, 0)
    assert ids_of(home) == [alarm_ids[1], alarm_ids[3]]


def test_all_are_deleted_in_one_write(home: Home) -> None:
    alarm_ids = four(home)
    assert len(alarm_ids) == len(home.owner.call("GET", "/alarms").json["items"]) == 4
    home.world.trace.clear()
    assert delete(home).status == 204
    assert len(home.world.trace) == 2
    assert kept(home.world) == (4, 4, 1)
    assert all(is_unreadable(home, alarm_id) for alarm_id in alarm_ids)
    assert ids_of(home) == []
    carried_out(home.world)
    assert kept(home.world) == (0, 0, 0)


def test_what_there_is_no_time_for_is_deleted_by_the_next_message(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    four(home)
    delete(home)
    # Two alarms to a page, and a clock on which a page takes nearly all the time there is.
    monkeypatch.setattr(deleting, "_PAGE", 2)
    times = itertools.count(step=deleting.BUDGET_S - 1)
    monkeypatch.setattr(clock, "ticks_s", lambda: float(next(times)))
    passes: list[str] = []
    carry_out = deleting.carry_out_removal
    monkeypatch.setattr(deleting, "carry_out_removal", lambda *which: (passes.append(which[1]), carry_out(*which)))
    carried_out(home.world)
    assert kept(home.world) == (0, 0, 0)
    assert len(passes) > 2


def test_an_empty_body_means_all_as_no_body_does(home: Home) -> None:
    assert home.owner.call("DELETE", path_of(home), {}).status == 204
    carried_out(home.world)
    assert kept(home.world) == (0, 0, 0)


def test_what_comes_after_all_were_deleted_is_there(home: Home) -> None:
    four(home)
    delete(home)
    home.world.advance(1)
    arrives(home.camera, number=7)
    assert len(ids_of(home)) == 1
    carried_out(home.world)
    assert kept(home.world) == (1, 1, 0)


def test_what_was_stamped_ahead_goes_with_all_the_others(home: Home) -> None:
    arrives(home.camera, home.world.now() + timedelta(hours=5), number=7)
    assert len(ids_of(home)) == 2
    delete(home)
    carried_out(home.world)
    assert (ids_of(home), kept(home.world)) == ([], (0, 0, 0))


def test_only_this_devices_alarms_go(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    arrives(other, number=7)
    delete(home)
    carried_out(home.world)
    assert ids_of(home) == []
    assert len(home.owner.alarms(other.device_id)) == 1
    assert len(objects(home.world)) == 1


def test_a_link_that_was_given_before_shows_the_picture_no_more_than_it_lies_there(home: Home) -> None:
    url = home.owner.call("GET", path_of(home, home.alarm_id)).json["picture_url"]
    delete_one(home, home.alarm_id)
    carried_out(home.world)
    assert home.world.fetch(url).status == 404


# ── What is asked wrongly ────────────────────────────────────────────────────────────────────────────────────────────


def test_fifty_can_be_named_at_once(home: Home) -> None:
    for number in range(49):
        post(home.camera, name_of(home.world.now(), number=number + 50), jpeg(number % 5))
    carried_out(home.world)
    alarm_ids = ids_of(home, limit=100)
    assert len(alarm_ids) == 50
    assert delete(home, *alarm_ids).status == 204
    assert ids_of(home) == []
    carried_out(home.world)
    assert kept(home.world) == (0, 0, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"alarm_ids": [f"20260105T080000Z-{number:016d}" for number in range(51)]},
        {"alarm_ids": []},
        {"alarm_ids": [""]},
        {"alarm_ids": ["a" * 65]},
        {"alarm_ids": [7]},
        {"alarm_ids": "all"},
        {"alarm_id": "x"},
    ],
)
def test_more_than_fifty_none_or_nonsense_is_refused_and_deletes_nothing(home: Home, body: dict[str, Any]) -> None:
    answer = home.owner.call("DELETE", path_of(home), body)
    assert (answer.status, bool(answer.json["fields"])) == (422, True)
    carried_out(home.world)
    assert ids_of(home) == [home.alarm_id]


def test_absent_alarms_among_the_named_are_no_hindrance(home: Home) -> None:
    alarm_ids = four(home)
    absent = "20260105T080000Z-0000000000000000"
    assert delete(home, absent, alarm_ids[0], alarm_ids[0]).status == 204
    assert delete(home, absent, alarm_ids[0]).status == 204
    carried_out(home.world)
    assert ids_of(home) == alarm_ids[1:]


def test_one_absent_alarm_is_not_found(home: Home) -> None:
    assert delete_one(home, "20260105T080000Z-0000000000000000").status == 404


@pytest.mark.parametrize("suffix", ["", "/{alarm_id}"])
def test_nobody_deletes_somebody_elses(home: Home, suffix: str) -> None:
    path = path_of(home) + suffix.format(alarm_id=home.alarm_id)
    assert home.stranger.call("DELETE", path).status == 404
    assert home.world.call("DELETE", path).status == 401
    carried_out(home.world)
    assert ids_of(home) == [home.alarm_id]


def test_an_alarm_of_another_of_ones_devices_is_not_deleted_by_this_ones_path(home: Home) -> None:
    other = new_camera(home.world, "SN0002", owner=home.owner)
    arrives(other, number=7)
    (alarm,) = home.owner.alarms(other.device_id)
    assert delete_one(home, alarm["alarm_id"]).status == 404
    assert delete(home, alarm["alarm_id"]).status == 204
    carried_out(home.world)
    assert len(home.owner.alarms(other.device_id)) == 1


# ── What goes wrong on the way ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("which", ["one", "all"])
def test_a_late_second_event_does_not_bring_a_deleted_alarm_back(home: Home, which: str, settled: bool) -> None:
    (key,) = objects(home.world)
    assert ids_of(home) == [home.alarm_id]
    sent = len(pushes(home.world))
    arrived = home.world.now()
    home.world.clock.move_to(arrived.timestamp() + 5)
    delete_one(home, home.alarm_id) if which == "one" else delete(home)
    if settled:
        carried_out(home.world)
    tell(home.world, s3_event(key, arrived))
    carried_out(home.world)
    assert (ids_of(home), kept(home.world)) == ([], (0, 0, 0))
    assert len(pushes(home.world)) == sent


def test_what_arrived_before_all_were_deleted_and_is_told_of_later_goes_too(home: Home) -> None:
    """S3 was slow to tell: the person has deleted it all the same."""
    post(home.camera, name_of(home.world.now(), "person", number=7))
    lose_events(home.world, "on_picture_uploaded")
    assert ids_of(home) == [home.alarm_id]
    (key,) = [key for key in objects(home.world) if "person" in key]
    arrived = home.world.now()
    home.world.clock.move_to(arrived.timestamp() + 5)
    delete(home)
    carried_out(home.world)
    sent = len(pushes(home.world))
    tell(home.world, s3_event(key, arrived))
    carried_out(home.world)
    assert (ids_of(home), kept(home.world)) == ([], (0, 0, 0))
    assert len(pushes(home.world)) == sent


@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER])
@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5, 6])
def test_a_deletion_that_dies_half_way_is_finished(home: Home, nth: int, kind: Kind) -> None:
    alarm_ids = four(home)
    delete(home, *alarm_ids[:2])
    home.world.faults.fail(nth, kind)
    carried_out(home.world)
    assert home.world.faults.fired
    assert ids_of(home) == alarm_ids[2:]
    assert kept(home.world) == (2, 2, 0)


def test_deleting_twice_with_the_same_key_is_one_deletion(home: Home) -> None:
    key = {"Idempotency-Key": "deleting-all-0123456789"}
    assert home.owner.call("DELETE", path_of(home), headers=key).status == 204
    home.world.advance(1)
    arrives(home.camera, number=7)
    assert home.owner.call("DELETE", path_of(home), headers=key).status == 204
    assert len(ids_of(home)) == 1


def test_two_deletions_at_once_come_to_the_same(home: Home) -> None:
    from tests.scene import at_once

    alarm_ids = four(home)
    answers = at_once(
        lambda: delete(home),
        lambda: delete(home, *alarm_ids[:2]),
        lambda: delete_one(home, alarm_ids[0]),
    )
    assert {answer.status for answer in answers} <= {204, 404}
    carried_out(home.world)
    assert (ids_of(home), kept(home.world)) == ([], (0, 0, 0))


def test_an_order_that_was_carried_out_may_be_told_of_again(home: Home) -> None:
    import json

    from chalicelib.aws.clients import client

    delete(home)
    (removal,) = [row for row in rows_now_of("Items") if row["sk"].startswith("removal#")]
    carried_out(home.world)
    ids = {"partition_id": home.camera.device_id, "sort_id": removal["sk"].partition("#")[2]}
    body = json.dumps({"listener": "alarms.on_alarms_removed", **ids})
    with home.world.aws.outside():
        client("sqs").send_message(QueueUrl=home.world.stack.physical("Cleanups"), MessageBody=body)
    carried_out(home.world)
    assert home.world.failures == []
    assert rows(home.world, "device/removal") == []
