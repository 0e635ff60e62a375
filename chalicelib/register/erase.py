"""Forgetting a subject: everything in its partitions and prefixes, and what they point to; it names no house."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.aws import bucket, keys, push
from chalicelib.aws.bucket import LONGEST_TICKET
from chalicelib.aws.commit import change, commit, remove
from chalicelib.aws.table import Item, delete_raw, raw_partition, read
from chalicelib.errors import Unavailable
from chalicelib.register import catalogue, upload_hours
from chalicelib.register.erasures import DONE, ERASING, Erasure, OpenErasure
from chalicelib.register.prefixes import Prefix
from chalicelib.register.tags import tags_of
from chalicelib.register.vaults import VaultKey

# A function that began before the tombstone may write until its time-out; then nobody does.
LONGEST_FUNCTION = timedelta(seconds=60)
# An upload ticket lives an hour; a day is for whatever was forgotten.
LATER_PASSES = (timedelta(hours=1), timedelta(hours=24))

PUSH_ENDPOINT, FISCAL, ROW, OBJECT = "push endpoint", "fiscal", "row", "object"


def due() -> list[str]:
    """The hashed ids of the erasures whose next pass is due."""
    return [row.place_id for row in _due()]


def oldest_s() -> int:
    """For how many seconds the oldest erasure has been open and not done; 0 if there is none.

    Until it is done its pass is due from the moment it began. One that is done counts only while a later pass fails,
    from when that was due.
    """
    return max((clock.now_s() - int(row.next_at) for row in _due()), default=0)


def _due() -> list[OpenErasure]:
    now = clock.now_s()
    return [row for row in OpenErasure.list_of("").items if row.next_at <= now]


def make_pass(hashed_id: str) -> Erasure | None:
    """Look everywhere for what is left of the subjects and delete it; the erasure as it stands then.

    Each step may be repeated. A pass that finds nothing, later than any function that began before the erasure can
    still be writing, makes it done.
    """
    (erasure,) = read(Erasure.key(hashed_id))
    if erasure is None:
        return None
    found: Counter[str] = Counter()
    spared = {subject for subject in erasure.subjects if _is_spared(erasure, subject)}
    for subject in sorted(erasure.subjects - spared):
        found += _forget(erasure, subject)
    _note(erasure, found, is_all=not spared)
    return erasure  # type: ignore[no-any-return]


def _is_spared(erasure: Erasure, subject: str) -> bool:
    """Whether something stands there that may still end by itself."""
    kinds = [kind for kind in catalogue.RECORDS if kind.partition == keys.kind_of(subject)]
    until = erasure.begun + max((kind.spared_for for kind in kinds), default=timedelta(0))
    return clock.now() < until and any(raw_partition(Item, subject))


def _forget(erasure: Erasure, subject: str) -> Counter[str]:
    kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
    commit(remove(VaultKey.key(subject_id)))
    items = list(raw_partition(Item, subject))
    endpoints = _follow_pointers(erasure, items)
    objects = _forget_objects(erasure, kind, subject_id, items)
    return Counter(items=delete_raw(Item, items), objects=objects, endpoints=endpoints)


def _follow_pointers(erasure: Erasure, items: list[dict[str, Any]]) -> int:
    """What the rows point to goes, or is noted as kept, before the rows that know of it are deleted."""
    pointers = [pointer for item in items for pointer in _pointers(item)]
    kept = {value for what, value in pointers if what == FISCAL}
    if kept:
        commit(change(erasure, Erasure.kept.add(kept)))
        erasure.kept = (erasure.kept or set()) | kept
    delete_raw(Item, [keys.raw_of(value) for what, value in pointers if what == ROW])
    endpoints = {value for what, value in pointers if what == PUSH_ENDPOINT}
    for arn in endpoints:
        push.close_endpoint(arn)
    return len(endpoints)


def _pointers(item: dict[str, Any]) -> list[tuple[str, str]]:
    # What a kind that nobody knows points to would be left behind in silence.
    tags = tags_of(catalogue.kind_of(Item, item))
    return [(tag.points_to, item[name]["S"]) for name, tag in tags.items() if tag.points_to and name in item]


def _forget_objects(erasure: Erasure, kind: str, subject_id: str, items: list[dict[str, Any]]) -> int:
    prefixes = [prefix for prefix in catalogue.PREFIXES if prefix.subject == kind]
    count = sum(_abandon(prefix, subject_id) for prefix in prefixes if prefix.in_parts)
    folders = [folder for prefix in prefixes for folder in _folders(prefix, erasure, items)]
    return count + sum(_forget_below(f"{folder}{subject_id}/") for folder in folders)


def _abandon(prefix: Prefix, subject_id: str) -> int:
    # What is not complete is no object yet, but its parts are stored, and would become one.
    return bucket.abandon(prefix.root, lambda key: prefix.cut(key)[0] == subject_id)


def _folders(prefix: Prefix, erasure: Erasure, items: list[dict[str, Any]]) -> list[str]:
    """The days or hours below which something of the subject may lie.

    Of what is uploaded by ticket these are the hours with a ticket, and those that objects are named in. The rows that
    say so go in the first pass; but what comes later comes on a ticket of the last hour before the tombstone, or one
    that a function still gave out while it was set.
    """
    if prefix.is_endless:
        return [prefix.day(erasure.begun)]
    if not prefix.by_ticket:
        return list(bucket.folders(prefix.root))
    noted = upload_hours.hours_among(prefix, items)
    late = prefix.stamps(erasure.begun - LONGEST_TICKET, erasure.begun + LONGEST_FUNCTION)
    named = {prefix.stamp_of(value) for item in items for what, value in _pointers(item) if what == OBJECT}
    return [f"{prefix.root}{stamp}/" for stamp in sorted(noted.union(late, named) - {""})]


def _forget_below(where: str) -> int:
    return bucket.delete([stored.key for stored in bucket.below(where)])


def _note(erasure: Erasure, found: Counter[str], *, is_all: bool) -> None:
    # A repeat after a lost reply must not count twice, nor two passes at once what only one of them deleted.
    as_read = {"when": Erasure.passes == int(erasure.passes), "otherwise": Unavailable}
    clean = is_all and not found.total()
    late_enough = clock.now() >= erasure.begun + LONGEST_FUNCTION
    if erasure.state == ERASING and clean and late_enough:
        commit(change(erasure, Erasure.passes.add(1), **as_read, state=DONE, done_at=clock.now_s()))
        return
    counts = [getattr(Erasure, name).add(count) for name, count in found.items() if count]
    commit(change(erasure, Erasure.passes.add(1), *counts, **as_read))


def look_again(erasure: Erasure) -> None:
    """Put a finished erasure off to its next pass, or out of sight after the last."""
    open_row = OpenErasure.new("", erasure.partition_id)
    later = [erasure.begun + wait for wait in LATER_PASSES if erasure.begun + wait > clock.now()]
    if later:
        commit(change(open_row, next_at=clock.epoch_s(later[0])))
    else:
        commit(remove(open_row))
