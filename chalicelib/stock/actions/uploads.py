"""Uploads of a camera: for whom it may upload now, what of them was refused, and that it was there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import NobodyOwns, PrivacyModeOn
from chalicelib.access.records import Device
from chalicelib.entry.callers import Camera
from chalicelib.errors import ProcessingRestricted
from chalicelib.register import rows
from chalicelib.stock import rules
from chalicelib.stock.records import Reason, RefusedUploads
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, merge
from chalicelib.store.retrying import NothingToDo

_REFUSALS_KEPT = rows.ALARM_MESSAGES.kept_for.period


def uploads_for(camera: Camera) -> Device:
    """The ownership for which a camera may upload now; that it asks is proof that it is there. Raises NobodyOwns,
    PrivacyModeOn."""
    device = access.read_alive(camera.device_id)
    if device is None:
        raise NobodyOwns
    require_may_upload(camera, device)
    return device


def live_uploads_for(camera: Camera) -> Device:
    """The same of live video, which is shown and not kept. Raises ProcessingRestricted, too."""
    device, is_shown = access.read_shown(camera.device_id)
    if device is None:
        raise NobodyOwns
    if not is_shown:
        raise ProcessingRestricted
    require_may_upload(camera, device)
    return device


def require_may_upload(camera: Camera, device: Device) -> None:
    """The same of an ownership that was read already. Raises PrivacyModeOn."""
    _note_asking(camera, device)
    if access.is_private(device):
        raise PrivacyModeOn


def refused_upload(device_id: str, reason: str, arrived: datetime, count: int = 1) -> Write:
    """A write that counts an upload that was not taken, by one of `Reason`, so that the owner can see it."""
    counted, last_at = getattr(RefusedUploads, reason), getattr(RefusedUploads, f"{reason}_at")
    ends = clock.epoch_s(arrived + _REFUSALS_KEPT)
    actions = (counted.add(count), last_at.set(clock.epoch_s(arrived)), RefusedUploads.expires_at.set(ends))
    return merge(RefusedUploads.new(device_id), *actions)


class Refused(NamedTuple):
    """An upload that was not taken, as the log tells of it: its name is a stranger's, so only a hash of it is said."""

    upload: str
    device_id: str | None
    reason: str

    @classmethod
    def of(cls, object_key: str, device_id: str | None, reason: str) -> Refused:
        return cls(crypto.plain_hash(object_key)[:16], device_id, reason)

    @property
    def is_fault(self) -> bool:
        """Whether somebody ought to see it; what comes late for what its owner ended is none."""
        return self.reason in get_args(Reason)


def log_of(refused: Sequence[Refused]) -> dict[str, object]:
    """The fields of a log line that say what was not taken, and count the faults among it; none where all was."""
    faults = sum(one.is_fault for one in refused)
    logged: dict[str, object] = {"refused": [one._asdict() for one in refused]} if refused else {}
    return logged | ({"refused_uploads": faults} if faults else {})


# That a camera was there: its connections say so of themselves, and what it asks for and uploads without one is noted


def _note_asking(camera: Camera, device: Device) -> None:
    now = clock.now_s()
    if rules.is_online(camera.stock.connected_at, now):
        if not device.seen_by_channel:
            _note(device, seen_by_channel=1)
    elif device.seen_by_channel or rules.is_seen_anew(device.last_seen, now):
        _note(device, when=_seen_before(now), last_seen=now, seen_by_channel=None)


def note_upload(device: Device, arrived: datetime, *, every: timedelta = rules.SEEN_EVERY) -> None:
    """Something of the camera's arrived then."""
    at = clock.epoch_s(arrived)
    if not device.seen_by_channel and rules.is_seen_anew(device.last_seen, at, every):
        _note(device, when=_seen_before(at), last_seen=at)


def _seen_before(at: int) -> Any:
    # What was read of the device is as old as the batch in which an upload was reported.
    return Device.last_seen.does_not_exist() | (Device.last_seen < at)


def _note(device: Device, *, when: Any = None, **news: Any) -> None:
    with suppress(NothingToDo):  # it was there later already, or nobody is left to see when it was
        commit(change(device, when=when, otherwise=NothingToDo, **news))
