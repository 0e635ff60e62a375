"""An alarm says what was recorded around it, to whoever may look back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Home
from tests.playback.looking import film, guest
from tests.playback.test_days import wire
from tests.recordings.plans import subscribe
from tests.scene import Person

SECOND = timedelta(seconds=1)


def look(home: Home, by: Person | None = None, *, read: bool = False) -> Any:
    """What the newest alarm says of recordings."""
    (newest, *_) = home.owner.alarms(home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/alarms/{newest['alarm_id']}"
    answer = (by or home.owner).call(*(("POST", f"{path}/read") if read else ("GET", path)))
    assert answer.status == 200, answer.body
    return answer.json["recorded"]


def test_it_is_the_span_that_has_the_moment_at_most_five_minutes_around(home: Home) -> None:
    subscribe(home)
    home.camera.recording_tickets.clear()
    begin, _ = film(home, *[60_000] * 6)
    home.camera.see(3)
    seen = home.world.now()
    film(home, *[60_000] * 6)
    found = look(home)
    assert found == {"from": wire(seen - 300 * SECOND), "to": wire(seen + 300 * SECOND)} and begin < seen
    assert look(home, read=True) == found


@pytest.mark.parametrize(("after_s", "is_near"), [(0, True), (14, True), (15, True), (16, False), (200, False)])
def test_it_is_the_span_next_to_it(home: Home, after_s: int, is_near: bool) -> None:
    subscribe(home)
    begin, end = film(home, 10_000)
    home.world.advance(after_s)
    home.camera.see(3)
    assert look(home) == ({"from": wire(begin), "to": wire(end)} if is_near else None)


def test_without_a_plan_or_the_right_nothing_is_said_and_nothing_asked(home: Home) -> None:
    home.world.trace.clear()
    assert look(home) is None
    assert not [call for call in home.world.trace.calls if call.operation == "ListObjectsV2"]
    subscribe(home)
    film(home, 10_000)
    home.camera.see(3)
    assert look(home) is not None
    guest(home, "alarms")
    assert look(home, home.stranger) is None and look(home, home.stranger, read=True) is None


def test_a_guest_with_both_rights_is_told(home: Home) -> None:
    subscribe(home)
    film(home, 10_000)
    home.camera.see(3)
    guest(home, "alarms", "playback")
    home.world.trace.clear()
    assert look(home, home.stranger) is not None
    operations = [call.operation for call in home.world.trace.calls]
    assert operations.count("ListObjectsV2") == 1


def test_an_alarm_of_the_whole_device_has_none(home: Home) -> None:
    subscribe(home)
    channel = home.camera.connect()
    film(home, 10_000)
    channel.close()
    home.world.advance(600)
    home.owner.refresh()
    (newest, *_) = home.owner.alarms(home.camera.device_id)
    if newest["channel"] is None:
        assert look(home) is None
