"""Data export, a copy of all that is kept about somebody: access and portability (RIGHTS)."""

from __future__ import annotations

from datetime import datetime, timedelta

from chalicelib import clock, ids
from chalicelib.accounts.actions import account_writes as accounts
from chalicelib.accounts.records import Account
from chalicelib.activity import actions as activity
from chalicelib.aws import s3
from chalicelib.contacts.actions import addresses
from chalicelib.contacts.records import Address
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound, TooMany
from chalicelib.privacy import shapes
from chalicelib.privacy.records import ARCHIVES, PREPARING, READY, Export
from chalicelib.register.export import write_archive
from chalicelib.register.sweep import sweep_expired
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import change, check, commit, commit_and_answer, create
from chalicelib.store.records import read

ZIP = "application/zip"
# By law (GDPR, article 12); by promise a quarter of an hour.
_DUE = timedelta(days=30)
# Long enough to begin the download, after which S3 does not ask again.
_LINK_LIFE = timedelta(minutes=1)
_GIVEN_UP_AFTER = timedelta(hours=1)
_MOST_A_DAY = 5
# Of the 900 seconds that a copy may take, which is more than an erasure waits for: before each page it is asked whether
# the account exists.
BUDGET_S = 720


class TooManyExports(TooMany):
    pass


# Asking


def ask_for_export(caller: Caller) -> shapes.Export:
    """Begin a copy; one that is still being prepared is the answer to whoever asks again. Raises TooManyExports."""
    now = clock.now()
    lately = Export.list_of(caller.account_id, first=_stamp(now - timedelta(days=1)), newest_first=True).items
    waiting = [one for one in lately if one.state == PREPARING and _requested_at(one) > now - _GIVEN_UP_AFTER]
    if waiting:
        return commit_and_answer(
            check(waiting[0], Export.pk.exists(), otherwise=NotFound), answer=_described(caller, waiting[0])
        )
    if len(lately) >= _MOST_A_DAY:
        left = clock.epoch_s(_requested_at(lately[-1]) + timedelta(days=1)) - clock.now_s()
        raise TooManyExports(retry_after_seconds=max(1, left))
    sort_id = _stamp(now) + ids.random_bytes(8).hex()
    export = Export.new(
        caller.account_id,
        sort_id,
        asked_at=clock.epoch_s(now),
        asked_in=caller.session.sort_id,
        state=PREPARING,
        archive=f"{ARCHIVES.of(now, caller.account_id)}{sort_id}.zip",
    )
    activity_row = activity.record(caller.account, "copy_asked_for", who=caller.terminal)
    return commit_and_answer(create(export), activity_row, answer=_described(caller, export))


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _requested_at(export: Export) -> datetime:
    return clock.at_epoch(export.asked_at)


# Preparing


def prepare(account_id: str, sort_id: str) -> None:
    """Write the archive, then say that it is there, then tell the person; each may be repeated."""
    export, account, key = read(Export.key(account_id, sort_id), *accounts.keys_of(account_id))
    if export is None or account is None or key is None:
        return
    account.decrypted_with(key.unlocked())
    if export.state == PREPARING:
        try:
            _write(export, account)
        except _Gone:
            return
    if export.announced_at is None:
        addresses.notify(account, "privacy/mail/export")
        commit(change(export, announced_at=clock.now_s()))


def _write(export: Export, account: Account) -> None:
    s3.abandon(export.archive)
    upload = s3.Upload(export.archive, ZIP)
    try:
        _write_all(upload, account)
    except _Stopped:
        s3.abandon(export.archive)
        raise
    upload.complete()
    s3.abandon(export.archive)  # begun twice, if the first reply was lost
    now = clock.now_s()
    until = now + int(ARCHIVES.keep.total_seconds())
    try:
        commit(
            change(
                export,
                otherwise=_Gone,
                state=READY,
                ready_at=now,
                until=until,
                size_bytes=upload.size_bytes,
                sha256=upload.sha256,
            ),
            check(account, Account.pk.exists(), otherwise=_Gone),
        )
    except _Gone:
        s3.delete([export.archive])
        raise


def _write_all(upload: s3.Upload, account: Account) -> None:
    """Raises _Gone, TakesTooLong."""
    ends_ticks = clock.ticks_s() + BUDGET_S

    def go_on() -> None:
        if clock.ticks_s() >= ends_ticks:
            raise TakesTooLong
        # Who left while it is written must not find it again.
        if None in read(*accounts.keys_of(account.pk_id)):
            raise _Gone

    subjects = [(Account.pk_prefix, account.pk_id)]
    subjects += [(Address.pk_prefix, hashed) for hashed in addresses.hashes_of(account)]
    operator = settings.operator["name"]
    write_archive(upload, subjects, before_page=go_on, language=account.language, operator=operator)
    go_on()


class _Stopped(Exception):
    """The copy is not written to its end."""


class _Gone(_Stopped):
    """The account was closed while its copy was written."""


class TakesTooLong(_Stopped):
    """The copy is too large for the time that a function has. What a ZIP's end says of its beginning is known only to
    who wrote that, so nobody else can go on with it: it fails, and its queue's alarm rings."""


# Handing out


def export_of(caller: Caller, export: Export) -> shapes.Export:
    return _described(caller, export)


def exports_of(caller: Caller, limit: int, cursor: str | None) -> shapes.Exports:
    page = Export.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return shapes.Exports(items=[_described(caller, export) for export in page.items], cursor=page.cursor)


def _described(caller: Caller, export: Export) -> shapes.Export:
    # Who asked had proved again who it is; another session has to prove it too.
    is_trusted = caller.is_stepped_up or export.asked_in == caller.session.sort_id
    export_id = f"{export.pk_id}{export.sort_id}"
    url = f"{settings.public_url}/privacy/exports/{export_id}/archive/{_link(export)}"
    return shapes.Export(
        export_id=export_id,
        state="over" if _is_over(export) else export.state,
        asked_at=_requested_at(export),
        due_at=_requested_at(export) + _DUE,
        ready_at=None if export.ready_at is None else clock.at_epoch(export.ready_at),
        until=None if export.until is None else clock.at_epoch(export.until),
        size_bytes=None if export.size_bytes is None else int(export.size_bytes),
        sha256=export.sha256,
        download_url=url if is_trusted and export.state == READY and not _is_over(export) else None,
    )


def _is_over(export: Export) -> bool:
    return export.until is not None and clock.now_s() >= export.until


def _link(export: Export) -> str:
    """The secret of the next link; when that was used, it is another one."""
    used = str(int(export.links_used))
    return ids.as_text(crypto.derived("exports", export.pk_id, export.sort_id, used))


def open_link(export_id: str, link: str) -> str:
    """A link to the archive, good for a minute and one use. Raises NotFound."""
    account_id, sort_id = export_id[: ids.LENGTH], export_id[ids.LENGTH :]
    export, account, key = read(Export.key(account_id, sort_id), *accounts.keys_of(account_id))
    if export is None or account is None or key is None or export.state != READY or _is_over(export):
        raise NotFound
    if not crypto.same(link, _link(export)):
        raise NotFound
    used = int(export.links_used)
    spent = change(export, links_used=used + 1, when=Export.links_used == used, otherwise=NotFound)
    # By whom, the link does not say.
    commit(spent, activity.record(account.decrypted_with(key.unlocked()), "copy_downloaded"))
    end = min(clock.at_epoch(export.until), clock.now() + _LINK_LIFE)
    return s3.link(export.archive, until=end, content_type=ZIP)


# The clock


def sweep_expired_archives() -> int:
    """Delete the archives whose day is over; how many."""
    return sweep_expired(ARCHIVES)
