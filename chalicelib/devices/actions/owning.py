"""What an owner does with a device: call it something else, and take it away (B7, B10)."""

from __future__ import annotations

from typing import Any

from chalicelib.accounts.actions import standing as accounts
from chalicelib.aws.commit import change, done
from chalicelib.devices import rules, shapes
from chalicelib.devices.actions import standing
from chalicelib.devices.actions.standing import Owned
from chalicelib.errors import NotFound
from chalicelib.register import erasures
from chalicelib.sessions.actions import Caller
from chalicelib.settings import settings


def change_device(caller: Caller, **changes: Any) -> Owned:
    """Name, time zone or daylight saving (B7)."""
    (mine,) = standing.present([standing.owned(caller)])
    if "time_zone" in changes:
        rules.require_time_zone(changes["time_zone"])
    return done(change(mine.device, otherwise=NotFound, **changes), answer=mine)


def remove_device(caller: Caller) -> shapes.Removed:
    """End the ownership: one commit, after which nobody reads anything of it; the erasure follows (B10)."""
    mine = standing.owned(caller)
    erasure_id, begun = erasures.begin(standing.subject_of(mine.device))
    answer = shapes.Removed(erasure_id=erasure_id, receipt_url=f"{settings.public_url}/erasures/{erasure_id}")
    losing = accounts.loses_device(caller.account, mine.device.partition_id)
    return done(*standing.cut(mine.device), losing, *begun, answer=answer)
