"""Rules of privacy mode."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

# As long as the longest plan keeps what was filmed, and a day.
SPANS_KEPT = timedelta(days=31)
MOST_SPANS = 200

# An interval in which privacy mode was on, in milliseconds since 1970.
Span = tuple[int, int]


def read_span(text: str) -> Span:
    since, until = text.split(" ")
    return int(since), int(until)


def written_span(span: Span) -> str:
    return f"{span[0]} {span[1]}"


def with_span(spans: Iterable[Span], new: Span, now_ms: int) -> list[Span]:
    """The ended intervals and one more, in order, merged where they touch; what is over for longer than it is kept is
    not among them. Of too many the two with the least time between them become one, as if it had been on in between."""
    since, until = new
    # The clocks of two containers are not one.
    every = sorted([*spans, (since, max(since, until))])
    merged: list[Span] = []
    for one in every:
        if merged and one[0] <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], one[1]))
        else:
            merged.append(one)
    oldest = now_ms - int(SPANS_KEPT.total_seconds() * 1000)
    return _at_most([one for one in merged if one[1] > oldest])


def _at_most(spans: list[Span]) -> list[Span]:
    while len(spans) > MOST_SPANS:
        gaps = [(after[0] - before[1], index) for index, (before, after) in enumerate(pairwise(spans))]
        _, index = min(gaps)
        spans[index : index + 2] = [(spans[index][0], spans[index + 1][1])]
    return spans


def was_private_between(begin: float, end: float, intervals: Iterable[tuple[float, float | None]]) -> bool:
    """Whether privacy mode was on at any moment from the one to the other, by when it was switched on and off; that is
    None while it is on."""
    return any(since <= end and (until is None or begin < until) for since, until in intervals)
