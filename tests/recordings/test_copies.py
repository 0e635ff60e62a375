"""What of a day's objects a copy of one's data has."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.aws.s3 import Stored
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import deletions
from chalicelib.recordings.rules.deletions import Mark, texts_of

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)
FOLDER = "recordings/7/20260105/d/1-1200aaaaaaaaaa/1/"


def shown(name: str, **device: Any) -> bool:
    arrived = NOON + timedelta(minutes=1)
    stored = Stored(f"{FOLDER}{name}", 1000, arrived, "etag")
    return RecordingDay.new("d", "1.20260105").shows(stored, Device.new("d", **device))


@pytest.fixture(autouse=True)
def _on_that_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(hours=1))


SEGMENT = "20260105T120000.000Z-60000.m4s"


def test_a_segment_of_the_day_and_what_it_takes_to_play_it() -> None:
    assert shown(SEGMENT) and shown("init-a.mp4")
    assert not shown("20260104T235959.000Z-60000.m4s") and not shown("notes.txt")


@pytest.mark.parametrize(
    ("since", "until", "is_shown"), [(30, 90, False), (-90, -1, True), (-90, 1, False), (61, 90, True)]
)
def test_nothing_that_was_filmed_in_privacy_mode(since: int, until: int, is_shown: bool) -> None:
    span = f"{NOON_MS + since * 1000} {NOON_MS + until * 1000}"
    assert shown(SEGMENT, private_spans={span}) is is_shown


def test_the_deletions_of_a_device_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []
    marks_of = deletions.marks_of
    monkeypatch.setattr(deletions, "marks_of", lambda texts: read.append(texts) or marks_of(texts))
    first, second = ({"deleted_spans": texts_of([Mark("1", at, at + 1, 0)])} for at in (NOON_MS + 120_000, NOON_MS))
    assert shown(SEGMENT, **first) and shown(SEGMENT, **first) and not shown(SEGMENT, **second)
    assert len(read) == 2


def test_nothing_that_was_deleted_or_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not shown(SEGMENT, deleted_spans=texts_of([Mark("1", NOON_MS, NOON_MS + 1, 0)]))
    assert shown(SEGMENT, deleted_spans=texts_of([Mark("2", NOON_MS, NOON_MS + 1, 0)]))
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=7, minutes=1))
    assert not shown(SEGMENT)
