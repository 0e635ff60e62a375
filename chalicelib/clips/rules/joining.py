"""Cutting and joining: which samples of a segment go into a clip, and when they are shown there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

# Of all times here: what video has by custom, and every usual rate of frames divides.
TICKS_A_SECOND = 90_000
# What lies further than this from the end of what was before it is a gap, and is closed up.
_GAP = TICKS_A_SECOND
# Within a segment a camera says how long each frame is shown. What steps further has jumped.
_LONGEST_STEP = 10 * TICKS_A_SECOND
_USUAL_STEP = TICKS_A_SECOND // 25


@dataclass(frozen=True, slots=True)
class Stamps:
    """Times of a sample as a demuxer tells them, in ticks; None for what it does not know."""

    pts: int | None
    dts: int | None
    duration: int
    is_key: bool
    media: Any


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample; `dts` orders decoding, `pts` is when it is shown, and `media` what was demuxed."""

    pts: int
    dts: int
    duration: int
    is_key: bool
    media: Any

    @property
    def end(self) -> int:
        return self.pts + self.duration


Run = list[Sample]


def runs(stamps: Iterable[Stamps]) -> list[Run]:
    """The samples of a segment in the order of decoding, divided where times jump; what a demuxer did not know is
    mended, as are times that stand still."""
    found: list[Run] = []
    for one in stamps:
        last = found[-1][-1] if found else None
        sample = _mended(one, last)
        if last is None or not -_GAP < sample.dts - last.dts < _LONGEST_STEP:
            found.append([])
        elif sample.dts <= last.dts:
            sample = replace(sample, dts=last.dts + 1, pts=max(sample.pts, last.dts + 1))
        found[-1].append(sample)
    return [_with_durations(run) for run in found]


def _mended(one: Stamps, last: Sample | None) -> Sample:
    following = 0 if last is None else last.dts + (last.duration or _USUAL_STEP)
    dts = one.dts if one.dts is not None else one.pts if one.pts is not None and last is None else following
    # However frames are ordered, none waits for seconds to be shown.
    pts = dts if one.pts is None or not 0 <= one.pts - dts <= _LONGEST_STEP else one.pts
    return Sample(pts, dts, one.duration, one.is_key, one.media)


def _with_durations(run: Run) -> Run:
    step = max(1, (run[-1].dts - run[0].dts) // (len(run) - 1)) if len(run) > 1 else _USUAL_STEP
    return [one if 0 < one.duration <= _LONGEST_STEP else replace(one, duration=step) for one in run]


def begin_of(run: Sequence[Sample]) -> int:
    return min(one.pts for one in run)


def end_of(run: Sequence[Sample]) -> int:
    return max(one.end for one in run)


def from_key_frame(run: Run, at: int | None) -> Run:
    """The part of a run that can be shown alone: from the last key frame on that is shown at `at` or before, or else
    (and where `at` is None) from the first. Frames that are shown before that one need what was before it."""
    keys = [position for position, one in enumerate(run) if one.is_key]
    if not keys:
        return []
    first = max((position for position in keys if at is not None and run[position].pts <= at), default=keys[0])
    key = run[first]
    rest = run[first + 1 :]
    following = next((position for position, one in enumerate(rest) if one.is_key), len(rest))
    return [key, *(one for one in rest[:following] if one.pts > key.pts), *rest[following:]]


def up_to(run: Run, at: int) -> Run:
    """The part of a run that shows it until `at`: frames are decoded in another order than they are shown in, so it
    ends before the first that is shown after all before it, once these reach so far."""
    if not run or run[0].pts >= at:
        return []
    reached = run[0].end
    for position, one in enumerate(run[1:], start=1):
        # Times are rounded.
        if reached >= at and one.pts >= reached - 1:
            return run[:position]
        reached = max(reached, one.end)
    return run


class Timeline:
    """Times of joined runs in the clip, from 0 on: gaps are closed, and times that begin anew go on."""

    def __init__(self) -> None:
        self.end = 0
        self.offset = 0
        self._last_dts: int | None = None
        self._sound_end = 0
        # Sound that was demuxed before what is shown with it.
        self._early_sound: list[Sample] = []
        # Where, by its own times, the run ends that was added last.
        self._run_end: int | None = None

    def goes_on(self, run: Run) -> bool:
        """Whether it follows what was added last, by its own times, without a hole: its frames may need that."""
        return self._run_end is not None and abs(begin_of(run) - self._run_end) < 2 * run[0].duration

    def break_off(self) -> None:
        """Begin anew: the next run follows nothing."""
        self._run_end = None

    def add(self, run: Run) -> Iterator[Sample]:
        """The samples as the clip has them."""
        begin = begin_of(run)
        if self._run_end is None or not -run[0].duration * 2 < begin - self._run_end <= _GAP:
            self.offset = self.end - begin
            self._early_sound = []
            self._sound_end = max(self._sound_end, self.end)
        self._run_end = end_of(run)
        self.end = self._run_end + self.offset
        return self._in_order(run)

    def _in_order(self, run: Run) -> Iterator[Sample]:
        for one in run:
            dts = one.dts + self.offset
            if self._last_dts is not None:
                dts = max(dts, self._last_dts + 1)
            self._last_dts = dts
            yield replace(one, dts=dts, pts=max(one.pts + self.offset, dts))

    def add_sound(self, samples: Iterable[Sample]) -> Iterator[Sample]:
        """Of the sound of what was added last, as the clip has it, what sounds while something is shown."""
        waiting, self._early_sound = [*self._early_sound, *samples], []
        for one in waiting:
            at = one.pts + self.offset
            if self.end <= at < self.end + _GAP:
                self._early_sound.append(one)
            # Times of sound and of video are rounded differently.
            elif self._sound_end - 2 <= at < self.end:
                duration = min(one.duration, _GAP)
                self._sound_end = at + duration
                yield replace(one, pts=at, dts=at, duration=duration)
