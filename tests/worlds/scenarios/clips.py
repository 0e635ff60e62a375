"""Clips of what was recorded are asked for, made, and go."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

from infra.local.gateway import Response
from tests.clips.footage import Setting, record
from tests.conftest import Home
from tests.recordings.plans import subscribe
from tests.scene import Camera, wire_time
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.recordings import DAY_S, SWEPT_WITHIN
from tests.worlds.scenarios.steps import job, once, settle
from tests.worlds.sweep import Scenario, leap

SECONDS = 2


@cache
def footage(first: int = 0) -> tuple[bytes, bytes]:
    """An init, and a segment of two seconds that can be remuxed: another one for each number below a thousand."""
    init, (segment,) = record(Setting(seconds=SECONDS, sound=None), 1, first)
    return init, segment


def film(camera: Camera, first: int = 0) -> None:
    """Two seconds that are real, with their init."""
    (init, segment), ticket = footage(first), camera.recording_ticket()
    assert camera.world.upload(ticket, "1/init-real.mp4", init).status == 204
    camera.record(SECONDS * 1000, data=segment, init="", ticket=ticket)
    camera.world.settle()


def asked_of(home: Home) -> dict[str, str]:
    now = home.world.now()
    return {"channel": "1", "from": wire_time(now - timedelta(seconds=SECONDS)), "to": wire_time(now)}


def filmed(home: Home) -> dict[str, str]:
    """What a clip of it is asked for by."""
    subscribe(home)
    film(home.camera)
    return asked_of(home)


def ask(home: Home, asked: dict[str, str], key: str) -> Response:
    return home.owner.call("POST", f"/devices/{home.camera.device_id}/recordings/clips", asked, headers=once(key))


def _clips(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Clip"))


def just_asked(home: Home) -> str:
    answer = ask(home, filmed(home), "the-key-of-a-clip")
    assert answer.status == 202, answer.body
    return str(answer.json["clip_id"])


def _of_what_nobody_can_read(home: Home) -> None:
    subscribe(home)
    home.camera.record(SECONDS * 1000)
    home.world.settle()
    assert ask(home, asked_of(home), "the-key-of-a-clip").status == 202


def made(home: Home) -> str:
    clip_id = just_asked(home)
    home.world.settle()
    return clip_id


def _made_the_day_before_yesterday(home: Home) -> None:
    made(home)
    leap(home.world, 2 * DAY_S + 60)


def _made_of_what_was_deleted(home: Home) -> None:
    made(home)
    leap(home.world, 1)
    home.owner.refresh()
    deleted = home.owner.call("DELETE", f"/devices/{home.camera.device_id}/recordings", {})
    assert deleted.status == 204
    home.world.settle()


def _delete_unreadable(home: Home, state: Any, key: str) -> None:
    job(home.world, "delete_unreadable_clips")


def _sweep(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_clips")


SCENARIOS = (
    Scenario(
        "ask for a clip", "POST /devices/{device_id}/recordings/clips", filmed, ask, _clips, at_most=2,
        keeps_answer=True,
    ),
    Scenario("a clip is made", ("forward_item_changes", "on_clip_requested"), just_asked, settle, is_asked=False),
    Scenario(
        "a clip of what nobody can read", "on_clip_requested", _of_what_nobody_can_read, settle, is_asked=False
    ),
    Scenario(
        "clips of what was deleted go", "delete_unreadable_clips", _made_of_what_was_deleted, _delete_unreadable,
        is_asked=False,
    ),
    Scenario(
        "old clips go", "sweep_expired_clips", _made_the_day_before_yesterday, _sweep, is_asked=False,
        within_seconds=SWEPT_WITHIN,
    ),
)  # fmt: skip
