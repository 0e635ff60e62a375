"""What uploaded video may be called, and what its name says."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from chalicelib.recordings.rules import names
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.segments import filmed_at

AT = datetime(2026, 11, 29, 10, 15, 0, 250_000, tzinfo=UTC)


def test_a_segment_says_when_it_began_how_long_it_is_and_what_its_fragments_measure() -> None:
    said = names.read_segment("20261129T101500.250Z-60000-5k2.4zz.zzzzzz.m4s")
    assert said == names.SegmentName(AT, 60_000, (int("5k2", 36), int("4zz", 36), int("zzzzzz", 36)), False)
    assert names.read_segment("20261129T101500.250Z-1000.ts") == names.SegmentName(AT, 1000, (), True)


@pytest.mark.parametrize(
    "name",
    [
        "20261129T101500.250Z-999.m4s", "20261129T101500.250Z-60001.m4s", "20261129T101500Z-1000.m4s",
        "20261329T101500.250Z-1000.m4s", "20261129T101500.250Z-1000.mp4", "20261129T101500.250Z-1000-.m4s",
        "20261129T101500.250Z-1000-1..2.m4s", "20261129T101500.250Z-1000-zzzzzzz.m4s", "00010101T000000.000Z-1000.m4s",
        "99991231T235959.999Z-1000.m4s", "20261129T101500.250Z-1000.m4s\n", "../20261129T101500.250Z-1000.m4s",
        "20261129T101500.250Z-1000-" + ".".join(["1"] * 121) + ".m4s", "init-a.mp4", "",
        "²0261129T101500.250Z-1000.m4s",
    ],
)  # fmt: skip
def test_what_is_called_otherwise_is_refused(name: str) -> None:
    with pytest.raises(NameUnknown):
        names.read_segment(name)


@given(some.text(max_size=80))
def test_no_name_is_an_accident(name: str) -> None:
    with suppress(NameUnknown):
        names.read_segment(name)
    names.is_init(name)


def test_an_init_has_a_name_of_its_own() -> None:
    assert names.is_init("init-x7f_-A.mp4")
    assert not any(map(names.is_init, ("init-.mp4", "init-a.m4s", "init-" + "a" * 65 + ".mp4", "init-a/b.mp4")))


def test_a_tickets_folder_says_its_channel_and_its_minute() -> None:
    folder = names.ticket_folder("a-1", AT, "abcdefghijklmnopqrstuvwxyz")
    assert folder == "a-1-1015abcdefghij"
    assert names.read_ticket(folder) == names.Ticket("a-1", "1015")
    for other in ("1-1015abcdefghi", "1-101abcdefghij", "-1015abcdefghij", "1/1015abcdefghij", "1-1015ABCDEFGHIJ"):
        with pytest.raises(NameUnknown):
            names.read_ticket(other)


@pytest.mark.parametrize(
    ("ahead", "is_believed"),
    [
        (timedelta(minutes=1), True), (timedelta(minutes=1, milliseconds=1), False), (timedelta(days=-7), True),
        (timedelta(days=-7, milliseconds=-1), False), (timedelta(days=365), False), (timedelta(0), True),
    ],
)  # fmt: skip
def test_a_stamp_is_believed_within_what_is_kept(ahead: timedelta, is_believed: bool) -> None:
    assert filmed_at(AT + ahead, AT, 7) == (AT + ahead if is_believed else AT)
