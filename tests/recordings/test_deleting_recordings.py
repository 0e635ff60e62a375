"""Recordings are deleted: at once for who looks, and in minutes from storage."""

from __future__ import annotations

from datetime import timedelta

from tests.conftest import Home
from tests.recordings.plans import subscribe
from tests.recordings.recorded import objects, stands
from tests.scene import wire_time

TEN = timedelta(seconds=10)


def test_what_is_not_counted_yet_goes_with_what_is(home: Home) -> None:
    """Of objects of ten seconds one in six is counted as it comes."""
    subscribe(home)
    begun = home.world.now()
    for _ in range(3):
        home.world.clock.move_to((home.world.now() + TEN).timestamp())
        home.camera.record(10_000)
    home.world.settle()
    assert len(objects(home.world)) == len(stands(home)) == 3
    path = f"/devices/{home.camera.device_id}/recordings"
    last = {"from": wire_time(begun + 2 * TEN), "to": wire_time(begun + 3 * TEN)}
    assert home.owner.call("DELETE", path, last).status == 204
    assert len(stands(home)) == 2
    home.world.settle()
    assert len(objects(home.world)) == 2
