"""The calendar, a day's recordings and its line of time, by the device's own days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from chalicelib import instants
from chalicelib.access.records import Device
from chalicelib.recordings.rules import deletions
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read
from tests.conftest import Home
from tests.playback.looking import days, film, guest, recordings
from tests.recordings.plans import CONTINUOUS, EVENT, subscribe
from tests.recordings.recorded import of_device

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONG = "event-30-month"


@pytest.fixture
def recording(home: Home) -> Home:
    subscribe(home)
    return home


def move_to(home: Home, at: datetime) -> None:
    home.world.clock.move_to(at.timestamp())
    home.camera.recording_tickets.clear()
    home.owner.sign_in()


def listings(home: Home) -> int:
    return sum(1 for call in home.world.trace.calls if call.operation == "ListObjectsV2")


def test_days_on_which_something_was_recorded(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    assert days(home.owner, device_id) == []
    film(home, 60_000)
    move_to(home, datetime(2026, 1, 7, 22, 59, tzinfo=UTC))  # a minute before midnight in Warsaw
    film(home, 30_000)
    assert days(home.owner, device_id) == ["2026-01-05", "2026-01-07"]
    assert days(home.owner, device_id, month="2026-01", channel="1") == ["2026-01-05", "2026-01-07"]
    assert days(home.owner, device_id, month="2025-12") == []
    film(home, 60_000)
    assert days(home.owner, device_id) == ["2026-01-05", "2026-01-07", "2026-01-08"]


@pytest.mark.parametrize("month", ["2026-13", "2026", "2026-1", "2026-1-1", "x", "0000-01", "9999-12", "2026-W1"])
def test_what_is_no_month(recording: Home, month: str) -> None:
    path = f"/devices/{recording.camera.device_id}/recordings/days"
    answer = recording.owner.call("GET", path, query={"month": month})
    assert (answer.status, answer.json["code"]) == (422, "MonthInvalid")
    assert set(answer.json["fields"]) == {"month"}


@pytest.mark.parametrize("path", ["recordings", "recordings/timeline"])
@pytest.mark.parametrize("day", ["2026-02-30", "x", "9999-12-31"])
def test_what_is_no_day(recording: Home, path: str, day: str) -> None:
    answer = recording.owner.call("GET", f"/devices/{recording.camera.device_id}/{path}", query={"day": day})
    assert (answer.status, answer.json["code"]) == (422, "DayInvalid")


@pytest.mark.parametrize("path", ["recordings/days", "recordings", "recordings/timeline"])
def test_a_channel_that_there_is_not(recording: Home, path: str) -> None:
    path = f"/devices/{recording.camera.device_id}/{path}"
    assert recording.owner.call("GET", path, query={"channel": "7"}).status == 404
    assert recording.owner.call("GET", path, query={"channel": "1"}).status == 200
    assert recording.owner.call("GET", path, query={"day": "0001-01-02"} if "days" not in path else {}).status == 200


def test_a_channel_that_the_camera_has_no_more_shows_what_it_recorded(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    film(home, 5000)
    home.camera.equip("2")
    assert len(recordings(home.owner, device_id, channel="1")) == 1
    assert days(home.owner, device_id, channel="1") == ["2026-01-05"]


def test_certain_days_are_not_looked_at(recording: Home) -> None:
    home = recording
    for _ in range(3):
        move_to(home, home.world.now() + DAY)  # in the first quarter of its plan something may have come before it
        film(home, 60_000)
    move_to(home, home.world.now() + DAY)
    home.world.trace.clear()
    assert len(days(home.owner, home.camera.device_id)) == 3
    assert listings(home) == 0


def test_a_day_that_is_partly_over_is_looked_at_and_listed_to_its_last_second(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    _, end = film(home, 5000)
    move_to(home, end + timedelta(days=7, seconds=-1))
    home.world.trace.clear()
    assert days(home.owner, device_id) == ["2026-01-05"]
    assert listings(home) == 1
    move_to(home, end + timedelta(days=7))
    assert days(home.owner, device_id) == []


def test_a_day_that_was_partly_deleted_is_listed_while_anything_stands(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    begin, end = film(home, 5000, 5000)
    path = f"/devices/{device_id}/recordings"
    assert home.owner.call("DELETE", path, {"to": f"{begin + timedelta(seconds=5):%Y-%m-%dT%H:%M:%SZ}"}).status == 204
    assert days(home.owner, device_id) == ["2026-01-05"]
    assert home.owner.call("DELETE", path, {"channel": "1"}).status == 204
    assert days(home.owner, device_id) == [] and end is not None


def test_without_a_plan_no_day_is_listed_and_a_renewal_lists_what_stands(home: Home) -> None:
    subscribe(home, LONG)
    move_to(home, home.world.now() + 29 * DAY)
    film(home, 5000)
    assert days(home.owner, home.camera.device_id) == ["2026-02-03"]
    move_to(home, home.world.now() + 2 * DAY)
    assert days(home.owner, home.camera.device_id, month="2026-02") == []
    subscribe(home, EVENT)
    assert days(home.owner, home.camera.device_id, month="2026-02") == ["2026-02-03"]


def test_what_came_before_a_break_is_not_listed_after_it(home: Home) -> None:
    subscribe(home, LONG)
    move_to(home, home.world.now() + 29 * DAY)
    film(home, 5000)
    move_to(home, home.world.now() + 9 * DAY)
    subscribe(home, CONTINUOUS)
    assert days(home.owner, home.camera.device_id) == []
    film(home, 5000)
    assert days(home.owner, home.camera.device_id) == ["2026-02-12"]


# Recordings


def test_recordings_of_a_day_newest_first(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    first = film(home, 5000, 5000, sizes=(100, 200))
    home.world.advance(2)
    second = film(home, 3000)
    found = recordings(home.owner, device_id)
    assert [(one["start"], one["end"]) for one in found] == [tuple(map(wire, second)), tuple(map(wire, first))]
    assert found[1] == {
        "recording_id": found[1]["recording_id"],
        "channel": "1",
        "start": wire(first[0]),
        "end": wire(first[1]),
        "duration_ms": 10_000,
        "size_bytes": 600,
        "until": wire(first[1] + 7 * DAY),
        "codec": None,
    }
    for one in found:
        path = f"/devices/{device_id}/recordings/{one['recording_id']}"
        assert home.owner.call("GET", path).json == one


def wire(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def test_pages(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    home.camera.equip("1", "2")
    for _ in range(3):
        begin = home.world.now()
        film(home, 2000)
        home.camera.record(2000, channel="2", at=begin + timedelta(seconds=2))
        home.world.advance(3)
    whole = recordings(home.owner, device_id)
    assert len(whole) == 6
    found, cursor = [], None
    while True:
        query = {"limit": "1", **({"cursor": cursor} if cursor else {})}
        page = home.owner.call("GET", f"/devices/{device_id}/recordings", query=query).json
        found += page["items"]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == whole
    answer = home.owner.call("GET", f"/devices/{device_id}/recordings", query={"cursor": "nonsense"})
    assert (answer.status, set(answer.json["fields"])) == (422, {"cursor"})


def test_a_recording_is_cut_at_the_devices_midnight(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    midnight = datetime(2026, 1, 6, 23, 0, tzinfo=UTC)
    move_to(home, midnight - timedelta(seconds=15))
    film(home, 10_000, 10_000, 10_000, sizes=(100,))
    (before,) = recordings(home.owner, device_id, day="2026-01-06")
    (after,) = recordings(home.owner, device_id, day="2026-01-07")
    assert (before["end"], after["start"]) == (wire(midnight), wire(midnight))
    assert (before["duration_ms"], after["duration_ms"]) == (15_000, 15_000)
    assert (before["size_bytes"], after["size_bytes"]) == (200, 100)
    assert days(home.owner, device_id) == ["2026-01-06", "2026-01-07"]
    spans = [home.owner.timeline(device_id, day)["spans"] for day in ("2026-01-06", "2026-01-07")]
    assert spans == [[[before["start"], wire(midnight)]], [[wire(midnight), after["end"]]]]


def test_only_what_goes_on_past_midnight_makes_a_day_of_its_own(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    midnight = datetime(2026, 1, 6, 23, 0, tzinfo=UTC)
    move_to(home, midnight - timedelta(seconds=59))
    film(home, 60_000)
    assert days(home.owner, device_id) == ["2026-01-06", "2026-01-07"]
    (after,) = recordings(home.owner, device_id, day="2026-01-07")
    assert (after["duration_ms"], after["size_bytes"]) == (1000, 0)


def test_an_id_opens_the_run_of_its_moment_or_the_next_of_that_day(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    begin, _ = film(home, 5000, 5000)
    home.world.advance(30)
    film(home, 5000)
    later, first = recordings(home.owner, device_id)
    path = f"/devices/{device_id}/recordings"
    body = {"channel": "1", "from": wire(begin), "to": wire(begin + timedelta(seconds=5))}
    assert home.owner.call("DELETE", path, body).status == 204
    rest = home.owner.call("GET", f"{path}/{first['recording_id']}").json
    assert (rest["start"], rest["end"]) == (wire(begin + timedelta(seconds=5)), first["end"])
    for _ in range(2):
        assert home.owner.call("DELETE", f"{path}/{first['recording_id']}").status == 204
    assert home.owner.call("GET", f"{path}/{later['recording_id']}").status == 404
    assert home.owner.call("DELETE", f"{path}/{first['recording_id']}").status == 404


@pytest.mark.parametrize("recording_id", ["x", "1.", "1.!", "1.zzzzzzzzz", "2.mk0000", ".mk0000", "1.0", "a" * 100])
def test_ids_that_name_nothing(recording: Home, recording_id: str) -> None:
    home = recording
    film(home, 5000)
    path = f"/devices/{home.camera.device_id}/recordings/{recording_id}"
    assert home.owner.call("GET", path).status == 404
    assert home.owner.call("DELETE", path).status == 404


# Deleting


def test_the_replay_of_a_deletion_says_what_the_first_said(recording: Home) -> None:
    home = recording
    film(home, 5000)
    (one,) = recordings(home.owner, home.camera.device_id)
    path = f"/devices/{home.camera.device_id}/recordings/{one['recording_id']}"
    key = {"Idempotency-Key": "delete-key-0123456789"}
    assert [home.owner.call("DELETE", path, headers=key).status for _ in range(2)] == [204, 204]
    assert home.owner.call("DELETE", path).status == 404
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert acts.count("recordings_deleted") == 1


def test_after_too_many_single_deletions_a_range_is_named(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    begin = home.world.now()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deletions, "MOST_FOR_ONE", 2)
        for _ in range(3):
            film(home, 2000)
            home.world.advance(2)
        found = recordings(home.owner, device_id)
        path = f"/devices/{device_id}/recordings"
        answers = [home.owner.call("DELETE", f"{path}/{one['recording_id']}") for one in found]
        assert [answer.status for answer in answers] == [204, 204, 409]
        assert answers[-1].json["code"] == "TooManyDeletions"
        named = answers[-1].json["range"]
        assert named == {"channel": "1", "from": wire(begin), "to": wire(begin + timedelta(seconds=6))}
        assert home.owner.call("DELETE", path, named).status == 204
    assert recordings(home.owner, device_id) == []


def test_of_a_device_with_thousands_of_marks_a_range_is_deleted_and_no_more(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    film(home, 2000)
    home.world.advance(10)
    gone = film(home, 2000)
    long_ago = instants.ms_of(home.world.now() - 20 * DAY)
    every = [deletions.Mark("1", long_ago + nth * 9_000, long_ago + nth * 9_000 + 2_000, 1) for nth in range(4_000)]
    with home.world.aws.outside():
        (device,) = read(Device.key(device_id))
        assert device is not None
        commit(change(device, deleted_spans=deletions.texts_of(every)))
    path, (last, first) = f"/devices/{device_id}/recordings", recordings(home.owner, device_id)
    answer = home.owner.call("DELETE", f"{path}/{last['recording_id']}")
    assert (answer.status, answer.json["code"]) == (409, "TooManyDeletions")
    span = {"channel": "1", "from": wire(gone[0]), "to": wire(gone[1])}
    assert home.owner.call("DELETE", path, span).status == 204
    assert recordings(home.owner, device_id) == [first]
    assert days(home.owner, device_id) == [first["start"][:10]]
    marks = of_device(home).marks
    assert len(marks) == 4_001 and set(every) < set(marks)


def test_where_no_mark_fits_any_more_a_range_is_refused_whole(
    recording: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, device_id = recording, recording.camera.device_id
    span = film(home, 2000)
    monkeypatch.setattr(deletions, "MOST_BYTES", 20)
    path, body = f"/devices/{device_id}/recordings", {"channel": "1", "from": wire(span[0]), "to": wire(span[1])}
    answer = home.owner.call("DELETE", path, body)
    assert (answer.status, answer.json["code"]) == (409, "TooManyDeletions")
    assert len(recordings(home.owner, device_id)) == 1 and of_device(home).marks == []


def test_what_was_filmed_before_any_camera_was_there_may_be_deleted(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    film(home, 2000)
    path = f"/devices/{device_id}/recordings"
    assert home.owner.call("DELETE", path, {"from": "1901-01-01T00:00:00Z", "to": "1902-01-01T00:00:00Z"}).status == 204
    assert len(recordings(home.owner, device_id)) == 1
    assert home.owner.call("DELETE", path, {"from": "1901-01-01T00:00:00Z"}).status == 204
    assert recordings(home.owner, device_id) == []


def test_nobody_deletes_what_is_not_there_yet(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    path, now = f"/devices/{device_id}/recordings", home.world.now()
    film(home, 5000)
    assert home.owner.call("DELETE", path, {"to": wire(now + DAY)}).status == 204
    home.world.advance(1)
    film(home, 5000)
    assert len(recordings(home.owner, device_id)) == 1
    for span in ({"from": wire(now + DAY)}, {"from": wire(now), "to": wire(now)}):
        answer = home.owner.call("DELETE", path, span)
        assert (answer.status, answer.json["code"]) == (422, "RangeInvalid")
    assert home.owner.call("DELETE", path, {"channel": "7"}).status == 404
    assert home.owner.call("DELETE", path).status == 204
    assert recordings(home.owner, device_id) == []


# The line of time


def test_a_line_of_time_with_its_alarms(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    span = film(home, 5000, 5000)
    home.camera.see(7)
    found = home.owner.timeline(device_id, "2026-01-05")
    assert found["spans"] == [list(map(wire, span))]
    assert (found["day_start"], found["day_end"]) == ("2026-01-04T23:00:00Z", "2026-01-05T23:00:00Z")
    alarms = home.owner.alarms(device_id)
    assert found["alarms"] == [{name: one[name] for name in ("alarm_id", "at", "type")} for one in reversed(alarms)]
    assert len(alarms) == 2


def test_a_line_of_time_takes_two_calls_more_than_a_read_and_a_listing(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    film(home, 5000)
    home.world.trace.clear()
    home.owner.timeline(device_id, "2026-01-05")
    assert [call.operation for call in home.world.trace.calls] == ["BatchGetItem", "Query", "ListObjectsV2", "Query"]


def test_a_channel_whose_name_begins_as_anothers_does_is_another(recording: Home) -> None:
    """S3 lists the keys of `cam-1` between those of the tickets that `cam` had before and after noon."""
    home, device_id, begun = recording, recording.camera.device_id, datetime(2026, 1, 6, 8, 5, tzinfo=UTC)
    home.camera.equip("cam", "cam-1")
    for hours, channel in ((0, "cam"), (1, "cam-1"), (12, "cam")):
        move_to(home, begun + hours * HOUR)
        film(home, 60_000, channel=channel)
    home.stranger.sign_in()
    guest(home, "playback", channels=["cam"])
    seen = recordings(home.stranger, device_id, channel="cam", day="2026-01-06")
    assert [one["start"] for one in seen] == ["2026-01-06T20:05:00Z", "2026-01-06T08:05:00Z"]
    assert len(home.stranger.timeline(device_id, "2026-01-06", channel="cam")["spans"]) == 2
    between = begun + HOUR, begun + 2 * HOUR
    assert home.stranger.ask_playlist(device_id, *between, channel="cam").status == 404
    times = {"from": f"{between[0]:%Y-%m-%dT%H:%M:%SZ}", "to": f"{between[0]:%Y-%m-%dT%H}:30:00Z"}
    clip = home.stranger.call("POST", f"/devices/{device_id}/recordings/clips", {"channel": "cam", **times})
    assert clip.status == 404


def test_a_guest_sees_his_channels_and_alarms_only_by_that_right(recording: Home) -> None:
    home, device_id = recording, recording.camera.device_id
    home.camera.equip("1", "2")
    film(home, 5000)
    home.world.advance(60)
    other = film(home, 5000, channel="2")
    home.camera.see(8, channel="2")
    share_id = guest(home, "playback", channels=["2"])
    path = f"/devices/{device_id}/recordings/timeline"
    found = home.stranger.call("GET", path, query={"day": "2026-01-05"}).json
    assert (found["spans"], found["alarms"]) == ([list(map(wire, other))], [])
    assert [one["channel"] for one in recordings(home.stranger, device_id)] == ["2"]
    assert home.stranger.call("GET", path, query={"channel": "1"}).status == 404
    share = {"rights": ["playback", "alarms"], "channels": ["2"]}
    assert home.owner.call("PATCH", f"/devices/{device_id}/shares/{share_id}", share).status == 200
    found = home.stranger.call("GET", path, query={"day": "2026-01-05"}).json
    assert [one["type"] for one in found["alarms"]] == ["motion"]
    whole = home.owner.call("GET", path, query={}).json
    assert len(whole["spans"]) == 2 and len(whole["alarms"]) == 2


@pytest.mark.parametrize(("zone", "dst", "day", "hours"), [
    ("Europe/Warsaw", True, "2026-03-29", 23), ("Europe/Warsaw", True, "2026-10-25", 25),
    ("Europe/Warsaw", False, "2026-03-29", 24), ("Europe/Warsaw", False, "2026-07-01", 24),
    ("America/New_York", True, "2026-03-08", 23), ("America/New_York", True, "2026-11-01", 25),
    ("Australia/Lord_Howe", True, "2026-04-05", 24.5), ("Asia/Kathmandu", True, "2026-05-05", 24),
    ("Pacific/Kiritimati", True, "2026-05-05", 24), ("Pacific/Pago_Pago", True, "2026-05-05", 24),
    ("Asia/Beirut", True, "2026-03-29", 23),
])  # fmt: skip
def test_days_are_as_long_as_clocks_make_them(home: Home, zone: str, dst: bool, day: str, hours: float) -> None:
    device_id = home.camera.device_id
    assert home.owner.call("PATCH", f"/devices/{device_id}", {"time_zone": zone, "dst": dst}).status == 200
    first = date.fromisoformat(day)
    midnights = [datetime(one.year, one.month, one.day, tzinfo=ZoneInfo(zone)) for one in (first, first + DAY)]
    if not dst:
        midnights = [one.replace(tzinfo=UTC) - standard(zone) for one in midnights]
    begin, end = (one.astimezone(UTC) for one in midnights)
    assert (end - begin) == timedelta(hours=hours)
    move_to(home, begin - HOUR)
    subscribe(home)
    home.owner.refresh()
    for at in (begin, end):
        move_to(home, at - timedelta(seconds=4))
        film(home, 8000)
    found: list[Any] = [home.owner.timeline(device_id, f"{first + nth * DAY}") for nth in (-1, 0, 1)]
    assert (found[1]["day_start"], found[1]["day_end"]) == (wire(begin), wire(end))
    seconds = timedelta(seconds=4)
    assert [one["spans"] for one in found] == [
        [[wire(begin - seconds), wire(begin)]],
        [[wire(begin), wire(begin + seconds)], [wire(end - seconds), wire(end)]],
        [[wire(end), wire(end + seconds)]],
    ]
    wanted = [f"{first + nth * DAY}" for nth in (-1, 0, 1)]
    months = sorted({one[:7] for one in wanted})
    assert [one for month in months for one in days(home.owner, device_id, month=month)] == wanted


def standard(zone: str) -> timedelta:
    offset = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset


def test_the_calendar_lists_just_what_somebody_who_looks_at_each_day_finds(recording: Home) -> None:
    """With everything that hides something: marks, privacy mode, ends."""
    home, device_id = recording, recording.camera.device_id
    for nth in range(6):
        film(home, 20_000, 20_000)
        if nth == 1:
            assert home.owner.set_privacy(device_id, on=True).status == 200
            home.world.advance(1)
            assert home.owner.set_privacy(device_id, on=False).status == 200
        move_to(home, home.world.now() + DAY)
    for one in recordings(home.owner, device_id, day="2026-01-09"):
        assert home.owner.call("DELETE", f"/devices/{device_id}/recordings/{one['recording_id']}").status == 204
    move_to(home, home.world.now() + DAY + timedelta(seconds=30))
    listed = days(home.owner, device_id)
    looked = [f"2026-01-{day:02}" for day in range(1, 32) if recordings(home.owner, device_id, day=f"2026-01-{day:02}")]
    assert listed == looked
    assert "2026-01-09" not in listed and listed


def test_no_day_is_too_long_ago_to_be_asked_for(home: Home) -> None:
    assert home.owner.call("PATCH", f"/devices/{home.camera.device_id}", {"time_zone": "UTC"}).status == 200
    path = f"/devices/{home.camera.device_id}/recordings"
    day = {"day": "0001-01-01"}
    for query, more in ((day, ""), (day, "/timeline"), ({"month": "0001-01"}, "/days")):
        assert home.owner.call("GET", f"{path}{more}", query=query).status in (200, 422)
