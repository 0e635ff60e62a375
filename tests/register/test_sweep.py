"""A sweep deletes page by page from the oldest on, and as much as there can be in the time that it has."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from moto.s3.models import FakeKey, s3_backends
from msgspec.structs import replace

from chalicelib import clock
from chalicelib.alarms.records import PICTURES
from chalicelib.aws import s3
from chalicelib.register import sweep
from chalicelib.register.sweep import BUDGET_S, oldest_s, overdue_s, sweep_expired
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud

EVERY_SIZE = bool(os.environ.get("EVERY_SIZE"))
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
PAGE = 1000


class CountingStore:
    """A bucket that only pages and counts, as far as sweeps ask it; `objects` are keys and when each came."""

    def __init__(self, objects: dict[str, datetime]) -> None:
        self.objects = objects
        self.calls: Counter[str] = Counter()
        self.keeps: set[str] = set()

    def list_objects_v2(
        self, *, Bucket: str, Prefix: str, MaxKeys: int = PAGE, ContinuationToken: str = ""
    ) -> dict[str, Any]:
        self.calls["ListObjectsV2"] += 1
        keys = self._sorted()
        at = bisect_right(keys, ContinuationToken or Prefix)
        page = [key for key in keys[at : at + MaxKeys] if key.startswith(Prefix)]
        contents = [{"Key": key, "Size": 1, "ETag": "", "LastModified": self.objects[key]} for key in page]
        is_more = len(page) == MaxKeys and at + MaxKeys < len(keys)
        return {"Contents": contents, "IsTruncated": is_more, "NextContinuationToken": page[-1] if page else ""}

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:
        self.calls["DeleteObjects"] += 1
        assert len(Delete["Objects"]) <= PAGE
        keys = {one["Key"] for one in Delete["Objects"]}
        for key in keys - self.keeps:
            del self.objects[key]
        return {"Errors": [{"Key": key, "Code": "InternalError"} for key in sorted(keys & self.keeps)]}

    def _sorted(self) -> list[str]:
        # Sorting what is sorted already costs next to nothing.
        self.objects = dict(sorted(self.objects.items()))
        return list(self.objects)


def pictures(count: int, *, fresh: int = 0) -> dict[str, datetime]:
    """So many whose week is over, of a few cameras and hours, and others that have some of it left."""
    now = clock.now()
    old = {_key(number, now - WEEK - HOUR * (1 + number % 3)): now - WEEK - HOUR for number in range(count)}
    return old | {_key(number, now - HOUR): now - HOUR for number in range(fresh)}


def _key(number: int, at: datetime) -> str:
    return f"{PICTURES.of(at, f'd{number % 7}')}t/1/{number:07d}.jpg"


def counting(patch: pytest.MonkeyPatch, objects: dict[str, datetime]) -> CountingStore:
    store = CountingStore(dict(objects))
    patch.setattr(s3, "client", lambda service: store)
    return store


def on_moto(objects: dict[str, datetime]) -> None:
    """Put into its memory, since ten thousand requests would take a minute."""
    there = next(iter(s3_backends.values()))["aws"].buckets[settings.media_bucket]
    for key, at in objects.items():
        stored = FakeKey(key, b"x", account_id="123456789012", region_name=settings.region)
        stored.last_modified = at.replace(tzinfo=None)
        there.keys[key] = stored


def counted_on_moto(world: LocalCloud, act: Callable[[], object]) -> Counter[str]:
    world.trace.clear()
    act()
    return Counter(call.operation for call in world.trace)


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """What `clock.ticks_s` says: the last of these that were said."""
    told = [0.0]
    monkeypatch.setattr(clock, "ticks_s", lambda: told[-1])
    yield told


def test_a_page_is_deleted_before_the_next_is_listed(world: LocalCloud) -> None:
    on_moto(pictures(1_001, fresh=1))
    world.trace.clear()
    assert sweep_expired(PICTURES) == 1_001
    assert world.trace.names() == ["s3.ListObjectsV2", "s3.DeleteObjects"] * 2
    assert len(list(s3.below("alarms/"))) == 1


def test_a_sweep_stops_in_time_and_the_next_one_goes_on(
    world: LocalCloud, ticks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = counting(monkeypatch, pictures(2_500))
    delete = s3.delete

    def slowly(keys: list[str]) -> int:
        ticks.append(ticks[-1] + BUDGET_S * 0.6)
        return delete(keys)

    monkeypatch.setattr(s3, "delete", slowly)
    for deleted, left in ((2000, 500), (500, 0), (0, 0)):
        oldest = sorted(store.objects)[:deleted]
        assert sweep_expired(PICTURES) == deleted
        assert len(store.objects) == left and not store.objects.keys() & {*oldest}


def test_several_kinds_are_swept_in_the_time_of_one(
    world: LocalCloud, ticks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [replace(PICTURES, name=f"films/{days}", keep_days=days, by="day") for days in (3, 7)]
    now = clock.now()
    ends = {kind: now - kind.keep - HOUR for kind in kinds}
    objects = {f"{kind.of(end, 'd')}{number}": end for kind, end in ends.items() for number in range(500)}
    kept = {f"{kind.of(now - HOUR, 'd')}1": now - HOUR for kind in kinds}
    store = counting(monkeypatch, objects | kept)
    delete = s3.delete

    def slowly(keys: list[str]) -> int:
        ticks.append(ticks[-1] + BUDGET_S * bool(keys))
        return delete(keys)

    monkeypatch.setattr(s3, "delete", slowly)
    assert overdue_s(*kinds) == HOUR.total_seconds()
    assert [sweep_expired(*kinds) for _ in range(3)] == [500, 500, 0]
    assert (store.objects.keys(), overdue_s(*kinds)) == (kept.keys(), 0)


def test_what_s3_keeps_stops_no_sweep(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    store = counting(monkeypatch, pictures(2_500))
    store.keeps = {sorted(store.objects)[place] for place in (0, 1700, 2499)}
    with pytest.raises(s3.NotDeleted):
        sweep_expired(PICTURES)
    assert store.objects.keys() == store.keeps
    store.keeps.clear()
    assert sweep_expired(PICTURES) == 3


@pytest.mark.parametrize("name", ["1/\x01.jpg", "1/\ufffe", "1/a\rb", "../\x00"])
def test_an_uploads_name_stops_no_sweep(world: LocalCloud, name: str) -> None:
    """A stranger with a ticket may call what he uploads as he likes."""
    on_moto(pictures(3))
    strange = PICTURES.of(clock.now() - WEEK - 2 * HOUR, "d0") + name
    on_moto({strange: clock.now() - WEEK - HOUR})
    assert strange in [stored.key for stored in s3.below("")]
    assert sweep_expired(PICTURES) == 4
    assert list(s3.below("")) == []


def test_the_oldest_is_known_by_one_request_however_many_there_are(world: LocalCloud) -> None:
    on_moto(pictures(100))
    assert counted_on_moto(world, lambda: oldest_s(PICTURES)) == {"ListObjectsV2": 1}
    assert oldest_s(PICTURES) == int((WEEK + HOUR).total_seconds())
    assert world.trace.names()[-1] == "s3.ListObjectsV2" and [*world.trace][-1].params["MaxKeys"] == 1


# ── Ten million a day ────────────────────────────────────────────────────────────────────────────────────────────────

A_DAY = 10_000_000
# Seconds for a page, as one may expect of S3 from within its region: a listing of a thousand keys, and deleting them,
# which at its 3,500 deletions a second of a prefix takes 0.3 s at the very least.
LIST_S, DELETE_S = 0.2, 1.0


def counted_by_counting(monkeypatch: pytest.MonkeyPatch, objects: dict[str, datetime]) -> Counter[str]:
    with monkeypatch.context() as patch:
        store = counting(patch, objects)
        assert sweep_expired(PICTURES) == len([at for at in objects.values() if at + WEEK <= clock.now()])
    assert len(store.objects) == len([at for at in objects.values() if at + WEEK > clock.now()])
    return store.calls


@pytest.mark.parametrize(("count", "fresh"), [(0, 0), (0, 3), (1, 1), (1000, 1), (10_000, 100)])
def test_the_store_that_only_counts_counts_as_moto_does(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, count: int, fresh: int
) -> None:
    objects = pictures(count, fresh=fresh)
    by_counting = counted_by_counting(monkeypatch, objects)
    on_moto(objects)
    assert counted_on_moto(world, lambda: sweep_expired(PICTURES)) == by_counting
    assert by_counting["DeleteObjects"] == -(-count // PAGE)
    assert 1 <= by_counting["ListObjectsV2"] <= count // PAGE + 1
    assert len(list(s3.below("alarms/"))) == fresh


@pytest.mark.parametrize("count", [20_000, *([100_000] if EVERY_SIZE else [])])
def test_a_sweep_takes_two_requests_for_a_thousand_objects_however_many_there_are(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    calls = counted_by_counting(monkeypatch, pictures(count, fresh=10))
    assert calls == {"ListObjectsV2": count // PAGE + 1, "DeleteObjects": count // PAGE}


def test_ten_million_pictures_a_day_are_swept_by_the_hour_within_the_time_that_a_sweep_has() -> None:
    """By the counts above: a page is a listing and a deletion. A third of the time is left to catch up."""
    pages_an_hour = -(-A_DAY // 24 // PAGE)
    assert pages_an_hour == 417
    takes_s = pages_an_hour * (LIST_S + DELETE_S)
    assert takes_s <= 0.7 * BUDGET_S
    # One that was missed for a day is made up for in three.
    assert 3 * 24 * (BUDGET_S - takes_s) >= 24 * takes_s
    assert sweep.BUDGET_S < 900
