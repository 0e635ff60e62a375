"""Upload limits: each camera's uploads of an hour are counted, and refused above a bound."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access.records import Device
from chalicelib.alarms import rules
from chalicelib.alarms.actions.arrivals import Arrival
from chalicelib.alarms.records import PICTURES
from chalicelib.push.actions import notifying as push
from chalicelib.push.actions.recipients import Recipients
from chalicelib.register import upload_hours
from chalicelib.stock.actions import uploads
from chalicelib.stock.records import DeviceUploadHour
from chalicelib.store.commit import Write, change, commit
from chalicelib.store.keys import RawItem


def count_upload(arrival: Arrival, of: Recipients) -> None:
    """Note what the camera uploaded on the tickets of an hour, and whether it came to the bound.

    It costs no write for each: one in eight is counted, as eight; only where that comes to a tenth of the bound, each.
    So the bound may be overrun, or fallen short of, by less than a tenth.
    """
    _count(of, PICTURES.stamp_of(arrival.object_key), arrival)


class _Reached(Exception):
    """The count of the hour has come to a bound."""


class _NotCounted(Exception):
    """The device is nobody's any more, or nobody had a ticket; or somebody else has just said the same."""


def _count(of: Recipients, stamp: str, arrival: Arrival) -> None:
    device = of.device
    is_exact = stamp <= (device.uploads_counted_in or "")
    if not (is_exact or arrival.is_counted):
        return
    weight, share = (1, 1) if is_exact else (rules.COUNTED_ONE_IN, rules.COUNTED_EXACTLY_FROM)
    try:
        if is_over(device, stamp):
            commit(uploads.refused_upload(device.pk_id, "too_many", arrival.arrived, weight))
        else:
            commit(_added(device, stamp, weight, weight * arrival.size_bytes, share))
    except _NotCounted:
        return
    except _Reached:
        if is_exact:
            _close_hour(of, stamp, arrival)
        elif _count_exactly(device, stamp):
            _count(of, stamp, arrival)


def is_over(device: Device, stamp: str) -> bool:
    return device.uploads_over_in is not None and stamp <= device.uploads_over_in


def _added(device: Device, stamp: str, count: int, size_bytes: int, share: int) -> Write:
    """Add to what the hour has, if that is below this share of the bound."""
    hour = DeviceUploadHour
    is_below = hour.uploads.does_not_exist() | (
        (hour.uploads < rules.MOST_AN_HOUR // share) & (hour.uploads_bytes < rules.MOST_BYTES_AN_HOUR // share)
    )
    return change(
        upload_hours.row_of(PICTURES, device.pk_id, stamp),
        hour.uploads.add(count),
        hour.uploads_bytes.add(size_bytes),
        when=is_below,
        otherwise=_otherwise,
    )


def _count_exactly(device: Device, stamp: str) -> bool:
    """From now on; False if there is no such device any more."""
    earlier = Device.uploads_counted_in.does_not_exist() | (Device.uploads_counted_in < stamp)
    try:
        commit(change(device, uploads_counted_in=stamp, when=earlier, otherwise=_otherwise))
    except _NotCounted:
        return False
    except _Reached:
        pass  # another batch has said so
    return True


def _otherwise(there: RawItem | None) -> Exception:
    return _NotCounted() if there is None else _Reached()


def _close_hour(of: Recipients, stamp: str, arrival: Arrival) -> None:
    """Take no more uploads of this hour and give no more tickets in it; its owner is notified once."""
    device = of.device
    until = max(stamp, PICTURES.stamp(clock.now()))
    earlier = Device.uploads_over_in.does_not_exist() | (Device.uploads_over_in < until)
    refused = uploads.refused_upload(device.pk_id, "too_many", arrival.arrived)
    try:
        commit(change(device, uploads_over_in=until, when=earlier, otherwise=_otherwise), refused)
    except _NotCounted:
        return
    except _Reached:  # another picture's said it first; this one was refused all the same
        commit(refused)
        return
    push.notify_of_too_many_uploads(of.of_owner, device.pk_id)
