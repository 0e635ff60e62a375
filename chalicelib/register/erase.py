"""Erasure of a subject: everything in its partitions and prefixes, and what they point to; it names no house."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

from chalicelib import clock
from chalicelib.aws import s3, sns
from chalicelib.aws.s3 import LONGEST_TICKET
from chalicelib.errors import Unavailable
from chalicelib.register import catalogue, upload_hours
from chalicelib.register.erasures import DONE, ERASING, Erasure, OpenErasure
from chalicelib.register.prefixes import Prefix
from chalicelib.store import keys
from chalicelib.store.ciphers import DataKey
from chalicelib.store.commit import Write, change, commit, put, remove
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.records import Item, delete_raw, raw_partition, read
from chalicelib.store.retrying import NothingToDo
from chalicelib.store.tags import tags_of

# A function that began before the tombstone may write until its time-out; then nobody does.
LONGEST_FUNCTION = timedelta(seconds=60)
# An upload ticket lives an hour; a day is for whatever was forgotten.
LATER_PASSES = (timedelta(hours=1), timedelta(hours=24))

# Of the 29 seconds that a listener may take. What is left the clock goes on with, which has more.
SHORT_PASS_S = 20
_ITEMS_OF_A_PAGE = 1000

PUSH_ENDPOINT, FISCAL, ROW, OBJECT, SUBJECT = "push endpoint", "fiscal", "row", "object", "subject"
HOLDER = "holder"


class EndpointsOpen(RuntimeError):
    """All data of an erasure is gone, and SNS does not forget a push endpoint of it: it is called again."""


def due() -> list[str]:
    """The hashed ids of the erasures whose next pass is due."""
    return [row.sort_id for row in _due()]


def oldest_s() -> int:
    """For how many seconds the oldest erasure has been open and not done; 0 if there is none.

    Until it is done its pass is due from the moment it began. One that is done counts only while a later pass fails,
    from when that was due.
    """
    return max((clock.now_s() - int(row.next_at) for row in _due()), default=0)


def _due() -> list[OpenErasure]:
    now = clock.now_s()
    return [row for row in OpenErasure.list_of("").items if row.next_at <= now]


def run_pass(hashed_id: str, *, within_s: float = SHORT_PASS_S) -> Erasure | None:
    """Look everywhere for what is left of the subjects and delete it; the erasure as it is then, None if it has to
    go on, for lack of time.

    Each step may be repeated. A pass that finds nothing, later than any function that began before the erasure can
    still be writing, makes it done. What SNS holds goes after the data; raises EndpointsOpen, all else being done and
    noted, if it refuses.
    """
    until_ticks = clock.ticks_s() + within_s
    (erasure,) = read(Erasure.key(hashed_id))
    if erasure is None:
        return None
    found: Counter[str] = Counter()
    spared = {subject for subject in erasure.subjects if _is_spared(erasure, subject)}
    is_all, kept = True, None
    for subject in sorted(erasure.subjects - spared):
        try:
            count, is_whole = _forget(erasure, subject, until_ticks)
            found, is_all = found + count, is_all and is_whole
        except s3.NotDeleted as fault:  # raised again below: what S3 keeps of one stops no other
            is_all, kept = False, fault
    found["endpoints"], refusal = _close_endpoints(erasure)
    _note(erasure, found, is_all=is_all and not spared and refusal is None)
    if kept is not None:
        raise kept
    if refusal is not None:
        raise EndpointsOpen from refusal
    return erasure if is_all else None


def _is_spared(erasure: Erasure, subject: str) -> bool:
    """Whether something is there that may still end by itself."""
    kinds = [kind for kind in catalogue.RECORDS if kind.pk_prefix == keys.kind_of(subject)]
    until = erasure.begun + max((kind.spared_for for kind in kinds), default=timedelta(0))
    return clock.now() < until and any(raw_partition(Item, subject))


def _forget(erasure: Erasure, subject: str, until_ticks: float) -> tuple[Counter[str], bool]:
    """The items there were of it, and whether that was all."""
    kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
    commit(remove(DataKey.key(subject_id)))
    items = list(raw_partition(Item, subject))
    _follow_pointers(erasure, subject_id, items)
    objects, is_all = _forget_objects(erasure, kind, subject_id, items, until_ticks)
    # The rows go last: they say where objects lie.
    count = _forget_items(items, until_ticks) if is_all else 0
    return Counter(items=count, objects=objects), is_all and count == len(items)


def _forget_items(items: list[RawItem], until_ticks: float) -> int:
    for count in range(0, len(items), _ITEMS_OF_A_PAGE):
        if clock.ticks_s() >= until_ticks:
            return count
        delete_raw(Item, items[count : count + _ITEMS_OF_A_PAGE])
    return len(items)


def _follow_pointers(erasure: Erasure, subject_id: str, items: list[RawItem]) -> None:
    """Objects and endpoints that rows point to go, or are noted in the ledger, before the rows are deleted."""
    pointers = [pointer for item in items for pointer in _pointers(item)]
    for noted, kind in (("kept", FISCAL), ("open_endpoints", PUSH_ENDPOINT), ("subjects", SUBJECT)):
        found = {value for what, value in pointers if what == kind}
        if found:
            commit(change(erasure, getattr(Erasure, noted).add(found)), *_in_sight(erasure))
            setattr(erasure, noted, (getattr(erasure, noted) or set()) | found)
    rows = [keys.raw_of(value) for what, value in pointers if what == ROW]
    delete_raw(Item, [row for row in rows if not _holders_of(row)])
    for row in filter(_holders_of, rows):
        _forget_held(row, subject_id)


def _holders_of(row: RawItem) -> list[str]:
    """The attributes that name the subject to which such a row belongs."""
    tags = tags_of(catalogue.kind_of(Item, row))
    return [name for name, tag in tags.items() if tag.points_to == HOLDER]


def _forget_held(row: RawItem, subject_id: str) -> None:
    """Delete it, unless it has passed to somebody else."""
    kind = catalogue.kind_of(Item, row)
    (name,) = _holders_of(row)
    holder = getattr(kind, name)
    is_own = holder.does_not_exist() | (holder == subject_id)
    with suppress(NothingToDo):
        commit(remove(Key(kind, row["pk"]["S"], row["sk"]["S"]), when=is_own, otherwise=NothingToDo))


def _in_sight(erasure: Erasure) -> tuple[Write, ...]:
    """One that was done long ago, of which a restored table brought something back, may be out of the clock's sight."""
    return (put(OpenErasure.new("", erasure.pk_id, next_at=clock.now_s())),) if erasure.state == DONE else ()


def _pointers(item: RawItem) -> list[tuple[str, str]]:
    # What a kind that nobody knows points to would be left behind in silence.
    tags = tags_of(catalogue.kind_of(Item, item))
    named = [(tag.points_to, item[name]) for name, tag in tags.items() if tag.points_to and name in item]
    found = [(what, value) for what, raw in named for value in raw.get("SS") or [raw["S"]]]
    # Who holds the phone next may be given the endpoint's name before it is closed: its row is named after its holder.
    holder = f"{keys.id_of(item['pk']['S'])} {keys.first_id_of(item['sk']['S'])}"
    return [(what, f"{value} {holder}" if what == PUSH_ENDPOINT else value) for what, value in found]


def _close_endpoints(erasure: Erasure) -> tuple[int, Exception | None]:
    """Have SNS forget what the rows pointed to: how many there were, and what it said of those that stay noted."""
    closed: set[str] = set()
    count, refusal = 0, None
    for endpoint in sorted(erasure.open_endpoints or ()):
        try:
            count += sns.close_endpoint_of(*endpoint.split(" ", 1))
            closed.add(endpoint)
        except Exception as fault:  # one that is refused keeps no other open
            refusal = fault
    if closed:
        commit(change(erasure, Erasure.open_endpoints.delete(closed)))
    return count, refusal


def _forget_objects(
    erasure: Erasure, kind: str, subject_id: str, items: list[RawItem], until_ticks: float
) -> tuple[int, bool]:
    """How many there were, and whether these were all."""
    prefixes = [prefix for prefix in catalogue.PREFIXES if prefix.subject == kind]
    count = sum(_abandon(prefix, subject_id) for prefix in prefixes if prefix.in_parts)
    folders = [folder for prefix in prefixes for folder in _folders(prefix, erasure, items)]
    deleted, is_all = s3.delete_pages(_keys_below(folders, subject_id), until_ticks=until_ticks)
    return count + deleted, is_all


def _abandon(prefix: Prefix, subject_id: str) -> int:
    # What is not complete is no object yet, but its parts are stored, and would become one.
    return s3.abandon(prefix.root, lambda key: prefix.parse_key(key)[0] == subject_id)


def _folders(prefix: Prefix, erasure: Erasure, items: list[RawItem]) -> list[str]:
    """The days or hours below which something of the subject may lie.

    Of what is uploaded by ticket these are the hours with a ticket, and those that objects are named in. The rows that
    say so go in the first pass; but what comes later comes on a ticket of the last hour before the tombstone, or one
    that a function still gave out while it was set.
    """
    if prefix.is_endless:
        return [prefix.day(erasure.begun)]
    if not prefix.by_ticket:
        return list(s3.folders(prefix.root))
    noted = upload_hours.hours_among(prefix, items)
    late = prefix.stamps(erasure.begun - LONGEST_TICKET, erasure.begun + LONGEST_FUNCTION)
    named = {prefix.stamp_of(value) for item in items for what, value in _pointers(item) if what == OBJECT}
    return [f"{prefix.root}{stamp}/" for stamp in sorted(noted.union(late, named) - {""})]


def _keys_below(folders: list[str], subject_id: str) -> Iterator[list[str]]:
    for folder in folders:
        for page in s3.pages(f"{folder}{subject_id}/"):
            yield [stored.key for stored in page]


def _note(erasure: Erasure, found: Counter[str], *, is_all: bool) -> None:
    # A repeat after a lost reply must not count twice, nor two passes at the same time what only one of them deleted.
    as_read = Erasure.passes == int(erasure.passes)
    clean = is_all and not found.total()
    late_enough = clock.now() >= erasure.begun + LONGEST_FUNCTION
    if erasure.state == ERASING and clean and late_enough:
        done = change(
            erasure, Erasure.passes.add(1), when=as_read, otherwise=Unavailable, state=DONE, done_at=clock.now_s()
        )
        commit(done)
        return
    counts = [getattr(Erasure, name).add(count) for name, count in found.items() if count]
    commit(change(erasure, Erasure.passes.add(1), *counts, when=as_read, otherwise=Unavailable))


def schedule_next_pass(erasure: Erasure) -> None:
    """Put a finished erasure off to its next pass, or out of sight after the last."""
    open_row = OpenErasure.new("", erasure.pk_id)
    later = [erasure.begun + wait for wait in LATER_PASSES if erasure.begun + wait > clock.now()]
    if later:
        commit(change(open_row, next_at=clock.epoch_s(later[0])))
    else:
        commit(remove(open_row))
