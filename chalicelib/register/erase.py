"""Erasure of a subject: everything in its partition and prefixes, and what they point to; it names no house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib import clock
from chalicelib.aws import s3, sns
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.register import catalogue, erasures, tree, upload_hours
from chalicelib.register.durations import LONGEST_FUNCTION
from chalicelib.register.erasures import ErasedSubject, Erasure, OpenSubject
from chalicelib.register.prefixes import Prefix
from chalicelib.register.tree import ENDPOINT, FISCAL, HOLD, OBJECT, ROW
from chalicelib.store import keys, raw_items
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, commit, put, remove
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.raw_items import MOST_DELETED_TOGETHER
from chalicelib.store.records import Item, Record, read
from chalicelib.store.retrying import NothingToDo
from chalicelib.store.tags import tags_of

# Of the 29 seconds that a pass may take. What is left the next one goes on with.
PASS_S = 20
# Each may name another folder, and all of a page's are listed before the first of its rows goes: no more than a pass
# has time for in any case.
_ITEMS_OF_A_PAGE = 100
# As many children as are found in one pass come to the queue behind each other, and behind them whoever came meanwhile.
MOST_CHILDREN = 1000


class EndpointsOpen(RuntimeError):
    """All data of a subject is gone, and SNS does not forget a push endpoint of it: it is called again."""


@dataclass(frozen=True)
class Passed:
    """The outcome of a pass: whether all was looked at, how much was found, and whether nothing of the whole
    erasure is open any more."""

    erasure: Erasure
    is_whole: bool = True
    found: int = 0
    is_last: bool = False


@dataclass
class _Pass:
    erasure: Erasure
    row: OpenSubject
    until_ticks: float
    found: Counter[str] = field(default_factory=Counter)
    children: int = 0
    is_whole: bool = True
    looked_in: set[str] = field(default_factory=set)
    # What AWS kept of the subject: raised when all else is done and noted, so that it is in the way of nothing else.
    refusal: Exception | None = None

    @property
    def subject(self) -> str:
        return self.row.subject

    @property
    def subject_id(self) -> str:
        return keys.id_of(self.subject)

    @property
    def kind(self) -> str:
        return keys.kind_of(self.subject)

    @property
    def is_over(self) -> bool:
        return clock.ticks_s() >= self.until_ticks


def run_pass(hashed_id: str, subject: str, nth: int | None = None, *, within_s: float = PASS_S) -> Passed | None:
    """Look everywhere for what is left of one subject, and delete it; None if there is no such erasure, or if somebody
    else made, or is making, its pass of this number. Of a subject that is not open nothing is left to look for.

    Each step may be repeated: what is deleted is how far it is. A pass that finds nothing, later than any function that
    began before the erasure can still be writing, closes the subject. What SNS holds goes after the data. Raises
    EndpointsOpen or NotDeleted, all else being done and noted, for what SNS or S3 keep.
    """
    erasure, row = read(Erasure.key(hashed_id), OpenSubject.key(hashed_id, subject))
    if erasure is None:
        return None
    if row is None:
        return Passed(erasure, is_last=not erasures.is_any_open(hashed_id))
    if nth not in (None, int(row.passes)):
        return None
    run = _Pass(erasure, row, clock.ticks_s() + within_s)
    is_spared = _is_spared(run)
    if not is_spared:
        _forget(run)
        _close_endpoints(run)
    return _noted(run, is_clean=run.is_whole and not is_spared and not run.found.total() and run.refusal is None)


def _is_spared(run: _Pass) -> bool:
    """Whether something is there that may still end by itself."""
    until = run.erasure.begun + max((kind.spared_for for kind in _kinds(run)), default=timedelta(0))
    return clock.now() < until and any(tree.pages_of(run.subject, 1))


def _kinds(run: _Pass) -> list[type[Record]]:
    """Of the records that may lie in the subject's partition."""
    return [kind for kind in catalogue.RECORDS if issubclass(kind, Item) and kind.pk_prefix == run.kind]


def _noted(run: _Pass, *, is_clean: bool) -> Passed | None:
    is_late = clock.now() >= run.erasure.begun + LONGEST_FUNCTION
    is_over = is_clean and is_late
    try:
        commit(*(_closed(run) if is_over else _counted(run)))
    except NothingToDo:  # a pass at the same time has counted what only one of them deleted
        return None
    if run.refusal is not None:
        raise run.refusal
    is_last = is_over and not erasures.is_any_open(run.erasure.pk_id)
    return Passed(run.erasure, is_whole=run.is_whole, found=run.found.total(), is_last=is_last)


def _counted(run: _Pass) -> tuple[Write, ...]:
    counts = [getattr(OpenSubject, name).add(count) for name, count in run.found.items() if count]
    as_read = OpenSubject.passes == int(run.row.passes)
    return (change(run.row, OpenSubject.passes.add(1), *counts, when=as_read, otherwise=NothingToDo),)


def _closed(run: _Pass) -> tuple[Write, ...]:
    as_read = OpenSubject.passes == int(run.row.passes)
    erased = ErasedSubject.new(run.erasure.pk_id, run.subject, clean_at=clock.now_s())
    erased.assign(**run.row.counts)
    return remove(run.row, when=as_read, otherwise=NothingToDo), put(erased)


# Data


def _forget(run: _Pass) -> None:
    commit(remove(DataKey.key(run.subject_id), is_noted=False))
    for items in tree.pages_of(run.subject, _ITEMS_OF_A_PAGE):
        if run.is_over or run.children >= MOST_CHILDREN:
            run.is_whole = False
            return
        _forget_page(run, items)
    _forget_what_no_row_names(run)


def _forget_page(run: _Pass, items: list[RawItem]) -> None:
    """The rows go last: they say where all else lies."""
    run.children += erasures.note(
        run.erasure.pk_id,
        children=tree.children_of(items),
        kept=(number for number, _ in tree.pointers(items, FISCAL)),
        holds=(hold_id for hold_id, _ in tree.pointers(items, HOLD)),
        endpoints=_endpoints(run, items),
    )
    _forget_rows_elsewhere(run, items)
    folders = [folder for prefix in _prefixes(run) for folder in _named_folders(prefix, items)]
    if _forget_objects(run, folders):
        _forget_items(run, items)


def _endpoints(run: _Pass, items: list[RawItem]) -> Iterator[tuple[str, str, str]]:
    # Who holds the phone next may be given the endpoint's name before it is closed: its row is named after its holder.
    for arn, item in tree.pointers(items, ENDPOINT):
        yield run.subject, arn, f"{run.subject_id} {keys.first_id_of(item['sk']['S'])}"


def _forget_rows_elsewhere(run: _Pass, items: list[RawItem]) -> None:
    """One that says whose it is may have become somebody else's meanwhile, and is theirs then."""
    found = {value: keys.raw_of(value) for value, _ in tree.pointers(items, ROW)}
    certain: list[RawItem] = []
    for raw in found.values():
        kind = catalogue.kind_of(Item, raw)
        holder = tree.holder_of(kind)
        if holder is None:
            certain.append(raw)
            continue
        is_theirs = holder.does_not_exist() | (holder == run.subject_id)
        with suppress(NothingToDo):
            commit(remove(Key(kind, raw["pk"]["S"], raw["sk"]["S"]), when=is_theirs, otherwise=NothingToDo))
    raw_items.delete(Item, certain)


def _forget_items(run: _Pass, items: list[RawItem]) -> None:
    for first in range(0, len(items), MOST_DELETED_TOGETHER):
        if run.is_over:
            run.is_whole = False
            return
        batch = items[first : first + MOST_DELETED_TOGETHER]
        raw_items.delete(Item, batch)
        run.found["items"] += len(batch)


# Objects


def _prefixes(run: _Pass) -> list[Prefix]:
    return [prefix for prefix in catalogue.PREFIXES if prefix.subject == run.kind]


def _named_folders(prefix: Prefix, items: list[RawItem]) -> Iterable[str]:
    """Of what is uploaded by ticket, the hours of which these rows say that there was one, and those that objects and
    folders are named in."""
    if not prefix.by_ticket:
        return ()
    pointers = [*(value for value, _ in tree.pointers(items, OBJECT)), *tree.folders_of(items)]
    named = {prefix.stamp_of(value) for value in pointers}
    stamps = upload_hours.hours_among(prefix, items) | named - {""}
    return [f"{prefix.root}{stamp}/" for stamp in sorted(stamps)]


def _forget_what_no_row_names(run: _Pass) -> None:
    prefixes = _prefixes(run)
    run.found["objects"] += sum(_abandon(prefix, run.subject_id) for prefix in prefixes if prefix.in_parts)
    _forget_objects(run, [folder for prefix in prefixes for folder in _other_folders(prefix, run.erasure)])


def _abandon(prefix: Prefix, subject_id: str) -> int:
    # What is not complete is no object yet, but its parts are stored, and would become one.
    return s3.abandon(prefix.root, lambda key: prefix.parse_key(key)[0] == subject_id)


def _other_folders(prefix: Prefix, erasure: Erasure) -> list[str]:
    """The days or hours below which something of a subject may lie that no row tells of.

    The rows that tell of hours go in the first pass; but what comes later comes on a ticket of the last hour before the
    tombstone, or one that a function still gave out while it was set.
    """
    if prefix.is_endless:
        return [prefix.day(erasure.begun)]
    if not prefix.by_ticket:
        return list(s3.folders(prefix.root))
    late = prefix.stamps(erasure.begun - LONGEST_TICKET, erasure.begun + LONGEST_FUNCTION)
    return [f"{prefix.root}{stamp}/" for stamp in late]


def _forget_objects(run: _Pass, folders: list[str]) -> bool:
    """Whether these are empty now; none is looked at twice in a pass."""
    wanted = [folder for folder in folders if folder not in run.looked_in]
    try:
        count, is_all = s3.delete_pages(_keys_below(wanted, run.subject_id), until_ticks=run.until_ticks)
    except s3.NotDeleted as fault:  # raised again when all else is done: it stops no other page
        run.refusal, run.is_whole = fault, False
        return False
    run.found["objects"] += count
    run.is_whole &= is_all
    if is_all:
        run.looked_in.update(wanted)
    return is_all


def _keys_below(folders: list[str], subject_id: str) -> Iterator[list[str]]:
    for folder in folders:
        for page in s3.pages(f"{folder}{subject_id}/"):
            yield [stored.key for stored in page]


# Push endpoints


def _close_endpoints(run: _Pass) -> None:
    """Have SNS forget what the rows pointed to; one that it refuses keeps no other open."""
    if not any(tag.points_to == ENDPOINT for kind in _kinds(run) for tag in tags_of(kind).values()):
        return
    for row in erasures.open_endpoints(run.erasure.pk_id, run.subject):
        if run.is_over:
            run.is_whole = False
            return
        try:
            run.found["endpoints"] += sns.close_endpoint_of(row.arn, row.holder)
        except Exception as fault:  # raised again when all else is done
            run.refusal = run.refusal or _endpoints_open(fault)
        else:
            commit(remove(row))


def _endpoints_open(fault: Exception) -> EndpointsOpen:
    refusal = EndpointsOpen()
    refusal.__cause__ = fault
    return refusal
