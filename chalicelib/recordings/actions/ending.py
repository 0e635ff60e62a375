"""The clock of recordings: what has passed is deleted, and what a plan's end leaves behind."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.plans.actions import ledgers as plans
from chalicelib.plans.records import PlanEnd
from chalicelib.recordings.actions import days, tidying
from chalicelib.recordings.actions.readable import recorded_device
from chalicelib.recordings.records import VIDEO
from chalicelib.register.sweep import overdue_s, sweep_expired
from chalicelib.store.records import read_all

# Of the 300 seconds that the job may take.
BUDGET_S = 240


def sweep_expired_recordings() -> int:
    """Delete the objects whose days are over; how many. Nobody could read them any more."""
    return sweep_expired(*VIDEO.values())


def figures() -> dict[str, object]:
    """For how many seconds the oldest of them should have been gone; 0 if none."""
    return {"left_seconds": overdue_s(*VIDEO.values())}


def end_plans() -> dict[str, int]:
    """Delete what is left of the recordings of every device whose grace has passed; how many devices, and objects.

    Looked for are those of today and yesterday; four times a day, also what was left of the weeks before.
    """
    until_ticks, counts = clock.ticks_s() + BUDGET_S, {"devices": 0, "deleted": 0}
    faults: list[Exception] = []
    for row in plans.due_ends(clock.now_s(), looked_back_days=_looked_back_days()):
        if clock.ticks_s() >= until_ticks:
            break
        try:
            counts["deleted"] += _end_plan(row)
        except Exception as fault:  # raised again below: it is in the way of no other device
            faults.append(fault)
        counts["devices"] += 1
    if faults:
        raise faults[0]  # so that the alarm rings
    return counts


def _looked_back_days() -> int:
    """Each day looked at is a query, and older than yesterday is only what no run could deal with for a day."""
    return plans.MOST_LOOKED_BACK_DAYS if clock.now().hour % 6 == 0 else 1


def _end_plan(row: PlanEnd) -> int:
    device_id = row.device_id
    of = recorded_device(read_all(access.keys_of(device_id)), device_id)
    count = 0
    if of is not None:  # else its erasure takes them
        count = sum(tidying.tidy_row(of, one) for one in days.all_rows(device_id) if one.prefixes is not None)
    plans.done_with(row)
    return count
