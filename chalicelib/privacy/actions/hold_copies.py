"""The copy that a legal hold makes: record by record and object by object, and as often as it takes (F3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from heapq import heappop, heappush

from chalicelib import clock, ids
from chalicelib.access.records import Device
from chalicelib.accounts.records import Account
from chalicelib.aws import s3, sqs
from chalicelib.privacy.actions import hold_archives
from chalicelib.privacy.records import (
    COMPLETE,
    COPYING,
    HELD,
    INTERRUPTED,
    HeldAccount,
    HeldDevice,
    HeldFrom,
    HeldRecord,
    Hold,
)
from chalicelib.register import catalogue, export, tree
from chalicelib.register.tree import OBJECT
from chalicelib.store import ciphers, crypto, keys
from chalicelib.store.ciphers import DataKey, SubjectCipher
from chalicelib.store.commit import Write, change, commit, put
from chalicelib.store.keys import RawItem
from chalicelib.store.records import Item, Record, read
from chalicelib.store.retrying import NothingToDo

# Of the 900 seconds that the function may take; the next message goes on.
BUDGET_S = 600
_ITEMS_OF_A_PAGE = 25
# Behind every object of a record.
_ALL = "~"
_HELD_FROM: dict[str, type[HeldFrom]] = {kind.pk_prefix: kind for kind in (HeldAccount, HeldDevice)}


def kind_of(subject_id: str) -> type[Account | Device]:
    """An account's id is nobody's child's."""
    return Device if ids.parent_of(subject_id) else Account


def held_from(held: Hold, subject: str) -> HeldFrom:
    """The record in the subject's own partition that says of a hold."""
    return _HELD_FROM[keys.kind_of(subject)].new(
        keys.id_of(subject), held.pk_id, hold_id=held.pk_id, basis=held.basis, scope=held.scope,
        held_at=held.held_at, until=held.until, told_from=held.told_from, expires_at=held.until,
    )  # fmt: skip


class _Pause(Exception):
    """The time is over: another function goes on."""


class _Ended(Exception):
    """What is copied has ended, or the hold has."""


class _Removed(Exception):
    """A subject has ended while a page of it was copied."""


class _Run:
    """One function's part of a copy. What is behind `position` is still to be copied: a subject's id, a record's sort
    key, an object's key."""

    def __init__(self, held: Hold, cipher: SubjectCipher) -> None:
        self.held, self.cipher = held.decrypted_with(cipher), cipher
        self.position: tuple[str, ...] = tuple(held.position or ())
        self.until_ticks = clock.ticks_s() + BUDGET_S
        self.scope = frozenset(held.scope)
        # Of the page that is copied: what is to be committed with its position, on what condition.
        self.copies: list[HeldRecord] = []
        self.alive: list[Write] = []
        self.objects = 0

    @property
    def hold_id(self) -> str:
        return str(self.held.pk_id)

    @property
    def is_over(self) -> bool:
        return clock.ticks_s() >= self.until_ticks

    def is_behind(self, *where: str) -> bool:
        """Whether this is still to be copied."""
        return where > self.position


def copy(hold_id: str) -> None:
    """Copy what is in a hold's scope, or go on with it, and pack what is handed over; each step may be repeated."""
    held, key = read(Hold.key(hold_id), DataKey.key(hold_id))
    if held is None or key is None:
        return None
    if held.state != COPYING:
        if held.is_disclosed is not None and held.archive is None:
            hold_archives.pack(held, key.unlocked())
        return None
    run = _Run(held, key.unlocked())
    try:
        _copy_all(run)
        # Pages of who has left end early: only of who is still there it is all.
        _settle(run, COMPLETE, *(ciphers.require_exists(one, otherwise=_Ended) for one in _chain(run.held.subject)))
    except _Pause:
        return _go_on(hold_id)
    except _Ended:
        _settle(run, INTERRUPTED)
    if held.is_disclosed is not None:
        _go_on(hold_id)
    return None


def _go_on(hold_id: str) -> None:
    """With another function's time."""
    sqs.send_together(Hold.stream_queue or "", [{"partition_id": hold_id, "sort_id": ""}])


def _settle(run: _Run, state: str, *checks: Write) -> None:
    is_copying = Hold.state == COPYING
    settled = change(run.held, when=is_copying, otherwise=NothingToDo, state=state, position=None)
    with suppress(NothingToDo):  # the hold has ended, or another function was as far
        commit(settled, *checks)


def _chain(subject_id: str) -> list[str]:
    """The ids of those whose keys open it: its own, and its parent's."""
    return [one for one in (subject_id, ids.parent_of(subject_id)) if one]


def _copy_all(run: _Run) -> None:
    """Subject by subject, in the order of their ids: a child's begins with its parent's."""
    first: str = run.held.subject
    waiting, met = [(first, kind_of(first).pk_prefix)], {first}
    while waiting:
        subject_id, kind = heappop(waiting)
        for items in tree.pages_of(keys.joined(kind, subject_id), _ITEMS_OF_A_PAGE):
            for child in tree.children_of(items):
                if (child_id := keys.id_of(child)) not in met:
                    met.add(child_id)
                    heappush(waiting, (child_id, keys.kind_of(child)))
            if not run.is_behind(subject_id, items[-1]["sk"]["S"], _ALL):
                continue
            if not _is_page_copied(run, kind, subject_id, items):
                if subject_id == first:
                    raise _Ended
                break  # it was removed meanwhile, and goes with all that it had
            if run.is_over:
                raise _Pause


def _is_page_copied(run: _Run, kind: str, subject_id: str, items: list[RawItem]) -> bool:
    """Whether what these belong to is still there."""
    record_kind = catalogue.record_at(Item.Meta.table_name, kind, kind)
    if record_kind is None:
        raise LookupError(kind)
    subject_record, key, parent_key = read(record_kind.key(subject_id), *ciphers.chain_of(subject_id))
    if subject_record is None or key is None or (parent_key is None and ids.parent_of(subject_id)):
        return False
    cipher = key.unlocked(parent_key)
    run.alive = [ciphers.require_exists(one, otherwise=_Removed) for one in _chain(subject_id)]
    said = [put(held_from(run.held, subject_record.pk))] if kind in _HELD_FROM else []
    try:
        for item in items:
            _copy_record(run, item, subject_record, cipher)
        _commit(run, (subject_id, items[-1]["sk"]["S"], _ALL), *said)
    except _Removed:
        return False
    return True


def _commit(run: _Run, position: tuple[str, ...], *writes: Write) -> None:
    """How far it is by then, with what was copied; nothing of a hold that has ended, or that another has copied."""
    is_copying = Hold.state == COPYING
    counts = (Hold.items.add(len(run.copies)), Hold.objects.add(run.objects))
    moved = change(run.held, *counts, when=is_copying, otherwise=_Ended, position=list(position))
    commit(moved, ciphers.require_exists(run.hold_id, otherwise=_Ended), *run.alive, *map(put, run.copies), *writes)
    run.position, run.copies, run.objects = position, [], 0


def _copy_record(run: _Run, item: RawItem, subject_record: Record, cipher: SubjectCipher) -> None:
    """Copy a record and its objects, unless it is over, or nothing of it is in the scope."""
    sk, subject_id = item["sk"]["S"], subject_record.pk_id
    record = catalogue.kind_of(Item, item).from_raw_data(item)
    if not run.is_behind(subject_id, sk, _ALL) or not record.is_readable(subject_record):
        return
    folders = set(_copy_objects(run, item, record, subject_record))
    content = export.shown_by_rows(record.decrypted_with(cipher), run.scope)
    if not content and not folders:
        return
    name = crypto.keyed_hash("held records", run.hold_id, subject_record.pk, sk)
    said = {"kind": keys.kind_of(sk), "subject": subject_id, "id": record.sort_id, "record": content}
    run.copies.append(HeldRecord.new(run.hold_id, name, cipher=run.cipher, content=said, folders=folders or None))


def _copy_objects(run: _Run, item: RawItem, record: Record, subject_record: Record) -> Iterator[str]:
    """Copy the objects that a record points to; the beginnings of where the copies lie."""
    named = [value for value, _ in tree.pointers([item], OBJECT)]
    folders = list(record.folders_of()) if tree.names_folders(type(record)) else []
    for beginning in sorted({*named, *folders}):
        if catalogue.prefix_of(beginning).row.id not in run.scope:
            continue
        for object_key in [beginning] if beginning in named else _shown_in(beginning, record, subject_record):
            _copy_object(run, (subject_record.pk_id, item["sk"]["S"], object_key))
        yield _place_of(run, subject_record.pk_id, beginning)


def _shown_in(beginning: str, record: Record, subject_record: Record) -> Iterator[str]:
    for page in s3.pages(beginning):
        yield from (stored.key for stored in page if record.shows(stored, subject_record))


def _copy_object(run: _Run, where: tuple[str, str, str]) -> None:
    if not run.is_behind(*where):
        return
    subject_id, _, object_key = where
    run.objects += s3.is_copied(object_key, _place_of(run, subject_id, object_key))
    if run.is_over:
        _commit(run, where)
        raise _Pause


def _place_of(run: _Run, subject_id: str, object_key: str) -> str:
    """Where the copy lies: its name is that of the original, without the id of whose it was."""
    named = crypto.keyed_hash("held objects", run.hold_id, subject_id)[: ids.LENGTH]
    return f"{HELD.of(clock.now(), run.hold_id)}{object_key.replace(subject_id, named)}"
