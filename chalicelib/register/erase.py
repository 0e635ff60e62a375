"""Forgetting a subject: everything in its partitions and prefixes, and what they point to; it names no house."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.aws import bucket, keys, push
from chalicelib.aws.commit import Write, change, commit, put, remove
from chalicelib.aws.table import Item, delete_raw, raw_partition, read
from chalicelib.errors import Unavailable
from chalicelib.register import catalogue
from chalicelib.register.erasures import DONE, ERASING, Erasure, OpenErasure
from chalicelib.register.prefixes import Prefix
from chalicelib.register.tags import tags_of
from chalicelib.register.vaults import VaultKey

# A function that began before the tombstone may write until its time-out; then nobody does.
LONGEST_FUNCTION = timedelta(seconds=60)
# An upload ticket lives an hour; a day is for whatever was forgotten.
LATER_PASSES = (timedelta(hours=1), timedelta(hours=24))

PUSH_ENDPOINT, FISCAL, ROW = "push endpoint", "fiscal", "row"


class EndpointsOpen(RuntimeError):
    """All data of an erasure is gone, and SNS does not forget a push endpoint of it: it is asked again."""


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
    still be writing, makes it done. What SNS holds goes after the data; raises EndpointsOpen, all else being done and
    noted, if it refuses.
    """
    (erasure,) = read(Erasure.key(hashed_id))
    if erasure is None:
        return None
    found: Counter[str] = Counter()
    spared = {subject for subject in erasure.subjects if _is_spared(erasure, subject)}
    for subject in sorted(erasure.subjects - spared):
        found += _forget(erasure, subject)
    found["endpoints"], refusal = _close_endpoints(erasure)
    _note(erasure, found, is_all=not spared and refusal is None)
    if refusal is not None:
        raise EndpointsOpen from refusal
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
    _follow_pointers(erasure, items)
    objects = _forget_objects(kind, subject_id)
    return Counter(items=delete_raw(Item, items), objects=objects)


def _follow_pointers(erasure: Erasure, items: list[dict[str, Any]]) -> None:
    """What the rows point to goes, or is noted in the ledger, before the rows that know of it are deleted."""
    pointers = [pointer for item in items for pointer in _pointers(item)]
    for noted, kind in (("kept", FISCAL), ("open_endpoints", PUSH_ENDPOINT)):
        found = {value for what, value in pointers if what == kind}
        if found:
            commit(change(erasure, getattr(Erasure, noted).add(found)), *_in_sight(erasure))
            setattr(erasure, noted, (getattr(erasure, noted) or set()) | found)
    delete_raw(Item, [keys.raw_of(value) for what, value in pointers if what == ROW])


def _in_sight(erasure: Erasure) -> tuple[Write, ...]:
    """One that was done long ago, of which a restored table brought something back, may be out of the clock's sight."""
    return (put(OpenErasure.new("", erasure.partition_id, next_at=clock.now_s())),) if erasure.state == DONE else ()


def _pointers(item: dict[str, Any]) -> list[tuple[str, str]]:
    # What a kind that nobody knows points to would be left behind in silence.
    tags = tags_of(catalogue.kind_of(Item, item))
    found = [(tag.points_to, item[name]["S"]) for name, tag in tags.items() if tag.points_to and name in item]
    # Who holds the phone next may be given the endpoint's name before it is closed: its row is named after its holder.
    holder = f"{keys.id_of(item['pk']['S'])} {keys.first_id_of(item['sk']['S'])}"
    return [(what, f"{value} {holder}" if what == PUSH_ENDPOINT else value) for what, value in found]


def _close_endpoints(erasure: Erasure) -> tuple[int, Exception | None]:
    """Have SNS forget what the rows pointed to: how many there were, and what it said of those that stay noted."""
    closed: set[str] = set()
    count, refusal = 0, None
    for endpoint in sorted(erasure.open_endpoints or ()):
        try:
            count += push.close_endpoint_of(*endpoint.split(" ", 1))
            closed.add(endpoint)
        except Exception as fault:  # one that is refused keeps no other open
            refusal = fault
    if closed:
        commit(change(erasure, Erasure.open_endpoints.delete(closed)))
    return count, refusal


def _forget_objects(kind: str, subject_id: str) -> int:
    return sum(_forget_below(prefix, subject_id) for prefix in catalogue.PREFIXES if prefix.subject == kind)


def _forget_below(prefix: Prefix, subject_id: str) -> int:
    # What is not complete is no object yet, but its parts are stored, and would become one.
    count = bucket.abandon(prefix.root, lambda key: prefix.cut(key)[0] == subject_id) if prefix.in_parts else 0
    # On every day that there is, whatever should have been deleted of it long ago.
    for day in bucket.folders(prefix.root):
        count += bucket.delete([stored.key for stored in bucket.below(f"{day}{subject_id}/")])
    return count


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
