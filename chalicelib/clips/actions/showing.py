"""Clips are shown to whoever asked for them: how far they are, and a link; and files that nobody may see go."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.aws import s3
from chalicelib.clips import shapes
from chalicelib.clips.actions import sources
from chalicelib.clips.records import CLIPS, FAILED, READY, WORKING, Clip
from chalicelib.clips.rules import bounds
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.instants import at_ms
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings.actions.readable import RecordedDevice, recorded_device
from chalicelib.register.sweep import overdue_s, sweep_expired
from chalicelib.store.commit import commit, remove
from chalicelib.store.records import read_all

# Of the 29 seconds that the job may take.
BUDGET_S = 20


def clip_of(caller: Caller, granted: DeviceAccess, of: RecordedDevice, clip: Clip) -> shapes.Clip:
    """The clip, and a link once it is there: that somebody was given one is recorded before. Raises NotFound."""
    if not may_show(of, clip):
        raise NotFound
    if clip.state != READY:
        return _described(clip, None)
    commit(access.record_act(caller, granted, "clip_downloaded", clip.channel))
    return _described(clip, s3.link(clip.video, until=clock.at_epoch(clip.until), content_type=bounds.MP4))


def may_show(of: RecordedDevice, clip: Clip) -> bool:
    """Whether the plan shows what it was made from, of which nothing was deleted since."""
    return _is_kept(clip, of.shown) and not _is_deleted(of, clip)


def _is_kept(clip: Clip, spans: plans.Spans) -> bool:
    # Of clips of before no more is known than that all of it was there when they were asked for.
    last = clip.asked_at if clip.arrived_to is None else clip.arrived_to
    return any(one.has_all(int(clip.arrived_from), int(last)) for one in spans)


def _is_deleted(of: RecordedDevice, clip: Clip) -> bool:
    return of.deleted_since(clip.asked_at).has(sources.whole(clip))


def _described(clip: Clip, url: str | None) -> shapes.Clip:
    at = None if clip.problem_ms is None else at_ms(clip.problem_ms)
    return shapes.Clip(
        clip_id=clip.sort_id,
        state=FAILED if _is_given_up(clip) else clip.state,
        channel=clip.channel,
        from_=at_ms(clip.from_ms),
        to=at_ms(clip.to_ms),
        until=clock.at_epoch(clip.until),
        url=url,
        size_bytes=None if clip.size_bytes is None else int(clip.size_bytes),
        duration_ms=None if clip.duration_ms is None else int(clip.duration_ms),
        problem=None if clip.problem is None else shapes.ClipProblem(code=clip.problem, at=at),
    )


def _is_given_up(clip: Clip) -> bool:
    """Whether its function was ended again and again, so that it has said nothing."""
    return clip.state == WORKING and clock.at_epoch(clip.asked_at) < clock.now() - bounds.GIVEN_UP_AFTER


# The clock


def delete_unreadable_clips() -> int:
    """Delete the files that nobody may see any more, nor if a plan is renewed, though their day is not over; how many.
    What there is no time for is for the next run."""
    until_ticks, count = clock.ticks_s() + BUDGET_S, 0
    for page in s3.pages(CLIPS.root):
        if clock.ticks_s() >= until_ticks:
            break
        count += _delete_unreadable([stored.key for stored in page])
    return count


def _delete_unreadable(object_keys: list[str]) -> int:
    """The rows go first: a file without one is found by the next run."""
    named = {one: CLIPS.parse_key(one) for one in object_keys}
    clip_keys = {one: Clip.key(device_id, name.removesuffix(".mp4")) for one, (device_id, name) in named.items()}
    devices = {device_id for device_id, _ in named.values()}
    found = read_all((*clip_keys.values(), *(key for device_id in devices for key in access.keys_of(device_id))))
    held = {one: recorded_device(found, one) for one in devices}
    gone = [one for one, key in clip_keys.items() if _is_unreadable(held[named[one][0]], found[key])]
    for one in gone:
        commit(remove(clip_keys[one]))
    return s3.delete(gone)


def _is_unreadable(of: RecordedDevice | None, clip: Clip | None) -> bool:
    """A file of an ended ownership is its erasure's to delete, and to count."""
    if of is None:
        return False
    return clip is None or _is_deleted(of, clip) or not _is_kept(clip, of.stored)


def sweep_expired_clips() -> int:
    """Delete the files whose day is over; how many."""
    return sweep_expired(CLIPS)


def figures() -> dict[str, object]:
    """For how many seconds the oldest stored file should have been gone; 0 if none."""
    return {"left_seconds": overdue_s(CLIPS)}
