"""Uploads outlast a day without DynamoDB, functions that are throttled for longer than Lambda keeps an event, and such
as die at each of its tries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.alarms import rules
from chalicelib.recordings.actions import quota
from infra.local import dump
from infra.local.async_events import OLDEST_S
from infra.local.cloud import LocalCloud
from infra.strict_moto import DIES_AFTER, DIES_BEFORE, Kind
from tests.alarms.snapshots import ids_of, keys_now, name_of, pushes
from tests.conftest import Home
from tests.recordings.plans import EVENT, subscribe
from tests.recordings.recorded import counted, objects, refused, stands
from tests.scene import jpeg
from tests.worlds.invariants import violations
from tests.worlds.sweep import without_waiting

HOUR = 3_600
ON_UPLOADS = ("on_picture_uploaded", "on_recording_uploaded")


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    with without_waiting():
        yield


def _upload(home: Home, number: int) -> None:
    """A picture and a minute of video, on tickets that are asked for in a moment in which that can be."""
    planned, home.world.faults._refusing = home.world.faults._refusing, set()
    alarm, recording = home.camera.ask_ticket().json, home.camera.recording_ticket()
    home.world.faults._refusing = planned
    name = name_of(home.world.now(), "person", number=number)
    assert home.world.upload(alarm, name, jpeg(number)).status == 204
    home.camera.record(ticket=recording)


def _left_in(world: LocalCloud, *queues: str) -> list[str]:
    """What stands in the messages of these queues about the tries before, without letting anything settle."""
    kept = dump.dump()["queues"]
    bodies = [one["body"] for queue in queues for one in kept[world.stack.physical(queue).rpartition("/")[2]]]
    return [json.loads(body)["requestContext"]["condition"] for body in bodies]


def _is_there_once(home: Home, count: int, minutes: int) -> None:
    home.owner.refresh()
    assert len(ids_of(home, type="person", limit=100)) == count
    assert len({push["data"]["data"]["alarm_id"] for push in pushes(home.world)}) == count + 1
    assert len(objects(home.world)) == len(stands(home)) == minutes
    assert sum(ms for ms, _ in counted(home).values()) == minutes * 60_000
    assert refused(home) == {}
    assert violations(home.world.dump()) == []


def test_what_is_uploaded_while_dynamodb_is_down_for_a_day_is_there_afterwards_once(home: Home) -> None:
    world = home.world
    subscribe(home)
    world.faults.refuse("dynamodb")
    for number, hours in enumerate((6, 6, 6, 5.9, 0.1)):
        _upload(home, number)
        world.advance(hours * HOUR)
    assert {*ON_UPLOADS} <= {failure.function for failure in world.failures}
    world.faults.clear()
    home.owner.refresh()
    assert (ids_of(home, type="person"), counted(home), len(objects(world))) == ([], {}, 5)
    # Two objects of video at a time: the init on its new ticket, and the segment.
    aside = _left_in(world, "UploadsDeadLetters")
    assert aside == ["RetriesExhausted"] * (5 + 10)
    assert world.redrive() >= len(aside)
    world.advance(HOUR)
    _is_there_once(home, 5, 5)


def test_what_is_throttled_for_longer_than_lambda_keeps_it_waits_in_the_queue_and_is_taken(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reconciler counts the video meanwhile, more than a row remembers one by one; twice, it would be too much."""
    monkeypatch.setattr(quota, "MOST_MS", 40 * 60_000)
    world = home.world
    subscribe(home, EVENT)
    world.functions.throttled.update(ON_UPLOADS)
    for number in range(3):
        _upload(home, number)
        world.advance(60)
    for number in range(30):
        home.camera.record(at=world.now() - timedelta(minutes=10 + number))
    world.advance(OLDEST_S + 300)
    assert _left_in(world, "AlarmPictures", "RecordingUploads") == ["EventAgeExceeded"] * (3 + 6 + 30)
    assert sum(ms for ms, _ in counted(home).values()) == 33 * 60_000
    home.owner.refresh()
    assert ids_of(home, type="person") == [] and world.failures == []
    world.functions.throttled.clear()
    world.advance(361)
    _is_there_once(home, 3, 33)
    assert _left_in(world, "AlarmPictures", "RecordingUploads") == []


def _picture(home: Home) -> None:
    name = name_of(home.world.now(), "person", number=1)
    assert home.world.upload(home.camera.ask_ticket().json, name, jpeg(1)).status == 204


def _video(home: Home) -> None:
    """Behind a minute of before, and its init."""
    home.camera.record(at=home.world.now() - timedelta(minutes=5))
    home.world.settle()
    home.camera.record()


@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("upload", "calls"),
    [
        (_picture, ("BatchGetItem", "GetObject", "PutItem", "Publish")),
        (_video, ("BatchGetItem", "GetObject", "UpdateItem")),
    ],
    ids=["picture", "video"],
)
def test_a_function_that_dies_in_each_of_its_tries_is_given_the_event_by_its_queue(
    home: Home, upload: Callable[[Home], None], calls: tuple[str, ...], kind: Kind
) -> None:
    world, died_at = home.world, set()
    subscribe(home)
    upload(home)
    before, owner = world.snapshot(), replace(home.owner)
    for nth in range(1, len(calls) + 1):
        world.restore(before)
        home.owner = replace(owner)
        for seconds in (0, 61, 121):
            world.faults.fail(nth, kind)
            world.advance(seconds)
            died_at |= {fired.call.operation for fired in world.faults.fired}
            world.faults.clear()
        assert {failure.function for failure in world.failures} <= {*ON_UPLOADS}
        # But what was written by the last call is there, and the next try finds it.
        assert len(world.failures) == 3 or (nth == len(calls) and kind is DIES_AFTER)
        world.advance(600)
        home.owner.refresh()
        alarms, segments = len(ids_of(home, type="person")), len(stands(home))
        assert (alarms, segments, len(objects(world))) == ((1, 0, 0) if upload is _picture else (0, 2, 2))
        assert sum(ms for ms, _ in counted(home).values()) == segments * 60_000
        assert (refused(home), violations(world.dump())) == ({}, [])
        assert len({push["data"]["data"]["alarm_id"] for push in pushes(world)}) == 1 + alarms
    assert died_at >= set(calls)


def _no_picture(home: Home) -> None:
    name = name_of(home.world.now(), "person", number=1)
    assert home.world.upload(home.camera.ask_ticket().json, name, b"x" * 2048).status == 204


def _no_video(home: Home) -> None:
    home.camera.record(init="", data=b"x" * 2048)


@pytest.mark.parametrize("kind", [DIES_BEFORE, DIES_AFTER], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("upload", "reason"),
    [(_no_picture, "picture_unreadable"), (_no_video, "video_unreadable")],
    ids=["picture", "video"],
)
def test_what_is_refused_is_gone_and_counted_wherever_its_function_died(
    home: Home, monkeypatch: pytest.MonkeyPatch, upload: Callable[[Home], None], reason: str, kind: Kind
) -> None:
    monkeypatch.setattr(rules, "COUNTED_ONE_IN", 2**33)  # or one in eight is one write more
    world = home.world
    subscribe(home)
    world.settle()
    kept = keys_now(world)
    upload(home)
    before, owner = world.snapshot(), replace(home.owner)
    world.trace.clear()
    world.settle()
    calls = world.trace.names()
    assert calls[-1] == "s3.DeleteObjects" and calls[-2] == "dynamodb.UpdateItem"
    for nth in range(1, len(calls) + 1):
        world.restore(before)
        home.owner = replace(owner)
        world.faults.fail(nth, kind)
        world.advance(61)
        assert [fired.call.name for fired in world.faults.fired] == [calls[nth - 1]]
        world.faults.clear()
        assert keys_now(world) == kept
        # Who died between the count and the deletion counts it again.
        died_between = (nth, kind) in ((len(calls) - 1, DIES_AFTER), (len(calls), DIES_BEFORE))
        assert refused(home) == {reason: 1 + died_between}
