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
from chalicelib.stock.records import DeviceUploadHour
from chalicelib.store.commit import Write, change, commit
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read


def require_below(arrival: Arrival, of: Recipients, *, is_first_try: bool) -> None:
    """Count an upload. Raises NotTaken, where the hour of its ticket has come to the bound.

    What is tried again (`is_first_try` is False) counts no more for that.
    """
    if is_over(of.device, PICTURES.stamp_of(arrival.object_key)):
        raise rules.NotTaken(_TOO_MANY, count=_weight(arrival, of.device) if is_first_try else 0)
    if is_first_try:
        count_upload(arrival, of)


def count_upload(arrival: Arrival, of: Recipients) -> None:
    """Note what the camera uploaded on the tickets of an hour. Raises NotTaken, where that exceeds the bound.

    It costs no write for each: one in eight is counted, as eight; only where that comes to a tenth of the bound, each.
    So the bound may be overrun, or fallen short of, by less than a tenth.
    """
    weight, stamp = _weight(arrival, of.device), PICTURES.stamp_of(arrival.object_key)
    if not weight:
        return
    is_exact = _is_exact(of.device, stamp)
    share = 1 if is_exact else rules.COUNTED_EXACTLY_FROM
    try:
        commit(_added(of.device, stamp, weight, weight * arrival.size_bytes, share))
    except _NotCounted:
        return
    except _Reached:
        if is_exact:
            _close_hour(of, stamp)
            raise rules.NotTaken(_TOO_MANY) from None
        if _count_exactly(of.device, stamp):
            count_upload(arrival, of)


def _weight(arrival: Arrival, device: Device) -> int:
    """As how many it is counted; 0 for not at all."""
    if _is_exact(device, PICTURES.stamp_of(arrival.object_key)):
        return 1
    return rules.COUNTED_ONE_IN if arrival.is_counted else 0


def _is_exact(device: Device, stamp: str) -> bool:
    return stamp <= (device.uploads_counted_in or "")


_TOO_MANY = "too_many"


class _Reached(Exception):
    """The count of the hour has come to a bound."""


class _NotCounted(Exception):
    """The device is nobody's any more, or nobody had a ticket; or somebody else has just said the same."""


def is_over(device: Device, stamp: str) -> bool:
    """Whether nothing more is taken on tickets of this hour. The device remembers the last hour that was closed; of an
    earlier one, of which news are late, its own row is read."""
    over_in = device.uploads_over_in
    if over_in is None or stamp > over_in:
        return False
    return stamp == over_in or _is_full(device.pk_id, stamp)


def _is_full(device_id: str, stamp: str) -> bool:
    (hour,) = read(upload_hours.row_of(PICTURES, device_id, stamp).own_key)
    if not isinstance(hour, DeviceUploadHour):
        return False
    uploads, size_bytes = int(hour.uploads or 0), int(hour.uploads_bytes or 0)
    return uploads >= rules.MOST_AN_HOUR or size_bytes >= rules.MOST_BYTES_AN_HOUR


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


def _close_hour(of: Recipients, stamp: str) -> None:
    """Take no more uploads of this hour and give no more tickets in it; its owner is notified once."""
    device = of.device
    until = max(stamp, PICTURES.stamp(clock.now()))
    earlier = Device.uploads_over_in.does_not_exist() | (Device.uploads_over_in < until)
    try:
        commit(change(device, uploads_over_in=until, when=earlier, otherwise=_otherwise))
    except (_NotCounted, _Reached):
        return  # another picture's said it first
    push.notify_of_too_many_uploads(of.of_owner, device.pk_id)
