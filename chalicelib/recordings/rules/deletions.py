"""Marks of deleted recordings: what one covers is not shown, and is deleted whenever it comes."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from operator import attrgetter

from chalicelib.instants import base36, ms_of
from chalicelib.recordings.rules.segments import Segment
from chalicelib.recordings.rules.spans import Spans

EVERY_CHANNEL = "*"
# Beyond so many a single recording is not deleted any more, but a span of them.
MOST_FOR_ONE = 100
# An item has 400 KB at most, and what takes the place of other marks is written into the ledger, too. That is room for
# some 20,000 spans that do not touch, by a program: by hand nobody deletes as many in the sixty days that they stand.
MOST_BYTES = 340_000
# The longest that anything is kept, from its filming to its arrival and from there to its end.
LONGEST_KEPT = 2 * timedelta(days=30)


@dataclass(frozen=True, order=True)
class Mark:
    """A deletion of what a channel (or each) filmed from one millisecond since 1970 to another; `at_s` is when."""

    channel: str
    from_ms: int
    to_ms: int
    at_s: int


def texts_of(marks: Iterable[Mark]) -> set[str]:
    """Marks as they are stored, a text for each channel; those of a channel do not touch.

    `1 t76s80 miu3s8w0.goxk.0 2s.1jk.5`: a channel, the second in which the first of its marks was made, and of each
    mark, in order of time, how much later than the one before it begins, how long it is, and how much later than that
    second it was made; in base 36.
    """
    return {_packed(channel, list(own)) for channel, own in groupby(sorted(marks), key=attrgetter("channel"))}


def _packed(channel: str, marks: list[Mark]) -> str:
    first_s, end_ms = min(mark.at_s for mark in marks), 0
    parts = [channel, base36(first_s)]
    for mark in marks:
        numbers = mark.from_ms - end_ms, mark.to_ms - mark.from_ms, mark.at_s - first_s
        parts.append(".".join(map(base36, numbers)))
        end_ms = mark.to_ms
    return " ".join(parts)


def marks_of(texts: Iterable[str] | None) -> list[Mark]:
    return sorted(mark for text in texts or () for mark in _unpacked(text))


def _unpacked(text: str) -> Iterator[Mark]:
    channel, first_s, *parts = text.split(" ")
    end_ms = 0
    for part in parts:
        gap_ms, length_ms, later_s = (int(number, 36) for number in part.split("."))
        begin_ms = end_ms + gap_ms
        end_ms = begin_ms + length_ms
        yield Mark(channel, begin_ms, end_ms, int(first_s, 36) + later_s)


class Deleted:
    """The spans that marks cover, to be asked about many segments."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        by_channel: dict[str, list[tuple[int, int]]] = {}
        for mark in marks:
            by_channel.setdefault(mark.channel, []).append((mark.from_ms, mark.to_ms))
        self._spans = {channel: Spans(spans) for channel, spans in by_channel.items()}

    def has(self, segment: Segment) -> bool:
        """Whether any of it was filmed then: of an object nothing can be taken away but the whole."""
        marked = [spans for spans in map(self._spans.get, (segment.channel, EVERY_CHANNEL)) if spans is not None]
        if not marked:
            return False
        filmed = ms_of(segment.start), ms_of(segment.end)
        return any(spans.touch(*filmed) for spans in marked)


# To unpack as many as there can be takes a tenth of a second.
@lru_cache(maxsize=1)
def deleted_by(texts: frozenset[str]) -> Deleted:
    """Those of one device, whose every object may be asked about."""
    return Deleted(marks_of(texts))


def with_mark(marks: Iterable[Mark], new: Mark) -> list[Mark]:
    """The marks with one more, those of a channel that touch being one, without those that can cover nothing more."""
    oldest_ms = new.at_s * 1000 - LONGEST_KEPT // timedelta(milliseconds=1)
    merged: list[Mark] = []
    for mark in sorted([*(one for one in marks if one.to_ms > oldest_ms), new]):
        last = merged[-1] if merged else None
        if last is not None and last.channel == mark.channel and mark.from_ms <= last.to_ms:
            merged[-1] = replace(last, to_ms=max(last.to_ms, mark.to_ms), at_s=max(last.at_s, mark.at_s))
        else:
            merged.append(mark)
    wide = [mark for mark in merged if mark.channel == EVERY_CHANNEL]
    return [*wide, *(one for one in merged if one.channel != EVERY_CHANNEL and not _is_held(one, wide))]


def _is_held(one: Mark, wide: list[Mark]) -> bool:
    """By one of these, which are in order of time and do not touch."""
    count = bisect_right(wide, one.from_ms, key=attrgetter("from_ms"))
    return count > 0 and one.to_ms <= wide[count - 1].to_ms
