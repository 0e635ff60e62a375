"""The clock of recordings: what has passed is deleted, and what a plan's end leaves behind."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.plans import actions as plans
from chalicelib.plans.records import PlanEnd
from chalicelib.recordings.actions import days, tidying
from chalicelib.recordings.actions.standing import RecordedDevice
from chalicelib.recordings.records import VIDEO
from chalicelib.register.sweep import BUDGET_S, oldest_s, sweep_expired
from chalicelib.store.records import read_all


def sweep_expired_recordings() -> int:
    """Delete the objects whose days are over; how many. Nobody could read them any more."""
    return sum(map(sweep_expired, VIDEO.values()))


def oldest_recording_s() -> int:
    """For how many seconds the oldest object is there beyond the days of its class; 0 if none is."""
    over = (oldest_s(prefix) - int(prefix.keep.total_seconds()) for prefix in VIDEO.values())
    return max(0, *over)


def end_plans() -> dict[str, int]:
    """Delete what is left of the recordings of every device whose grace has passed; how many devices, and objects."""
    until_ticks, counts = clock.ticks_s() + BUDGET_S, {"devices": 0, "deleted": 0}
    for row in plans.due_ends(clock.now_s()):
        if clock.ticks_s() >= until_ticks:
            break
        counts["deleted"] += _end_plan(row)
        counts["devices"] += 1
    return counts


def _end_plan(row: PlanEnd) -> int:
    device_id = row.device_id
    found = read_all(access.keys_of(device_id))
    device = access.alive(found, device_id)
    count = 0
    if device is not None:  # else its erasure takes them
        of = RecordedDevice(device, found[plans.key_of(device_id)])
        count = sum(tidying.tidy_row(of, one) for one in days.all_rows(device_id) if one.prefixes is not None)
    plans.done_with(row)
    return count
