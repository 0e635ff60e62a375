"""Recording what happened beside what happened, and reading it again (AUDIT)."""

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
HEIR: Final = "heir"
OPERATOR: Final = "operator"

KEPT = rows.ACTIVITY_LOG.kept_for.period
_KINDS = {kind.partition: kind for kind in (Activity, DeviceActivity)}


def happened(to: Record, act: str, *, by: str = OWNER, who: str | None = None, about: str | None = None) -> Write:
    """What records an act upon an account or a device, opened; committed with the act itself.

    `who` is the owner's terminal, or a guest or heir (whom the device is offered to) by the address that the owner
    named; `about` is what else there is to say.
    """
    return _recorded(to, clock.now(), ids.new_id(), act=act, by=by, who=who, about=about)


def looked(device: Record, share_id: str, who: str) -> Write:
    """What records that a guest saw pictures in this hour, however many: the same record each time."""
    # The second half of a share's id is random, too; with both halves the record's own would be too long for a cursor.
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    return _recorded(device, hour, f"looked-{share_id[ids.LENGTH :]}", act="looked", by=GUEST, who=who)


def _recorded(to: Record, at: datetime, mark: str, **values: object) -> Write:
    # To the microsecond: what happened in one second is told in its order, too.
    place_id = f"{at:%Y%m%dT%H%M%S%fZ}-{mark}"
    times = {"at": clock.epoch_s(at), "expires_at": clock.epoch_s(at + KEPT)}
    return put(_KINDS[to.partition].new(to.partition_id, place_id, vault=to.vault, **times, **values))


def newest(subjects: Iterable[Record], limit: int, after: str | None) -> Page[Activity]:
    """A page of what happened to these, newest first; each is asked."""
    pages = [_page_of(subject, limit, after) for subject in subjects]
    found = sorted((one for page in pages for one in page.items), key=lambda one: one.place_id, reverse=True)
    shown = found[:limit]
    is_more = len(found) > limit or any(page.cursor is not None for page in pages)
    return Page(shown, shown[-1].place_id if shown and is_more else None)


def _page_of(subject: Record, limit: int, after: str | None) -> Page[Activity]:
    kind = _KINDS[subject.partition]
    page = kind.list_of(subject.partition_id, newest_first=True, limit=limit, after=after)
    return Page([one.opened(subject.vault) for one in page.items], page.cursor)
