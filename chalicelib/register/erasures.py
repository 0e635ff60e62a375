"""The ledger of erasures: which subjects are to be, and have been, forgotten, by random ids only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, TypeVar

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib import clock, ids
from chalicelib.register import rows
from chalicelib.store import crypto, keys, raw_items
from chalicelib.store.commit import MOST_WRITES, Write, change, commit, create, put, remove
from chalicelib.store.records import LedgerRow
from chalicelib.store.tags import key, plain

ERASING: Final = "erasing"
DONE: Final = "done"
OWNER: Final = "the person"
PARENT: Final = "a parent"
MOVE: Final = "a move to another region"
INACTIVITY: Final = "two years without use"
HOLD_OVER: Final = "the end of a legal hold"

# An upload ticket lives an hour; a day is for whatever was forgotten.
LATER_PASSES = (timedelta(hours=1), timedelta(hours=24))
_PAGE = 1000


class Erasure(LedgerRow):
    """One erasure, from the commit that made its subjects unreadable to the receipt. Its id is the person's secret,
    so it lies under the id's hash, and with it a row for each subject, however many there are."""

    pk_prefix = "erasure"
    sk_prefix = "erasure"

    begun_at = plain(NumberAttribute(), why="a time")
    ordered_by = plain(UnicodeAttribute(null=True), why="the person, a parent, a move or disuse, by kind alone")
    state = plain(UnicodeAttribute(), why="erasing or done")
    done_at = plain(NumberAttribute(null=True), why="a time")
    receipt = plain(UnicodeAttribute(null=True), why="signed, without personal data")
    # Of a move: the plans go there, to whoever came with that ticket.
    moved_to = plain(UnicodeAttribute(null=True), why="the endpoint of another region")
    moved_with = key(UnicodeAttribute(null=True), rows.REGISTRATION, why="random id of the ticket")

    @property
    def begun(self) -> datetime:
        return clock.at_epoch(self.begun_at)


class SubjectRow(LedgerRow):
    """A subject of an erasure, by its kind and random id, and what was deleted of it so far."""

    items = plain(NumberAttribute(default_for_new=0), why="a count")
    objects = plain(NumberAttribute(default_for_new=0), why="a count")
    endpoints = plain(NumberAttribute(default_for_new=0), why="a count")

    @property
    def subject(self) -> str:
        return self.sort_id

    @property
    def counts(self) -> dict[str, int]:
        return {name: int(getattr(self, name)) for name in ("items", "objects", "endpoints")}


class OpenSubject(SubjectRow):
    """A subject of which something may be left. That it is open is reported, and makes the first pass over it; each
    pass is numbered, so that one that is ordered twice is made once."""

    pk_prefix = "erasure"
    sk_prefix = "open-subject"
    stream_queue = "Erasures"

    passes = plain(NumberAttribute(default_for_new=0), why="a count")


class ErasedSubject(SubjectRow):
    """A subject of which nothing was found, later than anything can still have been written."""

    pk_prefix = "erasure"
    sk_prefix = "subject"

    clean_at = plain(NumberAttribute(), why="a time")


class OpenEndpoint(LedgerRow):
    """A push endpoint that a subject's row pointed to, until SNS has forgotten it."""

    pk_prefix = "erasure"
    sk_prefix = "endpoint"

    arn = key(UnicodeAttribute(), rows.ALARM_MESSAGES, why="random id given by SNS")
    holder = key(UnicodeAttribute(), rows.ALARM_MESSAGES, why="random ids of who held it")


class KeptRecord(LedgerRow):
    """A record that the law keeps, by its number."""

    pk_prefix = "erasure"
    sk_prefix = "kept"


class HeldCopy(LedgerRow):
    """A hold that has a copy by law of something that is erased, by the hold's id."""

    pk_prefix = "erasure"
    sk_prefix = "held"


class OpenErasure(LedgerRow):
    """Keeps an erasure in sight of the clock until its last pass, and says how far that pass is."""

    pk_prefix = "open"
    sk_prefix = "erasure"

    next_at = plain(NumberAttribute(), why="a time")
    reopened_to = key(
        UnicodeAttribute(null=True), rows.ACCOUNT_CLOSURE, why="random id: up to where subjects are open again"
    )


# Behind every id.
_ALL = "~"
_Row = TypeVar("_Row", bound=LedgerRow)


def begun_since(at: datetime, *, after: str | None = None) -> Iterator[Erasure]:
    """Every erasure that began then or later, behind the one with this hashed id. It looks through the whole ledger:
    for an operator, after a restore."""
    start = None if after is None else Erasure.key(after).raw()
    is_wanted = Erasure.begun_at >= clock.epoch_s(at)
    for items in raw_items.scan(Erasure.Meta.table_name, after=start, when=is_wanted):
        yield from map(Erasure.from_raw_data, items)


def begin(
    *subjects: tuple[str, str], ordered_by: str = OWNER, moved_to: str | None = None, moved_with: str | None = None
) -> tuple[str, tuple[Write, ...]]:
    """The id of a new erasure and the writes that begin it, to be committed with what makes the subjects unreadable.

    A subject is its kind and its id, as its partition is named. Those that hang below one are found by its erasure. An
    account that moves names the other region's endpoint, and its ticket there.
    """
    erasure_id = ids.as_text(ids.random_bytes(20))
    hashed = crypto.plain_hash(erasure_id)
    now = clock.now_s()
    erasure = Erasure.new(
        hashed, ordered_by=ordered_by, begun_at=now, state=ERASING, moved_to=moved_to, moved_with=moved_with
    )
    in_sight = OpenErasure.new("", hashed, next_at=now)
    open_subjects = (create(OpenSubject.new(hashed, keys.joined(*subject))) for subject in subjects)
    return erasure_id, (create(erasure), create(in_sight), *open_subjects)


def note(
    hashed_id: str,
    *,
    children: Iterable[str],
    kept: Iterable[str],
    holds: Iterable[str],
    endpoints: Iterable[tuple[str, str, str]],
) -> int:
    """Remember what rows that are about to be deleted point to, and how many children those are.

    May be repeated: a child that was noted before is open again, and found empty. An endpoint is its subject, its name
    and its holder.
    """
    open_subjects = [put(OpenSubject.new(hashed_id, child)) for child in dict.fromkeys(children)]
    named = [put(KeptRecord.new(hashed_id, number)) for number in dict.fromkeys(kept)]
    held = [
        put(OpenEndpoint.new(hashed_id, subject, crypto.plain_hash(f"{arn} {holder}"), arn=arn, holder=holder))
        for subject, arn, holder in dict.fromkeys(endpoints)
    ]
    copied = [put(HeldCopy.new(hashed_id, hold_id)) for hold_id in dict.fromkeys(holds)]
    _commit_all([*open_subjects, *named, *copied, *held])
    return len(open_subjects)


def _commit_all(writes: list[Write]) -> None:
    for first in range(0, len(writes), MOST_WRITES):
        commit(*writes[first : first + MOST_WRITES])


# What is open


def open_subjects(hashed_id: str) -> Iterator[OpenSubject]:
    return _all(OpenSubject, hashed_id)


def is_any_open(hashed_id: str) -> bool:
    return bool(OpenSubject.list_of(hashed_id, limit=1).items)


def open_endpoints(hashed_id: str, subject: str) -> list[OpenEndpoint]:
    """Those of a subject, as many as a pass should look at."""
    begin = keys.joined(subject, "")
    return OpenEndpoint.list_of(hashed_id, first=begin, last=begin, limit=_PAGE).items


def erased_subjects(hashed_id: str, *, after: str | None = None) -> Iterator[ErasedSubject]:
    return _all(ErasedSubject, hashed_id, after)


def subjects(hashed_id: str) -> Iterator[SubjectRow]:
    """Those of which nothing is left, and those that are open; while one is opened or closed, perhaps both."""
    yield from _all(ErasedSubject, hashed_id)
    yield from _all(OpenSubject, hashed_id)


def count_subjects(hashed_id: str) -> int:
    return len({row.subject for row in subjects(hashed_id)})


def kept_numbers(hashed_id: str) -> Iterator[str]:
    return (row.sort_id for row in _all(KeptRecord, hashed_id))


def holds(hashed_id: str) -> list[str]:
    """The ids of those that have copied something of what is erased."""
    return [row.sort_id for row in _all(HeldCopy, hashed_id)]


def _all(kind: type[_Row], hashed_id: str, after: str | None = None) -> Iterator[_Row]:
    return kind.all_of(hashed_id, page_size=_PAGE, after=after)


# The clock


def due() -> list[OpenErasure]:
    """The erasures whose next pass is due."""
    now = clock.now_s()
    return [row for row in in_sight() if row.next_at <= now]


def in_sight() -> list[OpenErasure]:
    """All erasures that a pass is still to follow."""
    return OpenErasure.list_of("").items


def oldest_s() -> int:
    """For how many seconds the oldest erasure has been open and not done; 0 if there is none.

    Until it is done its pass is due from the moment it began. One that is done counts only while a later pass fails,
    from when that was due.
    """
    return max((clock.now_s() - int(row.next_at) for row in due()), default=0)


def is_reopened(row: OpenErasure) -> bool:
    return bool(row.reopened_to == _ALL)


def reopen(row: OpenErasure, until_ticks: float) -> int:
    """Open subjects of an erasure that is done again, page by page, for its later pass; how many. It goes on from where
    it was when time ran out."""
    count, hashed_id = 0, row.sort_id
    while not is_reopened(row) and clock.ticks_s() < until_ticks:
        page = ErasedSubject.list_of(hashed_id, limit=_PAGE, after=row.reopened_to)
        _commit_all([put(_opened(hashed_id, one)) for one in page.items])
        commit(change(row, reopened_to=page.cursor or _ALL))
        count += len(page.items)
    return count


def _opened(hashed_id: str, erased: ErasedSubject) -> OpenSubject:
    row = OpenSubject.new(hashed_id, erased.subject)
    row.assign(**erased.counts)
    return row


def open_again(hashed_id: str, erased: ErasedSubject) -> None:
    """Open one subject again: a restored table has brought it back."""
    commit(put(_opened(hashed_id, erased)))


def keep_in_sight(erasure: Erasure) -> None:
    """Let the clock go on with what is open of an erasure, be it done or long out of its sight."""
    commit(put(OpenErasure.new("", erasure.pk_id, next_at=clock.now_s(), reopened_to=_ALL)))


def next_pass(erasure: Erasure) -> Write:
    """The write that puts a done erasure off to its next pass, or out of sight after the last."""
    row = OpenErasure.new("", erasure.pk_id)
    later = [erasure.begun + wait for wait in LATER_PASSES if erasure.begun + wait > clock.now()]
    return change(row, next_at=clock.epoch_s(later[0]), reopened_to=None) if later else remove(row)
