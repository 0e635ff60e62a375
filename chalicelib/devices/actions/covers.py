"""The cover picture of a device: given by its owner, redrawn as avatars are, and gone with the ownership (B7)."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from chalicelib.access.records import Device
from chalicelib.activity import actions as activity
from chalicelib.avatars.actions.galleries import Gallery, Held
from chalicelib.aws.s3 import Ticket
from chalicelib.devices.records import COVER_UPLOADS, COVERS, CoverRemoval
from chalicelib.entry.callers import Caller
from chalicelib.instants import ms_of
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.commit import Write, change, is_set
from chalicelib.store.records import read
from chalicelib.store.retrying import StaleRead


def ticket_for(device: Device, content_type: str) -> Ticket:
    """Let the owner upload one picture of at most 5 MB within ten minutes."""
    return GALLERY.ticket_for(device.pk_id, content_type)


def delete_cover(caller: Caller, device: Device) -> None:
    """There is no cover any more, nor will one be made of what was uploaded before."""
    again = partial(_held_of, device.pk_id, device.cipher)
    GALLERY.delete(device.pk_id, _held(device), caller.terminal, again)


def _held_of(device_id: str, cipher: SubjectCipher | None = None) -> Held | None:
    """The picture held; a function that looks at strangers' bytes has no cipher, and must not have one."""
    (device,) = read(Device.key(device_id))
    if device is None:
        return None
    return _held(device if cipher is None else device.decrypted_with(cipher))


def _held(device: Device) -> Held:
    as_of_ms = int(device.cover_as_of_ms or 0)
    as_read = is_set(Device.cover_as_of_ms, as_of_ms)

    def replacing(picture: str | None, at: datetime, who: str | None) -> tuple[Write, ...]:
        # It is the owner's alone; who looked at an upload does not know from which terminal it came.
        activity_row = activity.record(device, "cover_deleted" if picture is None else "cover_changed", who=who)
        return change(device, when=as_read, otherwise=StaleRead, cover=picture, cover_as_of_ms=ms_of(at)), activity_row

    return Held(device.cover, as_of_ms, replacing)


GALLERY = Gallery(COVER_UPLOADS, COVERS, CoverRemoval, _held_of)
