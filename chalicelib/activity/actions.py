"""The audit log: recording an act in the commit of the act itself, and reading it again (AUDIT)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct

from chalicelib import clock, ids
from chalicelib.activity.records import Activity, DeviceActivity
from chalicelib.errors import NotFound
from chalicelib.register import rows
from chalicelib.store.commit import Write, change, put
from chalicelib.store.records import Page, Record

OWNER: Final = "owner"
GUEST: Final = "guest"
NEW_OWNER: Final = "heir"
OPERATOR: Final = "operator"

KEPT = rows.ACTIVITY_LOG.kept_for.period
_KINDS = {kind.pk_prefix: kind for kind in (Activity, DeviceActivity)}


class Person(Struct, frozen=True):
    """Somebody else, by account, which is asked for a name whenever the record is shown: by the nickname, or, where the
    hash of an address is given, by nothing but that address, as long as it is one of the account's."""

    account_id: str
    address_hash: str | None = None


def record(
    to: Record, act: str, *, by: str = OWNER, who: Person | str | None = None, about: Person | str | None = None
) -> Write:
    """A write that records an act upon an account or a device, decrypted; committed with the act itself.

    `who` is the owner's terminal, a guest, or a new owner (whom the device is offered to) by the address that the owner
    named; `about` is what else there is to say.
    """
    return _activity_row(to, clock.now(), ids.new_id(), act=act, by=by, **_named("who", who), **_named("about", about))


def _named(role: str, named: Person | str | None) -> dict[str, str | None]:
    """The attributes that say somebody or something."""
    if not isinstance(named, Person):
        return {role: named}
    by_address = {} if named.address_hash is None else {"address_hash": named.address_hash}
    return {f"{role}_id": named.account_id, **by_address}


def record_view(device: Record, share_id: str, guest_id: str) -> Write:
    """A write that records that a guest viewed pictures in this hour, however many: the same record each time."""
    # With all of the share's id the record's own would be too long for a cursor.
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    return _activity_row(device, hour, f"looked-{ids.own_part(share_id)}", act="looked", by=GUEST, who_id=guest_id)


def name_person(device: Record, sort_id: str, person: Person) -> Write:
    """A write that lets a record that was about an address be about the person who turned out to have it."""
    row = DeviceActivity.new(device.pk_id, sort_id, cipher=device.cipher)
    return change(row, otherwise=NotFound, about=None, about_id=person.account_id, address_hash=person.address_hash)


def _activity_row(to: Record, at: datetime, mark: str, **values: object) -> Write:
    # To the microsecond: what happened in one second is shown in its order, too.
    sort_id = f"{at:%Y%m%dT%H%M%S%fZ}-{mark}"
    times = {"at": clock.epoch_s(at), "expires_at": clock.epoch_s(at + KEPT)}
    return put(_KINDS[to.pk_prefix].new(to.pk_id, sort_id, cipher=to.cipher, **times, **values))


def newest(subjects: Iterable[Record], limit: int, after: str | None) -> Page[Activity]:
    """A page of what happened to these, newest first; each is asked."""
    pages = [_page_of(subject, limit, after) for subject in subjects]
    found = sorted((one for page in pages for one in page.items), key=lambda one: one.sort_id, reverse=True)
    shown = found[:limit]
    is_more = len(found) > limit or any(page.cursor is not None for page in pages)
    return Page(shown, shown[-1].sort_id if shown and is_more else None)


def _page_of(subject: Record, limit: int, after: str | None) -> Page[Activity]:
    kind = _KINDS[subject.pk_prefix]
    page = kind.list_of(subject.pk_id, newest_first=True, limit=limit, after=after)
    return Page([one.decrypted_with(subject.cipher) for one in page.items], page.cursor)
