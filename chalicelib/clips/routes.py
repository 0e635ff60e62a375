"""HTTP routes of clips."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.clips import shapes
from chalicelib.clips.actions import asking, showing
from chalicelib.clips.needs import ClipOf, FoundClip
from chalicelib.clips.rules import bounds
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.playback.rules.capabilities import NothingRecorded
from chalicelib.recordings.needs import Recordings, RecordingsOf

routes = RouteTable(__name__)
_TAG = "recordings"


@routes.post(
    "/devices/{device_id}/recordings/clips",
    who=Who.PERSON,
    needs=RecordingsOf("playback"),
    asks=shapes.AskClip,
    answers=shapes.AskedClip,
    status=202,
    refuses=(
        NotFound, access.RightMissing, NothingRecorded, bounds.ClipRangeInvalid, bounds.ClipCrossesChange,
        bounds.ClipTooLarge, bounds.TooManyClips,
    ),
    example={"channel": "1", "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T08:30:00Z"},
    tag=_TAG,
)  # fmt: skip
def ask_for_clip(caller: Caller, recordings: Recordings, body: shapes.AskClip) -> shapes.AskedClip:
    """Begin to make one MP4 file of at most half an hour of recordings. The owner can read who asked."""
    return asking.ask_for_clip(caller, recordings.device, recordings.of, body)


@routes.get(
    "/devices/{device_id}/recordings/clips/{clip_id}",
    who=Who.PERSON,
    needs=ClipOf(),
    answers=shapes.Clip,
    refuses=(NotFound, access.RightMissing),
    example={},
    tag=_TAG,
)
def get_clip(caller: Caller, found: FoundClip) -> shapes.Clip:
    """How far a clip is, and a link of five minutes once it is ready."""
    return showing.clip_of(caller, found.device, found.of, found.clip)
