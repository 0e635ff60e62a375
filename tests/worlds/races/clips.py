"""Clips that are made while what they are made from, or whoever wants them, goes."""

from __future__ import annotations

from collections import Counter
from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person
from tests.worlds.invariants import Stored
from tests.worlds.races.alarms import nothing_of_the_device
from tests.worlds.races.cameras import remove_camera
from tests.worlds.races.race import ONE_KEY, Answers, Race, Wrong, exactly
from tests.worlds.races.recordings import delete_all
from tests.worlds.scenarios import clips


def _asked_and_told(home: Home) -> str:
    clip_id = clips.just_asked(home)
    _deliver(home, "forward_item_changes")
    return clip_id


def _deliver(home: Home, name: str) -> None:
    assert next(one for one in home.world.pollers._sources if one.name == name).deliver(Counter())


def _clip_is_made(home: Home, state: Any) -> None:
    """The queue brings it once; what fails is brought again when all settles."""
    _deliver(home, "on_clip_requested")


def _delete_all(home: Home, clip_id: str) -> Response:
    return delete_all(home, clip_id)


def _remove(home: Home, clip_id: str) -> Response:
    return remove_camera(home, ONE_KEY)


def _no_link(home: Home, clip_id: str, answers: Answers, stored: Stored) -> Wrong:
    """Whether it was made or not."""
    with home.world.aws.outside():
        owner = Person(**vars(home.owner))
        answer = owner.call("GET", f"/devices/{home.camera.device_id}/recordings/clips/{clip_id}")
    if answer.status != 404:
        yield f"the clip is shown: {answer.status} {answer.body!r}"


RACES = (
    Race("delete recordings, a clip of them is made", _asked_and_told, _delete_all, _clip_is_made,
         exactly((204, None)), at_once=_no_link),
    Race("remove, a clip is made", _asked_and_told, _remove, _clip_is_made, exactly((202, None)),
         nothing_of_the_device, _no_link),
)
