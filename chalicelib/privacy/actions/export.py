"""Data export, a copy of all that is kept about somebody: access and portability (RIGHTS)."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import inf
from typing import Any

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
from chalicelib.privacy.actions import requests
from chalicelib.privacy.records import ARCHIVES, PREPARING, READY, Export, ExportVolume
from chalicelib.register.export import Position, Volume, write_volume
from chalicelib.register.sweep import sweep_expired
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, check, commit, commit_and_answer, create
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read
from chalicelib.store.retrying import retrying_from
from chalicelib.words import operator_named

ZIP = "application/zip"
# By promise a quarter of an hour.
_DUE = requests.DUE
# Long enough to begin the download, after which S3 does not ask again.
_LINK_LIFE = timedelta(minutes=1)
_GIVEN_UP_AFTER = timedelta(hours=1)
_MOST_A_DAY = 5
# Of the 900 seconds that an archive may take, which is more than an erasure waits for: before each page it is asked
# whether the account exists. The first is left half of it for rows, which no other archive has.
BUDGET_S = 720
_OBJECTS_S = BUDGET_S // 2
# An archive is closed behind the object with which it has so much. With the largest that there are, clips of 2 GiB, it
# stays below the 4 GiB that a file may have on a phone's card (FAT32), and as a rule below the 2 GiB and 65,535 files
# that a ZIP has without its 64-bit extension.
MOST_BYTES = 2_000_000_000
MOST_FILES = 50_000

_Archive = Export | ExportVolume


class TooManyExports(TooMany):
    pass


# Asking


def ask_for_export(caller: Caller) -> shapes.Export:
    """Begin a copy; one that is still being prepared is the answer to whoever asks again, at the same moment, too.
    Raises TooManyExports."""
    return retrying_from(caller, _begin, accounts.caller_read_again)


def _begin(caller: Caller) -> shapes.Export:
    now = clock.now()
    lately = Export.list_of(caller.account_id, first=_stamp(now - timedelta(days=1)), newest_first=True).items
    waiting = [one for one in lately if one.state == PREPARING and _begun_at(one) > now - _GIVEN_UP_AFTER]
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
    begun = accounts.begins_copy(caller.account)
    return commit_and_answer(create(export), begun, activity_row, answer=_described(caller, export))


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def _requested_at(export: Export) -> datetime:
    return clock.at_epoch(export.asked_at)


def _begun_at(export: Export) -> datetime:
    return clock.at_epoch(export.begun_at or export.asked_at)


# Preparing


def prepare(account_id: str, sort_id: str) -> None:
    """Write an archive, then say that it is there, then, with the last one, tell the person; each may be repeated."""
    export_key = Export.key(account_id, sort_id.partition(".")[0])
    volume_key = ExportVolume.key(account_id, sort_id)
    export, volume, account, key = read(export_key, volume_key, *accounts.keys_of(account_id))
    archive = volume if "." in sort_id else export
    if export is None or archive is None or account is None or key is None:
        return
    account.decrypted_with(key.unlocked())
    if archive.until is None:
        try:
            _write(export, archive, account)
        except (_Gone, _Overtaken):
            return
    if export.state == READY and export.announced_at is None:
        addresses.notify(account, "privacy/mail/export")
        commit(change(export, announced_at=clock.now_s()))


def _write(export: Export, archive: _Archive, account: Account) -> None:
    writer = ids.new_id()
    commit(*_begun(export, archive, writer))
    s3.abandon(archive.archive)
    upload = s3.Upload(archive.archive, ZIP)
    try:
        more = _write_all(upload, archive, account)
    except _Stopped:
        s3.abandon(archive.archive)
        raise
    upload.complete()
    s3.abandon(archive.archive)  # begun twice, if the first reply was lost
    try:
        commit(
            *_written(export, archive, writer, upload, more), check(account, Account.pk.exists(), otherwise=_Gone)
        )
    except _Gone:
        s3.delete([archive.archive])
        raise


def _begun(export: Export, archive: _Archive, writer: str) -> tuple[Write, ...]:
    """Whoever was at it before ends with its next part, or with its last commit: two would leave one's archive and the
    other's hash."""
    now = clock.now_s()
    if archive is export:
        is_due = Export.until.does_not_exist()
        return (change(export, when=is_due, otherwise=_in_the_way, writer=writer, begun_at=now),)
    is_due = ExportVolume.until.does_not_exist()
    begun = change(export, otherwise=_in_the_way, writer=writer, begun_at=now)
    return begun, check(archive, is_due, otherwise=_in_the_way)


def _written(
    export: Export, archive: _Archive, writer: str, upload: s3.Upload, more: Position | None
) -> tuple[Write, ...]:
    """The archive is there; with the last one the copy is ready, with another one the row of the next is there."""
    now = clock.now_s()
    until = now + int(ARCHIVES.keep.total_seconds())
    made: dict[str, Any] = {"until": until, "size_bytes": upload.size_bytes, "sha256": upload.sha256}
    of_copy: dict[str, Any] = {"state": READY, "ready_at": now}
    further: list[Write] = []
    if more is not None:
        of_copy = {"volumes": _number_of(archive) + 1}
        further.append(create(_next_volume(export, archive, more), otherwise=_Overtaken))
    if archive is export:
        of_copy |= made
    else:
        further.append(change(archive, otherwise=_in_the_way, ready_at=now, expires_at=until, **made))
    return change(export, when=Export.writer == writer, otherwise=_in_the_way, **of_copy), *further


def _next_volume(export: Export, archive: _Archive, more: Position) -> ExportVolume:
    number = f"{_number_of(archive) + 1:06}"
    return ExportVolume.new(
        export.pk_id,
        f"{export.sort_id}.{number}",
        archive=f"{export.archive.removesuffix('.zip')}.{number}.zip",
        after_subject=more.subject,
        after_object=more.object_key or None,
    )


def _number_of(archive: _Archive) -> int:
    return int(archive.sort_id.partition(".")[2] or 1)


def _write_all(upload: s3.Upload, archive: _Archive, account: Account) -> Position | None:
    """The position at which the next archive goes on, if there is one. Raises _Gone, TakesTooLong."""
    begun_ticks = clock.ticks_s()

    def go_on() -> None:
        if clock.ticks_s() >= begun_ticks + BUDGET_S:
            raise TakesTooLong
        # Who left while it is written must not find it again.
        if None in read(*accounts.keys_of(account.pk_id)):
            raise _Gone

    subjects = [(Account.pk_prefix, account.pk_id)]
    subjects += [(Address.pk_prefix, hashed) for hashed in addresses.hashes_of(account)]
    volume = _volume_of(archive, begun_ticks)
    operator = operator_named(settings.operator["name"], account.language)
    more = write_volume(upload, subjects, volume, before_page=go_on, language=account.language, operator=operator)
    go_on()
    return more


def _volume_of(archive: _Archive, begun_ticks: float) -> Volume:
    after = None
    if isinstance(archive, ExportVolume):
        after = Position(archive.after_subject, archive.after_object or "")
    return Volume(_number_of(archive), after, MOST_BYTES, MOST_FILES, begun_ticks + _OBJECTS_S)


class _Stopped(Exception):
    """The copy is not written to its end."""


class _Gone(_Stopped):
    """The account was closed while its copy was written."""


class _Overtaken(Exception):
    """Another run has begun the same archive, or has written it."""


def _in_the_way(export: RawItem | None) -> Exception:
    return _Gone() if export is None else _Overtaken()


class TakesTooLong(_Stopped):
    """The rows are more than can be written in the time that a function has. What a ZIP's end says of its beginning is
    known only to who wrote that, so nobody else can go on with it: it fails, and its queue's alarm rings."""


# Handing out


def export_of(caller: Caller, export: Export) -> shapes.Export:
    return _described(caller, export)


def exports_of(caller: Caller, limit: int, cursor: str | None) -> shapes.Exports:
    page = Export.list_of(caller.account_id, newest_first=True, limit=limit, after=cursor)
    return shapes.Exports(items=[_described(caller, export) for export in page.items], cursor=page.cursor)


def _described(caller: Caller, export: Export) -> shapes.Export:
    # Who asked had proved again who it is; another session has to prove it too.
    is_trusted = caller.is_stepped_up or export.asked_in == caller.session.sort_id
    volumes = [_described_volume(archive, is_trusted) for archive in _archives_of(export)]
    is_ready = export.state == READY
    first = volumes[0] if volumes and volumes[0].number == 1 else None
    return shapes.Export(
        export_id=f"{export.pk_id}{export.sort_id}",
        state="over" if is_ready and not volumes else export.state,
        asked_at=_requested_at(export),
        due_at=_requested_at(export) + _DUE,
        ready_at=None if export.ready_at is None else clock.at_epoch(export.ready_at),
        until=clock.at_epoch(export.until) if is_ready else None,
        size_bytes=int(export.size_bytes) if is_ready else None,
        sha256=export.sha256 if is_ready else None,
        download_url=first.download_url if first and is_ready else None,
        volumes=volumes,
    )


def _archives_of(export: Export) -> list[_Archive]:
    """Those that are there, in their order."""
    last = inf if export.ready_at is None else export.ready_at + ARCHIVES.keep.total_seconds()
    archives: list[_Archive] = [export]
    if export.volumes is not None and clock.now_s() < last:
        of_copy = f"{export.sort_id}."
        archives += ExportVolume.list_of(export.pk_id, first=of_copy, last=of_copy).items
    return [archive for archive in archives if _is_there(archive)]


def _is_there(archive: _Archive) -> bool:
    return archive.until is not None and clock.now_s() < archive.until


def _described_volume(archive: _Archive, is_trusted: bool) -> shapes.Volume:
    archive_id = f"{archive.pk_id}{archive.sort_id}"
    url = f"{settings.public_url}/privacy/exports/{archive_id}/archive/{_link(archive)}"
    return shapes.Volume(
        number=_number_of(archive),
        size_bytes=int(archive.size_bytes),
        sha256=archive.sha256,
        until=clock.at_epoch(archive.until),
        download_url=url if is_trusted else None,
    )


def _link(archive: _Archive) -> str:
    """The secret of the next link; when that was used, it is another one."""
    used = str(int(archive.links_used))
    return ids.as_text(crypto.derived("exports", archive.pk_id, archive.sort_id, used))


def open_link(archive_id: str, link: str) -> str:
    """A link to an archive, by the copy's id or, of a further volume, by this and its number; good for a minute and one
    use. Raises NotFound."""
    account_id, sort_id = archive_id[: ids.LENGTH], archive_id[ids.LENGTH :]
    kind = ExportVolume if "." in sort_id else Export
    archive, account, key = read(kind.key(account_id, sort_id), *accounts.keys_of(account_id))
    if not isinstance(archive, _Archive) or account is None or key is None or not _is_there(archive):
        raise NotFound
    if not crypto.same(link, _link(archive)):
        raise NotFound
    used = int(archive.links_used)
    spent = change(archive, links_used=used + 1, when=kind.links_used == used, otherwise=NotFound)
    # By whom, the link does not say.
    commit(spent, activity.record(account.decrypted_with(key.unlocked()), "copy_downloaded"))
    end = min(clock.at_epoch(archive.until), clock.now() + _LINK_LIFE)
    return s3.link(archive.archive, until=end, content_type=ZIP)


# The clock


def sweep_expired_archives() -> int:
    """Delete the archives whose day is over; how many."""
    return sweep_expired(ARCHIVES)
