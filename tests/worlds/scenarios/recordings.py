"""Recordings arrive, are counted, played back and deleted, and end with their days or their plan."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from chalicelib.recordings.actions import quota
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters
from chalicelib.recordings.rules.deletions import marks_of, ms_of
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.store.commit import commit, create
from infra.local.gateway import Response
from tests.conftest import Home
from tests.recordings.plans import EVENT, LONG, subscribe
from tests.scene import lose_events
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import HOUR, given_up, job, once, settle
from tests.worlds.sweep import Scenario, leap

DAY_S = 86_400
# Between two runs of what sweeps.
SWEPT_WITHIN = 6 * HOUR


def _path(home: Home) -> str:
    return f"/devices/{home.camera.device_id}/recordings"


def _ask_tickets(home: Home, state: Any, key: str) -> Response:
    asked, token = {"kind": "recording"}, home.camera.token
    return home.world.call("POST", "/cameras/tickets", asked, token=token, headers=once(key))


# Arrival


def minute_on_its_way(home: Home) -> None:
    """With its init, and ten seconds that follow it."""
    subscribe(home)
    home.camera.record()
    home.world.clock.move_to(home.world.now().timestamp() + 10)
    home.camera.record(10_000)


def _given_up(home: Home) -> None:
    subscribe(home)
    home.camera.record()
    given_up(home.world)


def more_on_its_way(home: Home) -> None:
    """Behind a minute that is counted."""
    recorded(home)
    home.world.clock.move_to(home.world.now().timestamp() + 60)
    home.camera.record()


def _unplayable_on_its_way(home: Home) -> None:
    subscribe(home)
    home.camera.record(data=b"\xff\xd8" * 100, init="")


def _private_on_its_way(home: Home) -> None:
    subscribe(home)
    ticket = home.camera.recording_ticket()
    assert home.owner.set_privacy(home.camera.device_id, on=True).status == 200
    home.world.settle()
    home.camera.record(ticket=ticket, init="")


def _too_much_on_its_way(home: Home) -> None:
    """Today's two hours of an event plan were filmed already, and then deleted."""
    subscribe(home, EVENT)
    ticket = home.camera.recording_ticket()
    now, counted = home.world.now(), Quarters((0,) * 20 + (900_000,) * 8 + (0,) * 68)
    assert counted.total_ms == quota.MOST_MS
    day = quarters.day_of(now)
    row = RecordingDay.new(
        home.camera.device_id, f"1.{day}", writes=1, quarters=counted.blob, recorded_ms=counted.total_ms, size_bytes=0,
        first_ms=ms_of(quarters.begin_of(day, 20)), last_ms=ms_of(quarters.begin_of(day, 28)),
        until=int(now.timestamp()) + 7 * DAY_S, expires_at=int(now.timestamp()) + 16 * DAY_S,
    )  # fmt: skip
    with home.world.aws.outside():
        commit(create(row))
    home.camera.record(20_000, ticket=ticket, init="")


def recorded(home: Home) -> None:
    """A minute, all the way to its day."""
    subscribe(home)
    home.camera.record()
    home.world.settle()


# Playing back and deleting


def ask_playlist(home: Home, state: Any, key: str) -> Response:
    asked = {"channel": "1", "from": "2026-01-05T07:00:00Z", "to": "2026-01-05T09:00:00Z"}
    return home.owner.call("POST", f"{_path(home)}/playlists", asked, headers=once(key))


def _played_back(home: Home, state: Any, stored: Stored) -> int:
    return sum(row["act"] == "played_back" for row in stored.of("DeviceActivity").values())


def recording_listed(home: Home) -> str:
    recorded(home)
    (one,) = home.owner.call("GET", _path(home)).json["items"]
    return str(one["recording_id"])


def delete_recording(home: Home, recording_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"{_path(home)}/{recording_id}", headers=once(key))


def delete_span(home: Home, state: Any, key: str) -> Response:
    """Up to now."""
    body = {"channel": "1", "from": "2026-01-05T00:00:00Z"}
    return home.owner.call("DELETE", _path(home), body, headers=once(key))


def _deletions(home: Home, state: Any, stored: Stored) -> int:
    return len(marks_of(stored.first_ids("Device")[home.camera.device_id].get("deleted_spans")))


def _just_deleted(home: Home) -> None:
    recorded(home)
    assert delete_span(home, None, "the-key-of-deleting").status == 204


def _deleted_some_minutes_ago(home: Home) -> None:
    """The objects are gone. What was being counted meanwhile is looked for once more."""
    _just_deleted(home)
    home.world.settle()
    leap(home.world, LONGEST_FUNCTION.total_seconds() + 1)


# The clock


def _over(home: Home) -> None:
    """For a day, and neither lifecycle nor clock has come."""
    recorded(home)
    leap(home.world, 8 * DAY_S + 60)


def _sweep(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_recordings")


def not_counted_yet(home: Home) -> None:
    """Ten seconds that wait for their minute, and some of yesterday, of which S3's news was lost."""
    subscribe(home)
    for _ in range(2):
        home.world.clock.move_to(home.world.now().timestamp() + 10)
        home.camera.record(10_000)
        home.world.settle()
    home.camera.record(at=home.world.now() - timedelta(days=1))
    lose_events(home.world, "on_recording_uploaded")
    leap(home.world, 3 * 60)


def reconcile(home: Home, state: Any, key: str) -> None:
    job(home.world, "reconcile_recordings")


def recorded_before_the_end(home: Home) -> None:
    """On the last day but one of a plan that keeps it for longer than it runs."""
    subscribe(home, LONG)
    leap(home.world, 29 * DAY_S)
    home.camera.record()
    home.world.settle()


def _grace_is_over(home: Home) -> None:
    """For a day."""
    recorded_before_the_end(home)
    leap(home.world, 9 * DAY_S + 60)


def end_plans(home: Home, state: Any, key: str) -> None:
    job(home.world, "end_plans")


SCENARIOS = (
    Scenario("get tickets for recordings", "POST /cameras/tickets", subscribe, _ask_tickets),
    Scenario("video arrives", "on_recording_uploaded", minute_on_its_way, settle, is_asked=False),
    Scenario("video that Lambda gave up on", "on_recording_uploaded", _given_up, settle, is_asked=False),
    Scenario("more video arrives", "on_recording_uploaded", more_on_its_way, settle, is_asked=False),
    Scenario("video that nobody can play", "on_recording_uploaded", _unplayable_on_its_way, settle, is_asked=False),
    Scenario("video in privacy mode", "on_recording_uploaded", _private_on_its_way, settle, is_asked=False),
    Scenario("more than a plan takes", "on_recording_uploaded", _too_much_on_its_way, settle, is_asked=False),
    Scenario(
        "play back", "POST /devices/{device_id}/recordings/playlists", recorded, ask_playlist, _played_back, at_most=2,
        keeps_answer=True,
    ),
    Scenario(
        "delete a recording", "DELETE /devices/{device_id}/recordings/{recording_id}", recording_listed,
        delete_recording, _deletions, may_say=(404,), keeps_answer=True,
    ),
    Scenario(
        "delete a span of recordings", "DELETE /devices/{device_id}/recordings", recorded, delete_span, _deletions,
        keeps_answer=True,
    ),
    Scenario(
        "recordings go", ("forward_item_changes", "on_recordings_removed"), _just_deleted, settle, is_asked=False
    ),
    Scenario(
        "recordings that went are looked for", "on_recordings_removed", _deleted_some_minutes_ago, settle,
        is_asked=False,
    ),
    Scenario(
        "old recordings go", "sweep_expired_recordings", _over, _sweep, is_asked=False, within_seconds=SWEPT_WITHIN
    ),
    Scenario("days are counted anew", "reconcile_recordings", not_counted_yet, reconcile, is_asked=False),
    Scenario(
        "what a plan left goes", "end_plans", _grace_is_over, end_plans, is_asked=False, within_seconds=HOUR
    ),
)  # fmt: skip
