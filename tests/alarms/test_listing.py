"""Alarms are listed newest first, by day, channel and type, page by page, without loss."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.alarms.snapshots import arrives, ids_of, name_of, path_of, post
from tests.conftest import Home
from tests.scene import Camera, Person, jpeg, new_camera, new_person


def listed(person: Person, path: str, **query: Any) -> Iterator[list[dict[str, Any]]]:
    """All pages, one by one."""
    cursor = None
    while True:
        asked = query if cursor is None else {**query, "cursor": cursor}
        answer = person.call("GET", path, query=asked)
        assert answer.status == 200, answer.body
        assert len(answer.json["items"]) <= query.get("limit", 50)
        yield answer.json["items"]
        cursor = answer.json["cursor"]
        if cursor is None:
            return


def all_ids(person: Person, path: str, **query: Any) -> list[str]:
    return [alarm["alarm_id"] for page in listed(person, path, **query) for alarm in page]


def many(camera: Camera, count: int, **how: str) -> None:
    """So many alarms, a second apart; the first of them is the oldest."""
    for number in range(count):
        camera.world.clock.move_to(camera.world.now().timestamp() + 1)
        post(camera, name_of(camera.world.now(), number=number + 100, **how), jpeg(number % 7))
    camera.world.settle()


# ── Order and pages ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_comes_first_by_the_alarms_own_time(home: Home) -> None:
    start = home.world.now().timestamp()
    for second in (30, 10, 20):
        arrives(home.camera, datetime.fromtimestamp(start + second, UTC), number=second)
    times = [alarm["at"] for alarm in home.owner.alarms(home.camera.device_id)]
    assert times == [f"2026-01-05T08:00:{second}Z" for second in (30, 20, 10, "00")]


def test_pages_of_any_size_give_every_alarm_once(home: Home) -> None:
    many(home.camera, 11)
    for limit in (1, 2, 5, 11, 12, 13, 100):
        found = all_ids(home.owner, path_of(home), limit=limit)
        assert len(found) == len(set(found)) == 12
        assert found == sorted(found, reverse=True)


def test_a_page_has_fifty_unless_said_otherwise(home: Home) -> None:
    many(home.camera, 51)
    assert [len(page) for page in listed(home.owner, path_of(home))] == [50, 2]


def test_alarms_of_one_second_are_all_listed(home: Home) -> None:
    for number in range(9):
        post(home.camera, name_of(home.world.now(), number=number + 50), jpeg(number))
    home.world.settle()
    assert len(set(all_ids(home.owner, path_of(home), limit=2))) == 10


def test_a_cursor_stays_good_when_its_alarm_is_deleted_and_new_ones_come(home: Home) -> None:
    many(home.camera, 6)
    answer = home.owner.call("GET", path_of(home), query={"limit": 3}).json
    assert home.owner.call("DELETE", path_of(home, answer["cursor"])).status == 204
    home.world.settle()
    many(home.camera, 2, kind="person")
    rest = home.owner.alarms(home.camera.device_id, limit=100, cursor=answer["cursor"])
    assert len(rest) == 4
    assert {alarm["type"] for alarm in rest} == {"motion"}


def test_a_cursor_of_nowhere_harms_nobody(home: Home) -> None:
    for cursor in ("", "0", "~", "zzz", "20260105T080000Z", "device#x", "ąę"):
        answer = home.owner.call("GET", path_of(home), query={"cursor": cursor, "day": "2026-01-05"})
        assert answer.status == 200


def test_dynamodb_is_never_asked_between_bounds_the_wrong_way_round(home: Home) -> None:
    """It would refuse; moto finds nothing."""
    home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"time_zone": "Pacific/Apia"})
    assert len(home.owner.alarms(home.camera.device_id, day="2026-01-05")) == 1
    assert [call for call in home.world.trace if call.operation == "Query"]
    home.world.trace.clear()
    for query in ({"cursor": "0", "day": "2026-01-05"}, {"cursor": "", "day": "2026-01-05"}, {"day": "2011-12-30"}):
        assert home.owner.alarms(home.camera.device_id, **query) == []
    for call in (call for call in home.world.trace if call.operation == "Query"):
        low, high = sorted(value["S"] for value in call.params["ExpressionAttributeValues"].values())[:2]
        said = call.params["KeyConditionExpression"]
        assert "BETWEEN" in said and low <= high
    assert not [call for call in home.world.trace if call.operation == "Query"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 201}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"type": "earthquake"}, "type"),
        ({"channel": "c" * 33}, "channel"),
        ({"cursor": "c" * 65}, "cursor"),
        ({"day": "yesterday"}, "day"),
        ({"day": "2026-02-30"}, "day"),
        ({"day": "9999-12-31"}, "day"),
        ({"sort": "oldest"}, "sort"),
    ],
)
def test_a_wrong_question_is_refused_by_the_name_of_its_field(home: Home, query: dict[str, Any], field: str) -> None:
    for path in (path_of(home), "/alarms"):
        answer = home.owner.call("GET", path, query=query)
        assert (answer.status, list(answer.json["fields"])) == (422, [field])


# ── By day, channel and type ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "day", "first", "last"),
    [
        ("UTC", "2026-01-05", "2026-01-05T00:00:00", "2026-01-05T23:59:59"),
        ("Europe/Warsaw", "2026-01-05", "2026-01-04T23:00:00", "2026-01-05T22:59:59"),
        ("Europe/Warsaw", "2026-03-29", "2026-03-28T23:00:00", "2026-03-29T21:59:59"),
        ("Europe/Warsaw", "2026-10-25", "2026-10-24T22:00:00", "2026-10-25T22:59:59"),
        ("America/New_York", "2026-03-08", "2026-03-08T05:00:00", "2026-03-09T03:59:59"),
        ("Pacific/Kiritimati", "2026-01-06", "2026-01-05T10:00:00", "2026-01-06T09:59:59"),
        ("Asia/Kathmandu", "2026-01-05", "2026-01-04T18:15:00", "2026-01-05T18:14:59"),
    ],
)
def test_a_day_is_the_devices_own_to_the_second(world: LocalCloud, zone: str, day: str, first: str, last: str) -> None:
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (first, last))
    world.clock.move_to(begin - 10)
    person = new_person(world)
    camera = new_camera(world, owner=person)
    person.call("PATCH", f"/devices/{camera.device_id}", {"time_zone": zone})
    stamps = {"before": begin - 1, "first": begin, "last": end, "after": end + 1}
    world.clock.move_to(begin)
    for number, at in enumerate(stamps.values()):
        world.clock.move_to(at - 5)
        arrives(camera, datetime.fromtimestamp(at, UTC), number=number)
    person.sign_in()
    found = {alarm["at"] for alarm in person.alarms(camera.device_id, day=day)}
    assert found == {f"{first}Z", f"{last}Z"}
    assert len(person.alarms(camera.device_id)) == 4


def test_a_device_without_daylight_saving_has_its_day_an_hour_later_in_summer(world: LocalCloud) -> None:
    world.clock.move_to(datetime(2026, 7, 1, 22, 31, tzinfo=UTC).timestamp())
    person = new_person(world)
    camera = new_camera(world, owner=person)
    arrives(camera, datetime(2026, 7, 1, 22, 30, tzinfo=UTC))

    def day_of_it() -> list[str]:
        return [day for day in ("2026-07-01", "2026-07-02") if person.alarms(camera.device_id, day=day)]

    assert day_of_it() == ["2026-07-02"]
    person.call("PATCH", f"/devices/{camera.device_id}", {"dst": False})
    assert day_of_it() == ["2026-07-01"]


def test_each_device_has_its_own_day_when_all_are_listed(home: Home) -> None:
    far = new_camera(home.world, "SN0002", owner=home.owner)
    home.owner.call("PATCH", f"/devices/{far.device_id}", {"time_zone": "Pacific/Auckland"})
    home.world.clock.move_to(datetime(2026, 1, 5, 11, 31, tzinfo=UTC).timestamp())
    home.owner.sign_in()
    arrives(far, datetime(2026, 1, 5, 11, 30, tzinfo=UTC), number=7)  # half past midnight of the sixth
    arrives(home.camera, datetime(2026, 1, 5, 11, 30, tzinfo=UTC), number=8)

    def of_day(day: str) -> list[str]:
        items = home.owner.call("GET", "/alarms", query={"day": day}).json["items"]
        return [alarm["device_id"] for alarm in items]

    assert of_day("2026-01-05") == [home.camera.device_id] * 2
    assert of_day("2026-01-06") == [far.device_id]


def test_channel_and_type_narrow_the_list(home: Home) -> None:
    home.camera.equip("1", "2")
    for channel, kind in (("1", "person"), ("2", "person"), ("2", "motion")):
        arrives(home.camera, channel=channel, kind=kind, number=7)

    def found(**query: str) -> set[tuple[str, str]]:
        return {(one["channel"], one["type"]) for one in home.owner.alarms(home.camera.device_id, **query)}

    assert found() == {("1", "motion"), ("1", "person"), ("2", "person"), ("2", "motion")}
    assert found(channel="2") == {("2", "person"), ("2", "motion")}
    assert found(type="person") == {("1", "person"), ("2", "person")}
    assert found(channel="2", type="person", day="2026-01-05") == {("2", "person")}
    assert found(channel="3") == found(type="doorbell") == found(type="person", day="2026-01-04") == set()


def test_what_is_rare_is_found_behind_any_number_of_others(home: Home) -> None:
    for _ in range(2):
        many(home.camera, 1, kind="person")
        many(home.camera, 22)
    found = all_ids(home.owner, path_of(home), type="person", limit=1)
    assert len(found) == len(set(found)) == 2
    assert len(ids_of(home, type="person", limit=100)) == 2


def test_a_search_that_takes_too_long_for_one_page_goes_on_with_the_next(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.alarms.actions import showing

    monkeypatch.setattr(showing, "_MOST_PAGES", 2)
    monkeypatch.setattr(showing, "_PAGE_OF_SEARCH", 3)
    other = new_camera(home.world, "SN0002", owner=home.owner)
    for camera, kind in ((home.camera, "person"), (other, "person"), (home.camera, "motion"), (other, "person")):
        many(camera, 9 if kind == "motion" else 2, kind=kind)
    pages = list(listed(home.owner, "/alarms", type="person", limit=2))
    found = [alarm["alarm_id"] for page in pages for alarm in page]
    assert len(found) == len(set(found)) == 6
    assert found == sorted(found, reverse=True)
    assert len(all_ids(home.owner, path_of(home), type="person", limit=2)) == 2


# ── Across devices ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_alarms_of_all_devices_are_one_list_without_loss(home: Home) -> None:
    cameras = [home.camera, *(new_camera(home.world, f"SN000{number}", owner=home.owner) for number in (2, 3, 4))]
    for number in range(12):
        home.world.clock.move_to(home.world.now().timestamp() + number % 2)
        post(cameras[number * number % 3], name_of(home.world.now(), number=number + 50), jpeg(number))
    home.world.settle()
    paths = [f"/devices/{camera.device_id}/alarms" for camera in cameras]
    wanted = {one for path in paths for one in all_ids(home.owner, path)}
    for limit in (1, 2, 4, 100):
        found = all_ids(home.owner, "/alarms", limit=limit)
        assert len(found) == len(set(found)) == 13
        assert found == sorted(found, reverse=True)
        assert set(found) == wanted


def test_everybody_sees_their_own_and_nobody_elses(home: Home) -> None:
    theirs = new_camera(home.world, "SN0002", owner=home.stranger)
    arrives(theirs, number=7)
    for person, camera, other in ((home.owner, home.camera, theirs), (home.stranger, theirs, home.camera)):
        items = person.call("GET", "/alarms").json["items"]
        assert [alarm["device_id"] for alarm in items] == [camera.device_id]
        assert person.call("GET", f"/devices/{other.device_id}/alarms").status == 404


def test_who_has_no_device_has_no_alarms(home: Home) -> None:
    assert home.stranger.call("GET", "/alarms").json == {"items": [], "cursor": None}
    assert len(home.owner.call("GET", "/alarms").json["items"]) == 1


@pytest.mark.parametrize("path", ["/alarms", "/devices/x/alarms", "/devices/x/alarms/y"])
def test_nobody_sees_anything_without_signing_in(home: Home, path: str) -> None:
    assert home.world.call("GET", path).status == 401


def test_a_list_of_twenty_costs_two_calls(home: Home) -> None:
    many(home.camera, 24)
    home.world.trace.clear()
    assert len(home.owner.alarms(home.camera.device_id, limit=20)) == 20
    assert home.world.trace.names() == ["dynamodb.BatchGetItem", "dynamodb.Query"]
