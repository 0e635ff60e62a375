"""Spans of time that are asked about many times: whether any of them has something of another one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate


class Spans:
    """Spans from one number to another, which may overlap each other."""

    def __init__(self, spans: Iterable[tuple[float, float]]) -> None:
        ordered = sorted(spans)
        self._begins = [begin for begin, _ in ordered]
        self._latest_ends = list(accumulate((end for _, end in ordered), max))

    def __bool__(self) -> bool:
        return bool(self._begins)

    def touch(self, begin: float, end: float, *, with_end: bool = False) -> bool:
        """Whether one of them has something of the time from `begin` up to `end`, or with it."""
        count = (bisect_right if with_end else bisect_left)(self._begins, end)
        return count > 0 and begin < self._latest_ends[count - 1]
