"""Seven days, to the second, whatever comes late."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from tests.alarms.snapshots import arrives, objects, path_of
from tests.conftest import Home
from tests.scene import Person, jpeg, new_camera, new_person, rows

HOUR, DAY = 3600, 86_400
WEEK = 7 * DAY
LAGS = [0, 48 * HOUR, None]


def pass_by(world: LocalCloud, seconds: float, *, lag: int | None = 0) -> None:
    """Nothing of what happens within is of interest before the last hours."""
    world.settle()
    skipped = max(0, seconds - 3 * HOUR)
    world.clock.move_to(world.now().timestamp() + skipped)
    world.advance(seconds - skipped, reaper_lag_seconds=lag)


def status(home: Home) -> tuple[int, int, int, int]:
    """What the alarm's own path says, and how many each list has."""
    home.owner.sign_in()
    path = path_of(home, home.alarm_id)
    listed = len(home.owner.alarms(home.camera.device_id)), len(home.owner.call("GET", "/alarms").json["items"])
    return home.owner.call("GET", path).status, home.owner.call("POST", f"{path}/read").status, *listed


@pytest.mark.parametrize("lag", LAGS)
def test_an_alarm_is_readable_to_its_last_second_and_not_one_longer(home: Home, lag: int | None) -> None:
    pass_by(home.world, WEEK - 1, lag=lag)
    assert status(home) == (200, 200, 1, 1)
    url = home.owner.call("GET", path_of(home, home.alarm_id)).json["picture_url"]
    assert home.world.fetch(url).body == jpeg(1)
    home.world.advance(1)
    assert status(home) == (404, 404, 0, 0)
    assert home.world.fetch(url).status in (403, 404)
    assert home.owner.call("DELETE", path_of(home, home.alarm_id)).status == 404


@pytest.mark.parametrize("lag", LAGS)
def test_its_picture_is_gone_within_a_day_though_no_lifecycle_comes(home: Home, lag: int | None) -> None:
    pass_by(home.world, WEEK - 1, lag=lag)
    assert len(objects(home.world)) == 1
    home.world.advance(DAY)
    assert objects(home.world) == []


def test_the_sweep_comes_within_the_hour(home: Home) -> None:
    assert len(objects(home.world)) == 1
    pass_by(home.world, WEEK + HOUR, lag=None)
    assert objects(home.world) == []


def test_the_lifecycle_is_a_net_below_the_sweep(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.alarms.actions import deleting

    monkeypatch.setattr(deleting, "sweep_expired_pictures", lambda: 0)
    pass_by(home.world, WEEK - 1)
    assert len(objects(home.world)) == 1
    home.world.advance(DAY)
    assert objects(home.world) == []


def test_the_row_goes_by_ttl(home: Home) -> None:
    pass_by(home.world, WEEK - 1)
    assert len(rows(home.world, "device/alarm")) == 1
    home.world.advance(1)
    assert rows(home.world, "device/alarm") == []


def test_a_row_that_ttl_is_late_for_says_nothing_to_anybody(home: Home) -> None:
    assert status(home) == (200, 200, 1, 1)
    pass_by(home.world, WEEK + 40 * HOUR, lag=48 * HOUR)
    assert len(rows(home.world, "device/alarm")) == 1
    assert status(home) == (404, 404, 0, 0)
    home.world.advance(8 * HOUR)
    assert rows(home.world, "device/alarm") == []


@pytest.mark.parametrize("off_s", [-6 * DAY, DAY])
def test_the_end_counts_from_the_arrival_and_not_from_the_stamp(world: LocalCloud, off_s: int) -> None:
    from datetime import timedelta

    person = new_person(world)
    camera = new_camera(world, owner=person)
    arrives(camera, world.now() + timedelta(seconds=off_s))
    pass_by(world, WEEK - 1)
    person.sign_in()
    assert len(person.alarms(camera.device_id)) == 1
    world.advance(1)
    assert person.alarms(camera.device_id) == []


@pytest.mark.parametrize("hour", [0, 23])
def test_whatever_hour_it_arrives_at_and_however_old_its_ticket_was(world: LocalCloud, hour: int) -> None:
    """The prefix is the day of the ticket, the end that of the upload: up to an hour, and a midnight, later."""
    person = new_person(world)
    camera = new_camera(world, owner=person)
    world.clock.move_to(world.now().timestamp() // DAY * DAY + DAY + hour * HOUR)
    ticket = camera.ask_ticket().json
    world.clock.move_to(world.now().timestamp() + HOUR - 1)
    assert world.upload(ticket, "1/20260105T080000Z-motion-a.jpg", jpeg()).status == 204
    world.settle()
    pass_by(world, WEEK - 1, lag=None)
    assert len(objects(world)) == 1
    world.advance(1 + HOUR)
    assert objects(world) == []


def test_the_sweep_takes_what_is_over_and_leaves_what_is_not(home: Home) -> None:
    for _ in range(4):
        home.world.advance(2 * DAY, every_hours=6)
        arrives(home.camera)
    home.world.advance(0)
    left = objects(home.world)
    assert [key.split("/")[1] for key in left] == ["2026010708", "2026010908", "2026011108", "2026011308"]
    home.owner.sign_in()
    assert len(home.owner.alarms(home.camera.device_id)) == 4
    for alarm in home.owner.alarms(home.camera.device_id):
        url = home.owner.call("GET", path_of(home, alarm["alarm_id"])).json["picture_url"]
        assert home.world.fetch(url).status == 200


def test_the_sweep_says_how_many_it_deleted_and_asks_what_is_the_oldest_left(home: Home) -> None:
    home.world.clock.move_to(home.world.now().timestamp() + WEEK)
    home.world.trace.clear()
    assert home.world.run_schedule("sweep_expired_pictures") == {"deleted": 1}
    assert home.world.trace.names() == ["s3.ListObjectsV2", "s3.DeleteObjects", "s3.ListObjectsV2"]
    home.world.trace.clear()
    assert home.world.run_schedule("sweep_expired_pictures") == {"deleted": 0}
    assert home.world.trace.names() == ["s3.ListObjectsV2"] * 2


def test_a_sweep_that_failed_is_made_again(home: Home) -> None:
    from infra.strict_moto import DIES_BEFORE

    home.world.clock.move_to(home.world.now().timestamp() + WEEK)
    home.world.faults.fail(2, DIES_BEFORE)
    with pytest.raises(BaseException, match="died"):
        home.world.run_schedule("sweep_expired_pictures")
    assert len(objects(home.world)) == 1
    assert home.world.run_schedule("sweep_expired_pictures") == {"deleted": 1}


def test_a_repeat_of_the_event_after_seven_days_makes_no_alarm(home: Home) -> None:
    from tests.alarms.snapshots import pushes, s3_event, tell

    (key,) = objects(home.world)
    arrived = home.world.now()
    assert len(home.owner.alarms(home.camera.device_id)) == 1
    pass_by(home.world, WEEK, lag=None)
    sent = len(pushes(home.world))
    tell(home.world, s3_event(key, arrived))
    home.world.settle()
    person: Person = home.owner
    person.sign_in()
    assert person.alarms(home.camera.device_id) == []
    assert len(pushes(home.world)) == sent == 1
