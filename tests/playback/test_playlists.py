"""Playlists as players read them, beside a plain model of what was recorded."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from moto.s3.models import FakeKey, s3_backends

from chalicelib import instants
from chalicelib.aws import s3
from chalicelib.playback.actions import playing
from chalicelib.playback.rules import calendars, capabilities, paths, playlists
from chalicelib.playback.rules.calendars import Counted, Judged
from chalicelib.playback.rules.playlists import Piece
from chalicelib.recordings.actions import days, listing
from chalicelib.recordings.rules.quarters import day_of
from chalicelib.recordings.rules.runs import runs_of
from chalicelib.recordings.rules.segments import Init, Segment
from chalicelib.settings import settings as of_cloud
from chalicelib.store import crypto
from chalicelib.store.commit import commit
from infra.local.dump import ACCOUNT
from tests.conftest import Home
from tests.playback.looking import at, film, parsed
from tests.recordings.plans import subscribe
from tests.scene import ON_MOTO, segment_stamp
from tests.scene import _base36 as base36

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
MS = timedelta(milliseconds=1)


@some.composite
def filmed(draw: some.DrawFn) -> list[Segment]:
    """What cameras bring: in a row, with gaps, overlaps, restarts, other tickets, and clocks that are put back."""
    at, found, init, ticket = BEGIN, [], 0, 0
    for number in range(draw(some.integers(1, 12))):
        ms = draw(some.integers(1000, 60_000))
        at += draw(some.sampled_from([0, 0, 0, 3, 999, 1000, 1001, 20_000, -5, -1000, -1001, -30_000])) * MS
        init += draw(some.sampled_from([0, 0, 0, 1]))
        ticket += draw(some.sampled_from([0, 0, 1]))
        count = draw(some.integers(0, 40))
        fragments = tuple(draw(some.lists(some.integers(100, 5000), min_size=count, max_size=count)))
        folder = f"recordings/7/20260105/d/1-08{ticket:02}aaaaaaaaaa/1"
        key = f"{folder}/{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z-{ms}-{number}.m4s"
        brought = Init(f"{folder}/init-{init}.mp4", BEGIN)
        size = sum(fragments) or 1000
        found.append(Segment(key, "1", 7, at, ms, size, BEGIN + timedelta(days=1), fragments, init=brought))
        at += ms * MS
    # Of two by one path a playlist shows one.
    return list({paths.of_object(one.object_key): one for one in found}.values())


def pieces(segments: list[Segment]) -> list[list[Piece]]:
    return [
        [
            Piece(
                paths.of_object(one.object_key), paths.of_object(one.init.object_key) if one.init else None, one.start,
                one.duration_ms, one.fragments,
            )
            for one in run.segments
        ]
        for run in runs_of(segments)
    ]  # fmt: skip


@settings(max_examples=300)
@given(segments=filmed())
def test_a_player_finds_each_object_whole_at_its_time_with_its_init(segments: list[Segment]) -> None:
    found = parsed(playlists.playlist(pieces(segments)))
    assert (found.version, found.is_ended) == (7, True)
    assert all(int(one.seconds + 0.5) <= found.target_s for one in found.entries)
    by_path = {f"media/{paths.of_object(one.object_key)}": one for one in segments}
    entries = iter(found.entries)
    for run in runs_of(segments):
        for number, segment in enumerate(run.segments):
            path = f"media/{paths.of_object(segment.object_key)}"
            offset, seconds = 0, 0.0
            while seconds < segment.duration_ms / 1000 - 0.0005:
                entry = next(entries)
                assert by_path[entry.uri] is segment and entry.uri == path and segment.init is not None
                assert entry.init == f"media/{paths.of_object(segment.init.object_key)}"
                assert abs(entry.at - segment.start - timedelta(seconds=seconds)) < 2 * MS
                assert entry.is_anew is (number == 0 and seconds == 0 and run is not runs_of(segments)[0] and
                                         run.segments[0] != runs_of(segments)[0].segments[0])
                if entry.span is not None:
                    assert entry.span[0] == offset
                    offset += entry.span[1]
                seconds += entry.seconds
            assert offset in (0, segment.size_bytes) and abs(seconds * 1000 - segment.duration_ms) < 0.5
    assert next(entries, None) is None


@given(duration_ms=some.integers(1000, 60_000), count=some.integers(0, 120))
def test_parts_are_whole_fragments_of_about_four_seconds(duration_ms: int, count: int) -> None:
    piece = Piece("p", "i", BEGIN, duration_ms, (10,) * count)
    entries = parsed(playlists.playlist([[piece]])).entries
    assert len(entries) == max(1, min(count, round(duration_ms / 4000)))
    fragment_s = duration_ms / 1000 / max(1, count)
    if len(entries) > 1:
        assert all(one.span is not None and one.span[1] % 10 == 0 for one in entries)
        assert max(one.seconds for one in entries) <= max(6, 4 + 2 * fragment_s)


def test_a_day_of_short_objects_is_small_enough(home: Home) -> None:
    segments = playlists.MOST_OBJECTS
    run = [
        Piece(f"7-20260105-0800aaaaaaaaaa-20260105T08000{nth % 10}.000Z-1000.m4s", "i", BEGIN + nth * 1001 * MS, 1000)
        for nth in range(segments)
    ]
    assert len(playlists.playlist([run])) <= 6_000_000


# A whole day of objects, put straight into the bucket


def _put(keys: Any, key: str, data: bytes) -> None:
    """Without the news of it, of which each would wake a listener."""
    keys[key] = FakeKey(name=key, bucket_name=of_cloud.media_bucket, value=data, account_id=ACCOUNT, region_name="aws")


def lay_down_day(home: Home, count: int, ms: int, sizes: tuple[int, ...]) -> tuple[datetime, datetime]:
    """A day of one channel on tickets of an hour, at whose end all of it came; with its rows."""
    world, device_id = home.world, home.camera.device_id
    begin = world.now()
    world.clock.move_to((begin + count * ms * MS).timestamp())
    written = "-" + ".".join(map(base36, sizes)) if sizes else ""
    folders: dict[tuple[str, str], str] = {}
    with world.aws.outside():
        keys = s3_backends[ACCOUNT]["aws"].buckets[of_cloud.media_bucket].keys
        for nth in range(count):
            at = begin + nth * ms * MS
            let_in, hour = f"{at:%Y%m%d}", f"{at:%H}00"
            if (let_in, hour) not in folders:
                folders[let_in, hour] = f"recordings/7/{let_in}/{device_id}/1-{hour}abcdefghij/1/"
                _put(keys, f"{folders[let_in, hour]}init-a.mp4", bytes(600))
            key = f"{folders[let_in, hour]}{segment_stamp(at)}-{ms}{written}.m4s"
            _put(keys, key, bytes(sum(sizes) or 8))
        parts = listing.joined(listing.Part(7, let_in, hour, hour) for let_in, hour in folders)
        segments = listing.uploaded(device_id, "1", parts).paired()
        assert len(segments) == count
        for day in sorted({day_of(one.start) for one in segments}):
            own = [one for one in segments if day_of(one.start) == day]
            write = days.counted_anew(None, device_id, "1", day, own, parts)
            assert write is not None
            commit(write)
    return begin, begin + count * ms * MS


# Of what a whole answer takes, in what it takes to read the names of the same objects once. It was twice as much
# while moto wrote each entry of a listing by its model.
MOST_OF_READING_NAMES = 10


@ON_MOTO
@pytest.mark.parametrize(
    ("count", "ms", "sizes", "listings"), [(1440, 60_000, (100,) * 30, 2), (8640, 10_000, (100,) * 5, 9)]
)
def test_a_whole_day_is_answered_by_a_listing_for_each_thousand_and_little_beside(
    home: Home, count: int, ms: int, sizes: tuple[int, ...], listings: int
) -> None:
    subscribe(home)
    span = lay_down_day(home, count, ms, sizes)
    home.owner.sign_in()
    url = home.owner.playlist(home.camera.device_id, *span)["playlist_url"]
    home.world.trace.clear()
    answer = at(home, url)
    assert [call.operation for call in home.world.trace] == ["BatchGetItem", "Query", *["ListObjectsV2"] * listings]
    assert len(answer.body) <= 6_000_000
    found = parsed(answer.body.decode())
    assert sum(one.seconds for one in found.entries) == pytest.approx(86_400)
    assert not any(one.is_anew for one in found.entries)
    home.world.trace.clear()
    assert at(home, url, found.entries[-1].uri).status == 302
    assert [call.operation for call in home.world.trace.calls] == ["BatchGetItem", "ListObjectsV2"]
    stored = [*s3.below("recordings/")]
    whole_s = least_s(lambda: at(home, url))
    names_s = least_s(lambda: [listing.segment_of(one) for one in stored])
    print(f"{count} objects: {whole_s:.2f} s, {whole_s / names_s:.1f} times their names, {len(answer.body):,} bytes")
    assert whole_s <= MOST_OF_READING_NAMES * names_s


def least_s(act: Callable[[], object]) -> float:
    """Of this thread's own work, however busy the machine is."""
    took = []
    for _ in range(3):
        began = time.thread_time()
        act()
        took.append(time.thread_time() - began)
    return min(took)


# Addresses


@given(
    begin=some.integers(0, 36**9 - 1), end=some.integers(0, 36**9 - 1), until=some.integers(0, 36**7 - 1),
    channel=some.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
)  # fmt: skip
def test_capabilities_are_read_as_they_are_written(begin: int, end: int, until: int, channel: str) -> None:
    one = capabilities.Capability("a" * 52, "b" * 26, channel, begin, end, until)
    text = one.with_proof("c" * 32)
    assert capabilities.read(text) == (one, "c" * 32)
    assert len(text) <= 192


def test_the_proof_covers_everything_and_the_share(home: Home) -> None:
    one = capabilities.Capability("a" * 52, "b" * 26, "1", 1, 2, 3)
    others = [
        replace(one, device_id="c" * 52), replace(one, viewer_id="c" * 26), replace(one, channel="2"),
        replace(one, begin_ms=0), replace(one, end_ms=3), replace(one, until=4),
    ]  # fmt: skip
    with home.world.aws.outside():
        proofs = {playing._proof(one, "share"), *(playing._proof(other, "share") for other in others)}
        proofs.add(playing._proof(one, "another"))
        assert len(proofs) == 8 and crypto.same(playing._proof(one, "share"), playing._proof(one, "share"))


@given(ms=some.integers(0, 36**9 - 1))
def test_moments_are_read_as_they_are_written(ms: int) -> None:
    assert int(instants.base36(ms), 36) == ms
    if ms < instants.ms_of(datetime(9999, 12, 31, tzinfo=UTC)):
        assert instants.ms_of(instants.at_ms(ms)) == ms


@pytest.mark.parametrize(("key", "path"), [
    ("recordings/7/20260105/d/1-0800abcdefghij/1/20260105T080000.000Z-5000-2s.2s.m4s",
     "7-20260105-0800abcdefghij-20260105T080000.000Z-5000.m4s"),
    ("recordings/30/20260105/d/a-b-0800abcdefghij/a-b/20260105T080000.000Z-5000.ts",
     "30-20260105-0800abcdefghij-20260105T080000.000Z-5000.ts"),
    ("recordings/3/20260105/d/-1-0800abcdefghij/-1/init-a-b_c.mp4", "3-20260105-0800abcdefghij-init-a-b_c.mp4"),
])  # fmt: skip
def test_paths_of_objects(key: str, path: str) -> None:
    assert paths.of_object(key) == path
    place = paths.read(path)
    assert place is not None
    name = key.rpartition("/")[2]
    assert name.startswith(place.name) and (place.is_init or place.is_of(name))
    assert not place.is_of(name.replace("Z-5000", "Z-50000")) or place.is_init


# What the calendar can tell without looking

HOUR, QUARTER, DAY = timedelta(hours=1), timedelta(minutes=15), timedelta(days=1)
minutes = some.integers(-600, 600).map(lambda number: BEGIN + timedelta(minutes=number))


@settings(max_examples=500)
@given(
    objects=some.lists(
        some.tuples(some.integers(-40, 40), some.integers(0, 14), some.integers(1, 60), minutes), max_size=6
    ),
    now=minutes, since=minutes, hidden=some.lists(some.tuples(minutes, minutes).map(sorted).map(tuple), max_size=3),
    begin=some.integers(-40, 40), count=some.integers(1, 8),
    hole=some.none() | some.tuples(minutes, minutes).map(sorted),
)  # fmt: skip
def test_what_is_certain_is_so_for_each_object(
    objects: list[tuple[int, int, int, datetime]],
    now: datetime,
    since: datetime,
    hidden: list[tuple[datetime, datetime]],
    begin: int,
    count: int,
    hole: list[datetime] | None,
) -> None:
    """In the hole no plan ran."""
    keep = HOUR
    counted: list[Counted] = []
    standing: list[tuple[datetime, datetime]] = []
    arrivals = []
    for nth, minute, seconds, arrived in objects:
        start = BEGIN + nth * QUARTER + timedelta(minutes=minute)
        # A stamp is believed if it is at most a minute ahead.
        arrivals.append((start, start + timedelta(seconds=seconds), max(arrived, start - timedelta(minutes=1))))
    until = max((arrived + keep for _, _, arrived in arrivals), default=BEGIN)
    for start, end, arrived in arrivals:
        quarter = BEGIN + (start - BEGIN) // QUARTER * QUARTER
        reach = max(quarter + QUARTER, end)
        counted.append(Counted(quarter, quarter + QUARTER, reach, keep, until))
        shown = arrived >= since and (hole is None or not hole[0] <= arrived < hole[1])
        if not any(a < end and start < b for a, b in hidden) and shown and now < arrived + keep:
            standing.append((start, end))
    day = BEGIN + begin * QUARTER, BEGIN + (begin + count) * QUARTER
    told = calendars.has_any(counted, Judged(now, since, since if hole is None else None, hidden), *day)
    truth = any(start < day[1] and day[0] < end for start, end in standing)
    assert told is None or told is truth


def test_the_calendar_is_certain_where_nothing_is_near(home: Home) -> None:
    subscribe(home)
    film(home, 5000)
    one = Counted(BEGIN, BEGIN + QUARTER, BEGIN + QUARTER, 7 * DAY, BEGIN + 7 * DAY + QUARTER)
    judged = Judged(BEGIN + DAY, BEGIN - DAY, BEGIN - DAY)
    assert calendars.has_any([one], judged, BEGIN - HOUR, BEGIN + HOUR) is True
    assert calendars.has_any([one], judged, BEGIN + HOUR, BEGIN + 2 * HOUR) is False
    assert calendars.has_any([one], replace(judged, now=one.until), BEGIN, BEGIN + HOUR) is False
    assert calendars.has_any([one], replace(judged, all_since=None), BEGIN, BEGIN + HOUR) is None
    whole = replace(judged, hidden=((BEGIN, BEGIN + QUARTER),))
    assert calendars.has_any([one], whole, BEGIN, BEGIN + HOUR) is False
    part = replace(judged, hidden=((BEGIN, BEGIN + QUARTER / 2),))
    assert calendars.has_any([one], part, BEGIN, BEGIN + HOUR) is None
