"""Reading notices: one's own and everybody's in one list, newest first (F2)."""

from __future__ import annotations

from typing import Any

from chalicelib import clock
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound, NotSignedIn
from chalicelib.notices import rules, shapes
from chalicelib.notices.records import Announcement, Notice, ReadAnnouncements
from chalicelib.store.commit import Write, change, commit_and_answer, merge
from chalicelib.store.keys import Key
from chalicelib.store.records import Found

Shown = Notice | Announcement


def keys_of(account_id: str, notice_id: str) -> tuple[Key[Notice], Key[Announcement]]:
    return Notice.key(account_id, notice_id), Announcement.key("", notice_id)


def shown(caller: Caller, found: Found, notice_id: str) -> Shown:
    """The notice of this id, if the caller is shown it. Raises NotFound."""
    own_key, everybodys_key = keys_of(caller.account_id, notice_id)
    own, everybodys = found[own_key], found[everybodys_key]
    if own is not None:
        return own.decrypted_with(caller.cipher)
    if everybodys is None or everybodys.sort_id < _first_of(caller.account):
        raise NotFound
    return everybodys


def _first_of(account: Account) -> str:
    """Where that begins which is news to an account: who came later is not told of what was before."""
    return rules.stamp_of(clock.at_epoch(account.registered_at))


def notices_of(caller: Caller, read: ReadAnnouncements, limit: int, cursor: str | None) -> shapes.Notices:
    """A page of what the caller is told and everybody, newest first. Both are asked."""
    how: dict[str, Any] = {"newest_first": True, "limit": limit, "after": cursor}
    own = Notice.list_of(caller.account_id, **how)
    everybodys = Announcement.list_of("", first=_first_of(caller.account), last=rules.LAST, **how)
    every: list[Shown] = [*own.items, *everybodys.items]
    found = sorted(every, key=lambda one: one.sort_id, reverse=True)
    page = found[:limit]
    is_more = len(found) > limit or own.cursor is not None or everybodys.cursor is not None
    items = [_described(one, caller, set(read.announcement_ids or ())) for one in page]
    return shapes.Notices(items=items, cursor=page[-1].sort_id if page and is_more else None)


def _described(one: Shown, caller: Caller, read_ids: set[str]) -> shapes.Notice:
    if isinstance(one, Notice):
        one.decrypted_with(caller.cipher)
        said, is_read = {"title": one.title, "text": one.text}, one.read_at is not None
    else:
        said, is_read = rules.told_in(one.texts, caller.language), one.sort_id in read_ids
    return shapes.Notice(notice_id=one.sort_id, kind=one.kind, at=clock.at_epoch(one.at), read=is_read, **said)


def mark_read(caller: Caller, one: Shown) -> shapes.Notice:
    """From now on the caller has read it, and nobody else; when it was read first stays. Raises NotFound, NotSignedIn
    on commit."""
    answer = _described(one, caller, {one.sort_id})
    answer.read = True
    return commit_and_answer(*_reads(caller, one), answer=answer)


def _reads(caller: Caller, one: Shown) -> tuple[Write, ...]:
    if isinstance(one, Notice):
        return (change(one, read_at=one.read_at or clock.now_s(), otherwise=NotFound),)
    row = ReadAnnouncements.new(caller.account_id)
    added = ReadAnnouncements.announcement_ids.add({one.sort_id})
    # The row may be new, and must not be of an account that was closed meanwhile.
    is_open = accounts.require_sessions_as_read(caller.account, otherwise=NotSignedIn)
    return is_open, merge(row, added, ReadAnnouncements.schema_version.set(row.schema_version))
