"""One alarm: its picture by a short link, and who has read it."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import unquote

import pytest

from chalicelib.errors import Conflict
from tests.alarms.snapshots import arrives, path_of
from tests.conftest import Home
from tests.scene import Person, jpeg

WEEK = 7 * 86_400


def link(home: Home, alarm_id: str | None = None) -> str:
    answer = home.owner.call("GET", path_of(home, alarm_id or home.alarm_id))
    assert answer.status == 200
    return str(answer.json["picture_url"])


def later(home: Home, seconds: float) -> None:
    """Time passes, and nothing that it would cause happens."""
    home.world.clock.move_to(home.world.now().timestamp() + seconds)


def test_one_alarm_says_what_the_list_says_and_where_its_picture_is(home: Home) -> None:
    (in_list,) = home.owner.alarms(home.camera.device_id)
    alone = home.owner.call("GET", path_of(home, home.alarm_id)).json
    assert alone.pop("picture_url").startswith("http")
    assert alone.pop("picture") == "shown"
    assert alone.pop("recorded") is None
    assert alone == in_list


def test_an_alarm_that_the_cloud_raises_has_no_picture_and_raised_twice_is_one(home: Home) -> None:
    from chalicelib.alarms.actions import notifying
    from chalicelib.store.commit import commit, create

    for _ in range(2):
        alarm = notifying.alarm_without_picture(home.camera.device_id, "1", "offline", home.world.now())
        with suppress(Conflict):
            commit(create(alarm))
    (offline,) = home.owner.alarms(home.camera.device_id, type="offline")
    assert offline["until"] == "2026-01-12T08:00:00Z"
    alone = home.owner.call("GET", path_of(home, offline["alarm_id"])).json
    assert (alone["picture"], alone["picture_url"]) == ("none", None)
    assert home.owner.call("DELETE", path_of(home, offline["alarm_id"])).status == 204
    home.world.settle()
    assert home.owner.alarms(home.camera.device_id, type="offline") == []


def test_the_link_gives_the_very_bytes_that_were_uploaded(home: Home) -> None:
    assert home.world.fetch(link(home)).body == jpeg(1)


def test_a_picture_is_served_as_a_download_of_our_type_that_nobody_keeps(home: Home) -> None:
    headers = home.world.fetch(link(home)).headers
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Content-Disposition"] == "attachment"
    assert headers["Cache-Control"] == "private, no-store"


def test_a_link_says_nothing_personal_and_no_serial_number(home: Home) -> None:
    """The owner's random id is part of the device's own, and is no more personal than that."""
    for told in ("SN0001", home.owner.email, home.owner.nickname, home.owner.access_token):
        assert told not in unquote(link(home))


@pytest.mark.parametrize(("seconds", "status"), [(0, 200), (299, 200), (300, 403), (301, 403)])
def test_a_link_lives_five_minutes(home: Home, seconds: int, status: int) -> None:
    url = link(home)
    later(home, seconds)
    assert home.world.fetch(url).status == status


@pytest.mark.parametrize("left", [1, 2, 100, 299])
@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_a_link_never_outlives_its_alarm(home: Home, left: int, fraction: float) -> None:
    later(home, WEEK - left + fraction)
    home.owner.sign_in()
    url = link(home)
    assert home.world.fetch(url).status == 200
    later(home, left - fraction)
    assert home.world.fetch(url).status == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("attachment", "inline"),
        ("image%2Fjpeg", "text%2Fhtml"),
        ("X-Amz-Expires=300", "X-Amz-Expires=3000"),
        ("-motion-", "-person-"),
        ("no-store", "public"),
    ],
)
def test_a_link_that_was_altered_opens_nothing(home: Home, old: str, new: str) -> None:
    url = link(home)
    assert old in url
    assert home.world.fetch(url.replace(old, new)).status == 403


def test_the_link_costs_a_look_at_whether_it_is_still_the_same_picture(home: Home) -> None:
    home.world.trace.clear()
    link(home)
    assert home.world.trace.names() == ["dynamodb.BatchGetItem", "s3.HeadObject"]


def test_others_absent_and_impossible_alarms_are_all_not_found(home: Home) -> None:
    answers = [
        home.stranger.call("GET", path_of(home, home.alarm_id)),
        home.owner.call("GET", path_of(home, home.alarm_id[:-1])),
        home.owner.call("GET", path_of(home, "a" * 3000)),
        home.owner.call("GET", f"/devices/{'x' * 26}/alarms/{home.alarm_id}"),
    ]
    assert {(answer.status, answer.json["code"]) for answer in answers} == {(404, "NotFound")}


def test_a_key_that_is_too_long_for_dynamodb_is_never_asked_for(home: Home) -> None:
    """It would refuse; moto finds nothing."""
    home.world.trace.clear()
    for path in (path_of(home, "a" * 3000), f"/devices/{'ż' * 600}", f"/orders/{'a' * 3000}"):
        assert home.owner.call("GET", path).status == 404
    assert home.world.trace.names() == []


# ── Read marks ───────────────────────────────────────────────────────────────────────────────────────────────────────


def mark(person: Person, home: Home, alarm_id: str | None = None) -> int:
    return person.call("POST", path_of(home, alarm_id or home.alarm_id) + "/read").status


def test_marking_an_alarm_read_says_so_and_shows_it(home: Home) -> None:
    answer = home.owner.call("POST", path_of(home, home.alarm_id) + "/read")
    assert (answer.status, answer.json["read"]) == (200, True)
    assert home.world.fetch(answer.json["picture_url"]).body == jpeg(1)
    assert home.owner.call("GET", path_of(home, home.alarm_id)).json["read"] is True
    (alarm,) = home.owner.alarms(home.camera.device_id)
    assert alarm["read"] is True


def test_a_mark_is_on_one_alarm_only(home: Home) -> None:
    arrives(home.camera, number=7, kind="person")
    mark(home.owner, home)
    assert {one["type"]: one["read"] for one in home.owner.alarms(home.camera.device_id)} == {
        "motion": True,
        "person": False,
    }


def test_a_mark_is_of_one_person(home: Home) -> None:
    """Who else may see the alarm has a mark of their own."""
    from chalicelib.alarms.actions.showing import Seen
    from chalicelib.alarms.records import Alarm
    from chalicelib.store.records import read

    mark(home.owner, home)
    (alarm,) = read(Alarm.key(home.camera.device_id, home.alarm_id))
    assert Seen(alarm, home.owner.account_id).described().read is True
    assert Seen(alarm, home.stranger.account_id).described().read is False


def test_marking_twice_is_no_error_and_one_mark(home: Home) -> None:
    assert mark(home.owner, home) == mark(home.owner, home) == 200
    (row,) = [one for one in home.world.dump()["tables"]["sowa-local-Items"] if one["sk"].startswith("alarm#")]
    assert row["read_by"] == [home.owner.account_id]


def test_a_mark_changes_nothing_else_of_the_alarm(home: Home) -> None:
    before = home.owner.call("GET", path_of(home, home.alarm_id)).json
    mark(home.owner, home)
    after = home.owner.call("GET", path_of(home, home.alarm_id)).json
    assert {**after, "read": False} == before


def test_nobody_marks_what_is_not_theirs_or_not_there(home: Home) -> None:
    assert mark(home.stranger, home) == 404
    assert mark(home.owner, home, "20260105T080000Z-0000000000000000") == 404
    assert home.world.call("POST", path_of(home, home.alarm_id) + "/read").status == 401
    assert home.owner.alarms(home.camera.device_id)[0]["read"] is False


def test_a_mark_does_not_bring_back_what_goes_at_the_same_moment(home: Home) -> None:
    from tests.scene import just_before

    def it_goes() -> None:
        assert home.owner.call("DELETE", path_of(home, home.alarm_id)).status == 204
        home.world.settle()

    assert len(home.owner.alarms(home.camera.device_id)) == 1
    with just_before(home.world, 2, it_goes):
        assert mark(home.owner, home) == 404
    assert home.owner.alarms(home.camera.device_id) == []
