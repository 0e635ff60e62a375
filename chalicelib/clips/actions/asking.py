"""Somebody asks for a clip of what was recorded (B5)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib import clock, ids, mp4
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.aws import s3
from chalicelib.clips import shapes
from chalicelib.clips.actions import sources
from chalicelib.clips.records import CLIPS, WORKING, Clip
from chalicelib.clips.rules import bounds, boxes
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.instants import ms_of
from chalicelib.playback.actions import channels
from chalicelib.recordings.actions.readable import RecordedDevice, Segment
from chalicelib.store.commit import commit_and_answer, create

# Each is a call; most clips have one init, which says nothing of a change. What lies behind shows while it is made.
_MOST_INITS = 4


def ask_for_clip(
    caller: Caller, granted: DeviceAccess, of: RecordedDevice, body: shapes.AskClip
) -> shapes.AskedClip:
    """Begin to make one; the owner can read who asked.

    Raises NotFound, NothingRecorded, ClipRangeInvalid, ClipCrossesChange, ClipTooLarge, TooManyClips.
    """
    if not granted.covers(body.channel):
        raise NotFound("channel")
    bounds.require_range(body.from_, body.to)
    now = clock.now()
    from_ms, to_ms = ms_of(body.from_), ms_of(body.to)
    segments = sources.found(of, body.channel, from_ms, to_ms)
    channels.require_recorded(granted, body.channel, segments)
    _require_one_file(segments)
    _require_few(of.device_id, granted.known_by, now)
    sort_id = _stamp(now) + ids.new_id()
    clip = Clip.new(
        of.device_id,
        sort_id,
        viewer=granted.known_by,
        asked_at=clock.epoch_s(now),
        channel=body.channel,
        state=WORKING,
        video=f"{CLIPS.of(now, of.device_id)}{sort_id}.mp4",
        from_ms=from_ms,
        to_ms=to_ms,
        **sources.limits(segments, clock.epoch_s(now)),
    )
    activity_row = access.record_act(caller, granted, "clip_asked_for", body.channel)
    return commit_and_answer(create(clip), activity_row, answer=shapes.AskedClip(clip_id=sort_id))


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}-"


def _require_few(device_id: str, viewer: str, now: datetime) -> None:
    """So many at once of a device, and so many a day of whoever asks: nobody uses up another's. Raises TooManyClips."""
    lately = Clip.list_of(device_id, first=_stamp(now - timedelta(days=1))).items
    since = clock.epoch_s(now - bounds.GIVEN_UP_AFTER)
    if sum(one.state == WORKING and one.asked_at > since for one in lately) >= bounds.AT_ONCE:
        raise bounds.TooManyClips(retry_after_seconds=60)
    own = [one for one in lately if one.viewer == viewer]
    if len(own) >= bounds.A_DAY:
        left = int(own[0].asked_at + timedelta(days=1).total_seconds()) - clock.now_s()
        raise bounds.TooManyClips(retry_after_seconds=max(1, left))


def _require_one_file(segments: Sequence[Segment]) -> None:
    """Raises ClipTooLarge, ClipCrossesChange."""
    if (beyond := sources.too_large_from(segments)) is not None:
        raise bounds.ClipTooLarge(at=clock.rfc3339(beyond.start))
    first: dict[str, Segment] = {}
    for one in segments:
        if one.init is not None:
            first.setdefault(one.init.object_key, one)
    if len(first) < 2:
        return
    before = None
    for object_key, segment in list(first.items())[:_MOST_INITS]:
        picture = boxes.picture_in(s3.first_bytes(object_key, mp4.MOST_INIT_BYTES) or b"")
        if None not in (before, picture) and picture != before:
            raise bounds.ClipCrossesChange(at=clock.rfc3339(segment.start))
        before = picture or before
