"""The audit log: recording an act in the commit of the act itself, and reading it again (AUDIT)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from chalicelib import clock, ids
from chalicelib.activity.records import Activity, DeviceActivity
from chalicelib.register import rows
from chalicelib.store.commit import Write, put
from chalicelib.store.records import Page, Record

OWNER: Final = "owner"
GUEST: Final = "guest"
NEW_OWNER: Final = "heir"
OPERATOR: Final = "operator"

KEPT = rows.ACTIVITY_LOG.kept_for.period
_KINDS = {kind.pk_prefix: kind for kind in (Activity, DeviceActivity)}


def record(to: Record, act: str, *, by: str = OWNER, who: str | None = None, about: str | None = None) -> Write:
    """A write that records an act upon an account or a device, decrypted; committed with the act itself.

    `who` is the owner's terminal, or a guest or new owner (whom the device is offered to) by the address that the owner
    named; `about` is what else there is to say.
    """
    return _activity_row(to, clock.now(), ids.new_id(), act=act, by=by, who=who, about=about)


def record_view(device: Record, share_id: str, who: str) -> Write:
    """A write that records that a guest viewed pictures in this hour, however many: the same record each time."""
    # With all of the share's id the record's own would be too long for a cursor.
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    return _activity_row(device, hour, f"looked-{ids.own_part(share_id)}", act="looked", by=GUEST, who=who)


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
