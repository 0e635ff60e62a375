"""Whoever asked for a clip sees how far it is, and downloads it."""

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
from chalicelib.recordings.actions.readable import RecordedDevice
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.store.commit import commit


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
    since = of.kept_since
    if since is None or clip.arrived_from < since:
        return False
    source = sources.whole(clip)
    return not any(mark.at_s >= clip.asked_at and mark.covers(source) for mark in of.marks)


def _described(clip: Clip, url: str | None) -> shapes.Clip:
    at = None if clip.problem_ms is None else sources.at_ms(clip.problem_ms)
    return shapes.Clip(
        clip_id=clip.sort_id,
        state=FAILED if _is_given_up(clip) else clip.state,
        channel=clip.channel,
        from_=sources.at_ms(clip.from_ms),
        to=sources.at_ms(clip.to_ms),
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


def sweep_expired_clips() -> int:
    """Delete the files whose day is over; how many."""
    return sweep_expired(CLIPS)


def oldest_clip_s() -> int:
    """Age of the oldest stored file, in seconds; 0 if there is none."""
    return oldest_s(CLIPS)
