"""Which boxes of a segment a demuxer finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib import mp4
from chalicelib.clips.rules.boxes import Sieve, TooMuchClaimed

COUNT = 14_400


def box(kind: bytes, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return (8 + len(content)).to_bytes(4) + kind + content


def numbers(*values: int) -> bytes:
    return b"".join(value.to_bytes(4) for value in values)


def visual(kind: bytes = b"avc1", depth: int = 24) -> bytes:
    return box(kind, bytes(74), depth.to_bytes(2), bytes(2), box(b"avcC", b"record"), box(b"pasp", numbers(1, 1)))


def sound(version: int = 0) -> bytes:
    """In QuickTime's own form, if it is of version 1."""
    esds = box(b"esds", b"descriptor")
    others = bytes(16) + box(b"wave", esds) if version else esds
    return box(b"mp4a", bytes(8), version.to_bytes(2), bytes(18), others)


def track(
    handler: bytes = b"vide", entries: bytes = visual(), tables: bytes = b"", handlers: int = 1, count: int = 1
) -> bytes:
    handled = box(b"hdlr", bytes(8), handler, bytes(13)) * handlers
    table = box(b"stbl", box(b"stsd", numbers(0, count), entries), tables)
    return box(b"trak", box(b"tkhd", bytes(84)), box(b"mdia", box(b"mdhd", bytes(24)), handled, box(b"minf", table)))


def fragment(samples: int) -> bytes:
    return box(b"moof", box(b"mfhd", bytes(8)), box(b"traf", box(b"tfhd", bytes(8)), box(b"trun", numbers(0, samples))))


def sifted(*boxes: bytes) -> bytes:
    sieve, given = Sieve(), bytearray()
    for one in boxes:
        sieve.sift(data := bytearray(one))
        assert len(data) == len(one)
        given += data
    return bytes(given)


@pytest.mark.parametrize("whole", [
    box(b"moov", box(b"mvhd", bytes(100)), track(), track(b"soun", sound()), box(b"mvex", box(b"trex", bytes(24)))),
    box(b"moov", track(b"soun", sound(1))),
    box(b"moov", track(entries=visual(b"hvc1") + visual(b"hev1", depth=0), count=2)),
    box(b"moov", track(tables=box(b"stsz", bytes(12)) + box(b"stco", bytes(8)))),
    fragment(COUNT),
])  # fmt: skip
def test_what_is_known_stays_as_it_is(whole: bytes) -> None:
    assert sifted(whole) == whole


@pytest.mark.parametrize("unknown", [
    track(b"meta"), track(b"soun"), track(b"vide", sound()), track(handlers=2), track(handlers=0), track(count=2),
    track(entries=visual(b"zzzz")), track(entries=b"", count=0), track(entries=box(b"avc1", bytes(20))),
    track(entries=visual(depth=8)), track(entries=visual(depth=0x28)), track(b"soun", sound(2)), box(b"zzzz", track()),
    track().replace(box(b"stsd", numbers(0, 1), visual()), box(b"stsd", numbers(1 << 24, 1), visual())),
    box(b"trak", box(b"zzzz", b"content")), box(b"udta", b"content"),
])  # fmt: skip
def test_what_is_not_known_or_of_another_form_becomes_free_space(unknown: bytes) -> None:
    whole = box(b"moov", unknown, track())
    assert sifted(whole) == box(b"moov", box(b"free", bytes(len(unknown) - 8)), track())


def test_so_does_what_is_in_an_entry_or_is_cut_off() -> None:
    odd = visual()[8:] + box(b"zzzz", b"content")
    assert sifted(box(b"moov", track(entries=box(b"avc1", odd)))) == box(
        b"moov", track(entries=box(b"avc1", visual()[8:], box(b"free", bytes(7))))
    )
    for rest in (numbers(100) + b"trak" + bytes(9), numbers(3) + b"trak", numbers(0) + b"trak" + bytes(9), b"trak"):
        assert sifted(box(b"moov", track(), rest)) == box(b"moov", track(), bytes(len(rest)))


def test_a_run_that_ends_before_its_count_is_none() -> None:
    short = box(b"moof", box(b"traf", box(b"trun", numbers(0)), box(b"tfdt", b"\xff" * 8)))
    assert sifted(short) == short.replace(b"trun", b"free")


@pytest.mark.parametrize("wrong", [
    lambda: sifted(fragment(COUNT + 1)),
    lambda: sifted(fragment(COUNT), fragment(1)),
    lambda: sifted(*[box(b"moov", track(tables=box(b"stsz", numbers(0, 1, 1))))]),
    lambda: sifted(box(b"moov", track(tables=box(b"co64", numbers(0, 1))))),
    lambda: sifted(box(b"moov", track() * 5)),
    lambda: sifted(box(b"moof", box(b"free") * 8 * COUNT)),
])  # fmt: skip
def test_more_than_a_segment_can_have_is_refused(wrong: Callable[[], bytes]) -> None:
    with pytest.raises(TooMuchClaimed):
        wrong()


def test_a_fragment_for_each_sample_is_not_too_much() -> None:
    assert len(list(mp4.boxes(sifted(*[fragment(1)] * 1000)))) == 1000
    assert sifted(box(b"moov", track() * 4)) == box(b"moov", track() * 4)
