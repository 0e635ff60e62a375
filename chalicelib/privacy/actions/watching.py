"""Reading the audit log of one's account and devices (AUDIT)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.activity import actions as activity
from chalicelib.activity.records import Activity
from chalicelib.entry.callers import Caller
from chalicelib.privacy import shapes


def activity_of(caller: Caller, limit: int, cursor: str | None) -> shapes.Activities:
    """A page of what happened to the account and to the devices that are the caller's own, newest first."""
    own = [one.device for one in access.devices_of(caller) if one.is_own]
    page = activity.newest([caller.account, *own], limit, cursor)
    return shapes.Activities(items=[_described(one) for one in page.items], cursor=page.cursor)


def _described(one: Activity) -> shapes.Activity:
    is_of_device = one.pk_prefix == Device.pk_prefix
    return shapes.Activity(
        at=clock.at_epoch(one.at),
        act=one.act,
        by=one.by,
        who=one.who,
        about=one.about,
        device_id=one.pk_id if is_of_device else None,
    )
