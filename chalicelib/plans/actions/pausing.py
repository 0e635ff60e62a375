"""Pauses of plans: time stands still, and nothing is recorded (B12)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.plans.actions import ledgers
from chalicelib.plans.rules import changes, ledger
from chalicelib.plans.shapes import DevicePlan
from chalicelib.store.commit import commit_and_answer
from chalicelib.store.retrying import retrying_from


def set_pause(caller: Caller, device: DeviceAccess, *, on: bool) -> DevicePlan:
    """Pause the plan for as long as a year has days left for it, or end that sooner; the plan as it is then. Raises
    NoPlanRuns, PlanSuspended, PauseSpent."""

    def attempt(mine: DeviceAccess) -> DevicePlan:
        now, device_id = clock.now_s(), mine.device.pk_id
        before, alive = ledgers.ledger_of(mine.ownership), access.require_alive(device_id, otherwise=NotFound)
        if mine.ownership is None:
            raise NotFound
        if (ledger.pause_at(before, now) is not None) == on:
            return commit_and_answer(*alive, answer=ledgers.described(mine.ownership))
        after = changes.paused(before, now) if on else changes.resumed(before, now)
        writes = ledgers.changed(mine.ownership, after, now)
        act = access.record_act(caller, mine, "plan_paused" if on else "plan_resumed")
        return commit_and_answer(*writes, *alive, act, answer=ledgers.described(mine.ownership))

    return retrying_from(device, attempt, lambda mine: access.read_again(caller.account_id, mine, "owner"))
