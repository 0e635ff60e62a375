"""Storage that a device's recordings take: bytes, and from when till when (B12)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from chalicelib import clock
from chalicelib.instants import at_ms, ms_of
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings import shapes
from chalicelib.recordings.actions import days
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.recordings.records import RecordingDay
from chalicelib.recordings.rules import quarters


@dataclass(frozen=True)
class _Left:
    """The quarters of a day that are not over yet."""

    size_bytes: int
    first: datetime
    last: datetime


def described_plan(of: RecordedDevice) -> shapes.RecordedPlan:
    """The plan, with what it keeps now; one query of a row for each channel and day."""
    plan = plans.described(of.held)
    left = [one for row in days.all_rows(of.device_id) if (one := _left_of(row)) is not None]
    return shapes.RecordedPlan(
        **{name: getattr(plan, name) for name in plan.__struct_fields__},
        used_bytes=sum(one.size_bytes for one in left),
        oldest=min((one.first for one in left), default=None),
        newest=max((one.last for one in left), default=None),
    )


def recorded_ms(device_id: str, spans: Collection[tuple[int, int]]) -> int:
    """Milliseconds that all channels of a device filmed from the one to the other second of any span, of which none
    overlap, whatever became of it, by one query of a row for each channel and day, however many the spans are. Counted
    are the quarters of an hour that begin in them: rather too little than too much."""
    return sum(
        ms
        for row in days.all_rows(device_id)
        for nth, ms in enumerate(days.quarters_of(row).ms)
        if ms and _is_in_any(spans, clock.epoch_s(quarters.begin_of(row.day, nth)))
    )


def _is_in_any(spans: Collection[tuple[int, int]], at_s: int) -> bool:
    return any(begin <= at_s < end for begin, end in spans)


def _left_of(row: RecordingDay) -> _Left | None:
    now_ms = clock.now_s() * 1000
    if row.prefixes is None or row.until * 1000 <= now_ms:
        return None
    day, counted = row.day, days.quarters_of(row)
    # The last of a day goes at its end; what was filmed earlier goes as much earlier.
    over_ms = int(row.last_ms) - (int(row.until) * 1000 - now_ms)
    begins = {nth: quarters.begin_of(day, nth) for nth in counted.filled()}
    left = [nth for nth, at in begins.items() if ms_of(at + quarters.QUARTER) > over_ms]
    if not left:
        return None
    first_ms, last_ms = int(row.first_ms), int(row.last_ms)
    return _Left(
        sum(counted.size_bytes[nth] for nth in left),
        max(begins[left[0]], at_ms(first_ms)),
        at_ms(last_ms),
    )
