"""Marks of deleted recordings: what one covers is not shown, and is deleted whenever it comes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib.instants import ms_of
from chalicelib.recordings.rules.segments import Segment
from chalicelib.recordings.rules.spans import Spans

EVERY_CHANNEL = "*"
# Beyond so many a single recording is not deleted any more, but a span of them; beyond the other one nothing is.
MOST_FOR_ONE, MOST = 100, 1_000
# The longest that anything is kept, from its filming to its arrival and from there to its end.
LONGEST_KEPT = 2 * timedelta(days=30)


@dataclass(frozen=True, order=True)
class Mark:
    """A deletion of what a channel (or each) filmed from one millisecond since 1970 to another; `at_s` is when."""

    channel: str
    from_ms: int
    to_ms: int
    at_s: int

    @classmethod
    def of(cls, text: str) -> Mark:
        channel, from_ms, to_ms, at_s = text.split(" ")
        return cls(channel, int(from_ms), int(to_ms), int(at_s))

    @property
    def text(self) -> str:
        return f"{self.channel} {self.from_ms} {self.to_ms} {self.at_s}"


def marks_of(texts: Iterable[str] | None) -> list[Mark]:
    return sorted(Mark.of(text) for text in texts or ())


class Deleted:
    """The spans that marks cover, to be asked about many segments."""

    def __init__(self, marks: Iterable[Mark]) -> None:
        by_channel: dict[str, list[tuple[int, int]]] = {}
        for mark in marks:
            by_channel.setdefault(mark.channel, []).append((mark.from_ms, mark.to_ms))
        self._spans = {channel: Spans(spans) for channel, spans in by_channel.items()}

    def has(self, segment: Segment) -> bool:
        """Whether any of it was filmed then: of an object nothing can be taken away but the whole."""
        filmed = ms_of(segment.start), ms_of(segment.end)
        marked = filter(None, map(self._spans.get, (segment.channel, EVERY_CHANNEL)))
        return any(spans.touch(*filmed) for spans in marked)


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
    return [one for one in merged if one in wide or not any(_holds(mark, one) for mark in wide)]


def _holds(wide: Mark, one: Mark) -> bool:
    return wide.from_ms <= one.from_ms and one.to_ms <= wide.to_ms
