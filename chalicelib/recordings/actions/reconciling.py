"""Reconciling rows of days with what S3 lists: no segment outside its day's row, no row without a segment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.aws import s3
from chalicelib.aws.s3 import Stored
from chalicelib.recordings.actions import days, listing, tidying
from chalicelib.recordings.actions.readable import recorded_device
from chalicelib.recordings.records import VIDEO, RecordingDay
from chalicelib.recordings.rules import quarters
from chalicelib.recordings.rules.quarters import Quarters
from chalicelib.recordings.rules.segments import Segment, without_doubles
from chalicelib.recordings.rules.uploads import Part, joined, parse_key
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, read_all

# Of the 300 seconds that the job may take: each row that it makes depends on its device being there.
BUDGET_S = 240
# Of what came so lately the news may be on its way.
NEWS_TAKE = timedelta(minutes=2)
# What came before was there in the two runs before this one, of which the one may have failed.
NEW_FOR = timedelta(minutes=35)
# A ticket of yesterday is used until now.
_YESTERDAY_UNTIL = timedelta(hours=2)

# S3's event of an upload and its listing need not name the same second.
_STAMPS_DIFFER_S = 2

# A channel, and a day that it filmed on.
Filmed = tuple[str, str]


def reconcile_days() -> dict[str, int]:
    """Count anew every row that does not agree with what was let in today, without what may not stay of it; how many
    devices were looked at, and rows counted anew. What there is no time for is looked at later: each run begins
    somewhere else.

    Looked at are devices that brought something lately: an arrival that nobody counted is what makes a row wrong, for
    whoever deletes counts anew what he deleted from. Four times a day all are.
    """
    until_ticks, counts = clock.ticks_s() + BUDGET_S, {"devices": 0, "counted_anew": 0}
    thorough = _is_thorough()
    for device_id, stored in _devices():
        if clock.ticks_s() >= until_ticks:
            return counts | {"left": 1}
        if thorough or _brought_something(stored):
            counts["devices"] += 1
            counts["counted_anew"] += _reconcile(device_id, stored, thorough=thorough)
    return counts


def _brought_something(stored: list[Stored]) -> bool:
    now = clock.now()
    return any(now - NEW_FOR <= one.modified_at < now - NEWS_TAKE for one in stored)


def _devices() -> Iterator[tuple[str, list[Stored]]]:
    """Objects that were let in today, class by class and device by device."""
    now = clock.now()
    for prefix in ids.shuffled(VIDEO.values()):
        for let_in in dict.fromkeys((prefix.stamp(now - _YESTERDAY_UNTIL), prefix.stamp(now))):
            begin = f"{prefix.root}{let_in}/"
            listed = _from_somewhere(begin)
            for device_id, stored in groupby(listed, key=lambda one: prefix.parse_key(one.key)[0]):
                yield device_id, list(stored)


def _from_somewhere(begin: str) -> Iterator[Stored]:
    """All that begins so, from a device on that is another one each time; what is a single page, or nothing at all, is
    asked for once."""
    somewhere = f"{begin}{ids.new_id()}"
    page, is_all = s3.first_page(begin)
    if is_all:
        yield from (one for one in page if one.key > somewhere)
        yield from (one for one in page if one.key <= somewhere)
        return
    yield from s3.below(begin, after=somewhere)
    yield from s3.below(begin, last=somewhere)


def _reconcile(device_id: str, stored: list[Stored], *, thorough: bool) -> int:
    """Its rows are read first, and alone where they agree: an erasure deletes them, so that nobody's agree no more.

    In a thorough run its device is read all the same: who was told of an arrival may have read that right before
    privacy mode was on.
    """
    by_day = _by_day(stored)
    rows = read_all(days.key_of(device_id, *filmed) for filmed in by_day)
    wrong = {filmed for filmed in by_day if not _agrees(rows, days.key_of(device_id, *filmed), by_day[filmed])}
    if by_day and not wrong and not thorough:
        return 0
    of = recorded_device(read_all(access.keys_of(device_id)), device_id)
    if of is None:
        _delete_left_behind(stored)
        return 0
    wrong |= {filmed for filmed, segments in by_day.items() if not all(map(of.may_stay, segments))}
    for channel, day in sorted(wrong):
        tidying.tidy_day(of, channel, day, map(_part_of, by_day[channel, day]))
    return len(wrong)


def _is_thorough() -> bool:
    """In the first quarter of every sixth hour: the job runs four times an hour."""
    now = clock.now()
    return now.hour % 6 == 0 and now.minute < 15


def _by_day(stored: list[Stored]) -> dict[Filmed, list[Segment]]:
    found: dict[Filmed, list[Segment]] = {}
    for segment in filter(None, map(listing.segment_of, stored)):
        found.setdefault((segment.channel, quarters.day_of(segment.start)), []).append(segment)
    return found


def _part_of(segment: Segment) -> Part:
    return parse_key(segment.object_key).part


def _agrees(found: Found, key: Key[RecordingDay], segments: list[Segment]) -> bool:
    """Whether a row knows of all that is listed, but for what the news of may be on its way; of a day that lies in one
    part, also that it knows of nothing else."""
    row, settled = found[key], _settled(segments)
    if row is None:
        return not settled
    if settled and row.until + _STAMPS_DIFFER_S < max(clock.epoch_s(one.until) for one in settled):
        return False  # the last was uploaded again: it is counted, and kept for longer
    part = _joined(segments)
    known = {one.where: one for one in days.parts_of(row)}
    if settled and not _is_known(_joined(settled), known):
        return False
    counted = days.quarters_of(row)
    least = Quarters().with_all(without_doubles(settled))
    most = Quarters().with_all(without_doubles(segments)) if set(known) <= {part.where} else None
    return counted.holds(least) and (most is None or most.holds_bytes(counted))


def _joined(segments: list[Segment]) -> Part:
    """Of one class and day."""
    of_each_ticket = {one.folder: one for one in segments}.values()
    (part,) = joined(map(_part_of, of_each_ticket))
    return part


def _is_known(part: Part, known: dict[tuple[int, str], Part]) -> bool:
    """Whether it would be listed: what came twice is counted once, and lies on two tickets."""
    own = known.get(part.where)
    return own is not None and own.first <= part.first and part.last <= own.last


def _settled(segments: list[Segment]) -> list[Segment]:
    return [one for one in segments if one.arrived < clock.now() - NEWS_TAKE]


def _delete_left_behind(stored: list[Stored]) -> None:
    """Nobody's any more: deleted on arrival, but where that failed."""
    s3.delete([one.key for one in stored if one.modified_at < clock.now() - NEWS_TAKE])
