"""What cameras upload is counted on its day, or deleted on arrival."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import pytest

from chalicelib import ids
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.recordings.actions import arrivals, days, listing, reconciling
from chalicelib.recordings.actions.arrivals import Arrival
from chalicelib.recordings.rules.uploads import read_object
from tests.conftest import Home
from tests.recordings.plans import EVENT, subscribe
from tests.recordings.recorded import ask, counted, objects, of_device, refused, stands
from tests.scene import box, filmed, lose_events

MINUTE = timedelta(minutes=1)


@pytest.fixture
def recording(home: Home) -> Home:
    subscribe(home)
    return home


def test_a_minute_of_video_is_counted_and_stands(recording: Home) -> None:
    recording.camera.record()
    recording.world.settle()
    (segment,) = stands(recording)
    assert segment.duration_ms == 60_000 and segment.init is not None
    day = f"1.{segment.start:%Y%m%d}"
    assert counted(recording) == {day: (60_000, segment.size_bytes)}
    plan = recording.owner.call("GET", f"/devices/{recording.camera.device_id}/plan").json
    assert plan["used_bytes"] == segment.size_bytes and plan["newest"].startswith(f"{segment.end:%Y-%m-%dT%H:%M:%S}")
    assert plan["state"] == "active" and plan["oldest"] <= plan["newest"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("1/yesterday.m4s", filmed("m4s"), "name_unknown"),
        ("1/20260105T080000.000Z-900.m4s", filmed("m4s"), "name_unknown"),
        ("1/deep/20260105T080000.000Z-9000.m4s", filmed("m4s"), "name_unknown"),
        ("1/20260105T080000.000Z-9000.m4s", b"\xff\xd8" * 100, "video_unreadable"),
        ("1/20260105T080000.000Z-9000.ts", b"\x47" + b"x" * 400, "video_unreadable"),
        ("1/init-a.mp4", b"x" * 700, "video_unreadable"),
        ("1/init-a.mp4", box("ftyp", 32) + box("moov", 64 * 1024), "video_unreadable"),
    ],
)
def test_what_no_player_would_take_is_deleted_and_counted(recording: Home, name: str, data: bytes, reason: str) -> None:
    ticket = recording.camera.recording_ticket()
    assert recording.world.upload(ticket, name, data).status == 204
    recording.world.settle()
    stored = [one["key"] for bucket in recording.world.dump()["buckets"].values() for one in bucket]
    assert not any(key.startswith("recordings/") for key in stored)
    assert refused(recording) == {reason: 1}
    assert counted(recording) == {}


def test_a_channel_that_the_camera_has_no_more_is_refused(recording: Home) -> None:
    recording.camera.equip("1", "2")
    recording.camera.record(channel="2")
    recording.camera.equip("1")
    recording.world.settle()
    assert objects(recording.world) == [] and refused(recording)["channel_unknown"] >= 1
    recording.camera.record()
    recording.world.settle()
    assert len(objects(recording.world)) == 1


def test_what_comes_in_privacy_mode_or_was_filmed_in_it_is_deleted_whenever_it_comes(recording: Home) -> None:
    device_id, world = recording.camera.device_id, recording.world
    ticket = recording.camera.recording_ticket()
    recording.owner.set_privacy(device_id, on=True)
    recording.camera.record(ticket=ticket)
    world.advance(120)
    assert objects(world) == []
    filmed_until = world.now()
    recording.owner.set_privacy(device_id, on=False)
    world.advance(120)
    recording.camera.record(10_000, ticket=ticket, at=filmed_until)
    recording.camera.record(10_000, ticket=ticket)
    world.settle()
    assert len(objects(world)) == len(stands(recording)) == 1
    assert refused(recording) == {}


def test_what_was_judged_as_privacy_mode_began_is_deleted_within_six_hours(recording: Home) -> None:
    world = recording.world
    key = recording.camera.record()
    arrival = Arrival(key, world.now(), len(filmed("m4s")))
    with world.aws.outside():
        as_before = arrivals.read_together([arrival])
    recording.owner.set_privacy(recording.camera.device_id, on=True)
    with world.aws.outside():
        assert arrivals.take_upload(arrival, as_before) == []
    lose_events(world, "on_recording_uploaded")
    assert objects(world) == [key] and stands(recording) == []
    world.advance(6 * 60 * 60)
    assert objects(world) == []


def test_a_plan_that_ended_takes_nothing_on_a_ticket_of_before(recording: Home) -> None:
    world = recording.world
    world.clock.move_to(world.now().timestamp() + 30 * 86_400 - 600)
    ticket = recording.camera.recording_ticket()
    world.clock.move_to(world.now().timestamp() + 601)
    answer = world.upload(ticket, "1/20260204T080000.000Z-9000.m4s", filmed("m4s"))
    assert answer.status == 403 and ask(recording).json["code"] == "NoPlan"


def test_ten_second_objects_are_written_once_a_minute_and_counted_whole_by_the_reconciler(recording: Home) -> None:
    world, camera = recording.world, recording.camera
    camera.record(10_000)
    world.settle()
    world.trace.clear()
    for _ in range(60):
        world.advance(10)
        camera.record(10_000)
        world.settle()
    writes = [call for call in world.trace.calls if call.operation in ("UpdateItem", "PutItem", "TransactWriteItems")]
    ours = [call for call in writes if "recording-day" in str(call.params)]
    assert 8 <= len(ours) <= 11
    world.advance(180)
    world.run_schedule("reconcile_recordings")
    assert sum(ms for ms, _ in counted(recording).values()) == 610_000
    assert len(stands(recording)) == 61


# The reconciler


def _reconciled(home: Home, minutes: float) -> dict[str, int]:
    """By a run that begins so many minutes later, without one before it."""
    home.world.clock.move_to(home.world.now().timestamp() + minutes * 60)
    home.world.trace.clear()
    found: dict[str, int] = home.world.run_schedule("reconcile_recordings")
    return found


def _reads(home: Home) -> int:
    return sum(call.operation in ("GetItem", "BatchGetItem") for call in home.world.trace)


def test_the_reconciler_reads_nothing_of_devices_that_brought_nothing_lately(recording: Home) -> None:
    recording.camera.record()
    recording.world.settle()
    assert _reconciled(recording, 5)["devices"] == 1 and _reads(recording) == 1
    assert _reconciled(recording, 35)["devices"] == 0 and _reads(recording) == 0
    recording.camera.record()
    assert _reconciled(recording, 1)["devices"] == 0  # the news of it is on its way
    assert _reconciled(recording, 2)["devices"] == 1


def test_four_times_a_day_the_reconciler_looks_at_all_devices(recording: Home) -> None:
    recording.camera.record()
    recording.world.settle()
    looked_at = [(_reconciled(recording, 15)["devices"], f"{recording.world.now():%H:%M}") for _ in range(4 * 11)]
    assert [at for devices, at in looked_at if devices] == ["08:15", "08:30", "12:00", "18:00"]


@pytest.mark.parametrize(("entries_a_page", "listings"), [(1000, 1), (4, 5)])
def test_a_run_begins_somewhere_else_and_sees_each_object_once(
    recording: Home, monkeypatch: pytest.MonkeyPatch, entries_a_page: int, listings: int
) -> None:
    """What is a page is asked for once."""
    monkeypatch.setattr(client("s3"), "list_objects_v2", partial(client("s3").list_objects_v2, MaxKeys=entries_a_page))
    begin, names = "recordings/7/20260105/", "adgjmpsvy"
    wanted = [f"{begin}{name}/1" for name in names]
    with recording.world.aws.outside():
        for key in wanted:
            s3.put(key, b"1", "video/mp4")
    counts = []
    for somewhere, first in (("0", "a"), ("b", "d"), ("n", "p"), ("q", "s"), ("z", "a")):
        monkeypatch.setattr(ids, "new_id", lambda somewhere=somewhere: somewhere)
        recording.world.trace.clear()
        found = [one.key for one in reconciling._from_somewhere(begin)]
        assert sorted(found) == wanted and found[0] == f"{begin}{first}/1"
        counts.append(len(recording.world.trace))
    assert max(counts) == listings


def test_an_arrival_that_nobody_was_told_of_is_counted_though_a_run_failed(recording: Home) -> None:
    recording.camera.record()
    lose_events(recording.world, "on_recording_uploaded")
    assert len(objects(recording.world)) == 1 and counted(recording) == {}
    assert _reconciled(recording, 15 + 15 + 2)["counted_anew"] == 1
    assert [ms for ms, _ in counted(recording).values()] == [60_000]


def test_news_that_come_twice_count_once(recording: Home) -> None:
    key = recording.camera.record()
    recording.world.settle()
    before = counted(recording)
    _tell_again(recording, key)
    assert counted(recording) == before


def test_late_news_are_counted_by_what_is_listed_and_count_once_however_often_they_come(recording: Home) -> None:
    recording.camera.record()
    recording.world.settle()
    late = [recording.camera.record(at=recording.world.now() - (5 + number) * MINUTE) for number in range(3)]
    news = [_untold(recording, key) for key in late]
    lose_events(recording.world, "on_recording_uploaded")
    recording.world.clock.move_to(recording.world.now().timestamp() + 121)
    assert [ms for ms, _ in counted(recording).values()] == [60_000]
    _tell(recording, news[0])
    assert [ms for ms, _ in counted(recording).values()] == [4 * 60_000]
    for one in (*news, *news):
        _tell(recording, one)
    ((ms, size_bytes),) = counted(recording).values()
    assert (ms, size_bytes) == (4 * 60_000, sum(one.size_bytes for one in stands(recording)))
    assert len(stands(recording)) == 4 and refused(recording) == {}


def test_what_may_not_stay_when_its_news_come_again_is_counted_no_more(recording: Home) -> None:
    recording.camera.record()
    recording.world.advance(60)
    key = recording.camera.record()
    recording.world.settle()
    (ms, size_bytes), again = next(iter(counted(recording).values())), _news(recording, key)
    recording.owner.set_privacy(recording.camera.device_id, on=True)
    _tell(recording, again)
    (other,) = objects(recording.world)
    assert other != key
    assert list(counted(recording).values()) == [(ms, size_bytes // 2)]


@pytest.mark.parametrize("seconds", [0, 300], ids=["at once", "late"])
def test_what_is_counted_stays_though_news_of_it_come_again_when_its_channel_is_gone(home: Home, seconds: int) -> None:
    subscribe(home)
    home.camera.equip("1", "2")
    home.camera.record(channel="2")
    home.world.settle()
    news = _news_of_all(home, channel="2")
    home.camera.equip("1")
    home.world.clock.move_to(home.world.now().timestamp() + seconds)
    before = counted(home), objects(home.world)
    for one in news:
        _tell(home, one)
    assert (counted(home), objects(home.world), refused(home)) == (*before, {})
    (segment,) = stands(home, channel="2")
    assert segment.init is not None
    # But nothing new comes of a channel that is gone.
    home.camera.record(channel="2", at=home.world.now() - 10 * MINUTE)
    home.world.settle()
    assert (counted(home), objects(home.world), refused(home)) == (*before, {"channel_unknown": 1})


@pytest.mark.one_in(2)
@pytest.mark.parametrize("how", ["uploaded again", "told again"])
@pytest.mark.parametrize("plan", [EVENT, None], ids=["events", "continuous"])
def test_a_backlog_counts_once_though_it_comes_twice_and_is_more_than_a_row_remembers(
    home: Home, how: str, plan: str | None
) -> None:
    subscribe(home, *([plan] if plan else []))
    began = home.world.now() - timedelta(hours=6)
    for nth in range(36):
        home.camera.record(at=began + nth * MINUTE)
        home.world.settle()
    if how == "told again":
        for news in _news_of_all(home):
            _tell(home, news)
    else:
        home.camera.recording_ticket()
        for nth in range(36):
            home.camera.record(at=began + nth * MINUTE)
            home.world.settle()
    home.world.advance(20 * 60)
    home.owner.refresh()
    assert [ms for ms, _ in counted(home).values()] == [36 * 60_000]
    assert len(stands(home)) == 36 and refused(home) == {}


def test_a_backlog_makes_the_row_forget_nothing_that_was_uploaded_as_it_was_filmed(home: Home) -> None:
    subscribe(home, EVENT)
    key = home.camera.record()
    home.world.settle()
    for nth in range(30):
        home.camera.record(at=home.world.now() - (10 + nth) * MINUTE)
    home.world.settle()
    _tell_again(home, key)
    assert [ms for ms, _ in counted(home).values()] == [31 * 60_000]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("ms", [60_000, 10_000])
def test_a_backlog_takes_no_more_write_units_than_minutes_however_often_it_comes(recording: Home, ms: int) -> None:
    world, began = recording.world, recording.world.now() - timedelta(hours=6)
    for _ in range(2):
        world.advance(60)
        recording.camera.recording_ticket()
        world.trace.clear()
        for nth in range(40 * 60_000 // ms):
            recording.camera.record(ms, at=began + timedelta(milliseconds=nth * ms))
            world.settle()
        writes = [call for call in world.trace if call.write_units and "recording-day" in str(call.params)]
        assert sum(call.write_units for call in writes) <= 40


@pytest.mark.parametrize("plan", [EVENT, None], ids=["events", "continuous"])
def test_what_is_refused_lists_little_however_much_there_is(
    home: Home, monkeypatch: pytest.MonkeyPatch, plan: str | None
) -> None:
    listed: list[str] = []
    below = s3.below

    def noting(prefix: str, **how: str) -> Iterator[s3.Stored]:
        for stored in below(prefix, **how):
            listed.append(stored.key)
            yield stored

    def film(later_s: int) -> None:
        home.world.clock.move_to(home.world.now().timestamp() + later_s)
        home.camera.record(1_000)
        listed.clear()
        home.world.settle()

    subscribe(home, *([plan] if plan else []))
    for _ in range(6):
        film(1)
    _reconciled(home, 3)
    stored = objects(home.world)
    monkeypatch.setattr(arrivals, "MOST_OF_A_DAY_MS", 6_000)
    monkeypatch.setattr(arrivals.quota, "MOST_MS", 6_000)
    monkeypatch.setattr(arrivals, "MOST_LISTED", 3)
    monkeypatch.setattr(s3, "below", noting)
    # In a quarter of an hour of which the row counts something, it could be among that; where the day is full, whoever
    # brings more is not asked for.
    film(1)
    assert len(listed) == (4 if plan else 0)
    film(900)
    assert listed == []
    home.owner.refresh()
    assert (objects(home.world), sum(refused(home).values())) == (stored, 2)


@pytest.mark.parametrize("plan", [EVENT, None], ids=["events", "continuous"])
def test_a_quarter_of_an_hour_of_more_bytes_than_a_row_counts_lets_nothing_in_uncounted(
    home: Home, monkeypatch: pytest.MonkeyPatch, plan: str | None
) -> None:
    for module in (arrivals, listing):
        # Each object of 128 bytes has 2 GB.
        monkeypatch.setattr(module, "read_object", lambda key, size, at: read_object(key, size * 2**24, at))
    monkeypatch.setattr(arrivals, "MOST_OF_A_DAY_MS", 4_000)
    monkeypatch.setattr(arrivals.quota, "MOST_MS", 4_000)
    subscribe(home, *([plan] if plan else []))
    began = home.world.now() - timedelta(hours=9, minutes=2)
    for nth in range(6):
        home.camera.record(1_000, at=began + timedelta(seconds=nth))
        home.world.settle()
        if nth == 3 and plan is None:
            _reconciled(home, 3)
    assert (len(objects(home.world)), sum(refused(home).values())) == (4, 2)


def test_a_day_is_kept_until_what_was_uploaded_again_is_over(recording: Home) -> None:
    world, now = recording.world, recording.world.now()
    for _ in range(2):
        recording.camera.record(at=now)
        world.advance(30)
    world.advance(20 * 60)
    with world.aws.outside():
        (row,) = days.all_rows(recording.camera.device_id)
    (segment,) = stands(recording)
    assert row.until == segment.until.timestamp()


def _news_of_all(home: Home, channel: str = "1") -> list[dict[str, object]]:
    segments = stands(home, channel=channel)
    inits = {one.init.object_key: one.init.arrived for one in segments if one.init is not None}
    told = [(key, arrived, 700) for key, arrived in inits.items()]
    told += [(one.object_key, one.arrived, one.size_bytes) for one in segments]
    return [
        {"eventTime": f"{arrived:%Y-%m-%dT%H:%M:%S}.000Z", "s3": {"object": {"key": key, "size": size}}}
        for key, arrived, size in told
    ]


def _tell_again(home: Home, key: str) -> None:
    _tell(home, _news(home, key))


def _news(home: Home, key: str) -> dict[str, object]:
    (one,) = [segment for segment in stands(home) if segment.object_key == key]
    told = {"object": {"key": key, "size": one.size_bytes}}
    return {"eventTime": f"{one.arrived:%Y-%m-%dT%H:%M:%S}.000Z", "s3": told}


def _untold(home: Home, key: str) -> dict[str, object]:
    told = {"object": {"key": key, "size": len(filmed("m4s"))}}
    return {"eventTime": f"{home.world.now():%Y-%m-%dT%H:%M:%S}.000Z", "s3": told}


def _tell(home: Home, record: dict[str, object]) -> None:
    with home.world.aws.outside():
        url = home.world.stack.physical("RecordingUploads")
        client("sqs").send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record]}))
    home.world.settle()


def test_a_clock_that_is_years_off_is_not_believed(recording: Home) -> None:
    for stamp in ("19700101T000012.000Z", "20360105T080000.000Z"):
        ticket = recording.camera.recording_ticket()
        for name, data in (("init-a.mp4", None), (f"{stamp}-30000.m4s", filmed("m4s"))):
            body = data or filmed("m4s").replace(b"moof", b"ftyp")
            assert recording.world.upload(ticket, f"1/{name}", body).status == 204
        recording.world.advance(60)
    found = stands(recording)
    assert len(found) == 2 and all(one.start == one.arrived for one in found)


def test_of_two_that_are_the_same_one_is_shown_as_long_as_either_is_kept(home: Home) -> None:
    subscribe(home)
    filmed_until, ticket = home.world.now(), home.camera.recording_ticket()
    home.camera.record(at=filmed_until, ticket=ticket)
    home.world.settle()
    (first,) = stands(home)
    home.world.clock.move_to(filmed_until.timestamp() + 3600)
    home.camera.record(at=filmed_until, ticket=home.camera.recording_ticket())
    home.world.clock.move_to(filmed_until.timestamp() + 3600 + 180)
    home.world.run_schedule("reconcile_recordings")
    assert stands(home) == [first] and len(objects(home.world)) == 2
    home.world.clock.move_to(first.until.timestamp())
    (second,) = stands(home, first.start, first.end)
    assert second.start == first.start and second.arrived > first.arrived


def test_a_backlog_lies_under_a_later_day_and_is_found_on_its_own(recording: Home) -> None:
    recording.world.clock.move_to(recording.world.now().timestamp() + 3 * 86_400)
    was = recording.world.now() - timedelta(days=2)
    for minute in range(3):
        recording.camera.record(at=was + minute * MINUTE)
    recording.world.settle()
    found = stands(recording, was - 10 * MINUTE, was + 10 * MINUTE)
    assert len(found) == 3 and {one.object_key.split("/")[2] for one in found} == {f"{recording.world.now():%Y%m%d}"}
    assert list(counted(recording)) == [f"1.{was:%Y%m%d}"]


def test_a_day_holds_no_more_than_two_days_of_video(recording: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "MOST_OF_A_DAY_MS", 120_000)
    for number in range(3):
        recording.world.trace.clear()
        recording.camera.record(at=recording.world.now() - number * MINUTE)
        recording.world.settle()
    assert len(objects(recording.world)) == 2 and refused(recording) == {"too_many": 1}
    # Whoever stole its secret could have the whole day listed for each object.
    assert not [call for call in recording.world.trace if call.operation == "ListObjectsV2"]


def test_all_that_a_camera_kept_may_come_at_once_by_a_clock_that_nobody_believes(recording: Home) -> None:
    for number in range(40):
        recording.camera.record(at=recording.world.now() - timedelta(days=400) + number * MINUTE)
    recording.world.settle()
    assert len(stands(recording)) == 40 and refused(recording) == {}


def test_who_removed_the_device_keeps_nothing(recording: Home) -> None:
    recording.camera.record()
    recording.world.settle()
    ticket = recording.camera.recording_ticket()
    assert len(objects(recording.world)) == 1
    recording.owner.call("DELETE", f"/devices/{recording.camera.device_id}")
    recording.camera.record(ticket=ticket)
    recording.world.advance(3600)
    assert objects(recording.world) == []


def test_event_plans_keep_what_they_let_in(home: Home) -> None:
    subscribe(home, EVENT)
    for _ in range(3):
        home.camera.record(20_000)
        home.world.advance(1800)
    assert len(stands(home)) == 3 and of_device(home).shown


def test_a_poisoned_message_in_a_batch_fails_alone_and_is_put_aside(recording: Home) -> None:
    url = recording.world.stack.physical("RecordingUploads")
    for poison in ("no JSON", "[]", '{"Records": [{}]}', '{"Records": [{"s3": 7}]}'):
        recording.world.advance(60)
        recording.camera.record()
        with recording.world.aws.outside():
            client("sqs").send_message(QueueUrl=url, MessageBody=poison)
        recording.camera.record(at=recording.world.now() - timedelta(hours=1))
    recording.world.settle()
    assert len(stands(recording)) == 8 and [ms for ms, _ in counted(recording).values()] == [480_000]
    aside = [name for name, messages in recording.world.dump()["queues"].items() for _ in messages]
    assert len(aside) == 4 and all("DeadLetters" in name for name in aside)


def test_one_that_came_twice_is_deleted_twice_though_the_news_of_the_other_was_lost(recording: Home) -> None:
    world, now = recording.world, recording.world.now()
    recording.camera.record(at=now)
    world.advance(5 * 60)
    recording.camera.record(at=now, ticket=recording.camera.recording_ticket())
    lose_events(world, "on_recording_uploaded")
    world.advance(20 * 60)
    assert len(objects(world)) == 2 and [ms for ms, _ in counted(recording).values()] == [60_000]
    recording.owner.refresh()
    answer = recording.owner.call("DELETE", f"/devices/{recording.camera.device_id}/recordings")
    assert answer.status == 204
    world.advance(60)
    assert objects(world) == []
