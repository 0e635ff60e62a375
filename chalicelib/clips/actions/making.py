"""A function makes a clip: it copies what was recorded into one file, and uploads that while the device is alive."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from functools import partial
from pathlib import Path

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.aws import s3
from chalicelib.clips.actions import remuxing, showing, sources
from chalicelib.clips.actions.remuxing import CrossesChange, NothingReadable, Piece, Remuxed
from chalicelib.clips.records import FAILED, READY, WORKING, Clip
from chalicelib.clips.rules import bounds
from chalicelib.instants import at_ms, ms_of
from chalicelib.plans.actions import ledgers as plans
from chalicelib.recordings.actions.readable import RecordedDevice, Segment, recorded_device
from chalicelib.store.commit import change, commit
from chalicelib.store.records import read_all

# Of the 300 seconds that the function has, for what is copied; as long again takes no upload.
BUDGET_S = 150
_READ_BYTES = 8 * 1024 * 1024
_FOLDER = "clip-"
# So much older than one's own, a folder is of a function that was ended.
_LEFT_BEHIND_S = 900


class _Gone(Exception):
    """The device, its plan, or who asked for it has gone while it was made."""


class _TakesTooLong(Exception):
    """More is to be copied than a function has time for."""


def make_clip(device_id: str, sort_id: str) -> dict[str, object] | None:
    """Make it, unless it is there already; each step may be repeated. What is said of it in the log."""
    try:
        clip, of = _still_wanted(device_id, sort_id)
        segments = sources.found(of, clip.channel, clip.from_ms, clip.to_ms)
        if not segments:
            return _fail(clip, "NothingRecorded")
        if (beyond := sources.too_large_from(segments)) is not None:
            return _fail(clip, "ClipTooLarge", beyond.start)
        with tempfile.TemporaryDirectory(prefix=_FOLDER) as folder:
            _clear_left_behind(Path(folder))
            path = Path(folder, "clip.mp4")
            made = _remuxed(clip, segments, path)
            _upload(clip, path)
            return _finish(clip, segments, made, path.stat().st_size)
    except CrossesChange as change_found:
        return _fail(clip, "ClipCrossesChange", change_found.at)
    except NothingReadable:
        return _fail(clip, "MediaUnreadable")
    except _TakesTooLong:
        return _fail(clip, "ClipTooLarge")
    except _Gone:
        return None


def _still_wanted(device_id: str, sort_id: str) -> tuple[Clip, RecordedDevice]:
    """The clip, if it is to be made and may be seen by whoever asked for it; one consistent read. Raises _Gone."""
    where = Clip.key(device_id, sort_id)
    found = read_all((*access.alive_keys_of(device_id), where, plans.key_of(device_id)))
    of, clip = recorded_device(found, device_id), found[where]
    if of is None or clip is None or clip.state != WORKING:
        raise _Gone
    shares = [one for one in access.grants_of(of.device) if one.share_id == clip.viewer]
    is_shared = not access.is_restricted(found, device_id) and any(
        one.may("playback", clip.channel) for one in shares
    )
    may_look = clip.viewer == of.device.account_id or is_shared
    if not may_look or not showing.may_show(of, clip):
        raise _Gone
    return clip, of


def _remuxed(clip: Clip, segments: list[Segment], to: Path) -> Remuxed:
    ends_ticks = clock.ticks_s() + BUDGET_S
    pieces = [Piece(one.start, one.is_transport_stream, partial(_fetch, one, ends_ticks)) for one in segments]
    return remuxing.remux(pieces, at_ms(clip.from_ms), at_ms(clip.to_ms), to)


def _fetch(segment: Segment, ends_ticks: float, to: Path) -> bool:
    """Write the init, if there is one, and the segment into one file; whether both are there. Raises _TakesTooLong."""
    if clock.ticks_s() >= ends_ticks:
        raise _TakesTooLong
    object_keys = [segment.object_key] if segment.init is None else [segment.init.object_key, segment.object_key]
    with to.open("wb") as file:
        for object_key in object_keys:
            pieces = s3.chunks(object_key)
            if pieces is None:
                return False
            file.writelines(pieces)
    return True


def _clear_left_behind(own: Path) -> None:
    """A function that was ended in the midst has left its files on the disk that the next one is given."""
    begun = own.stat().st_mtime
    for other in own.parent.glob(f"{_FOLDER}*"):
        try:
            is_left_behind = other.stat().st_mtime < begun - _LEFT_BEHIND_S
        except FileNotFoundError:
            continue
        if is_left_behind:
            shutil.rmtree(other, ignore_errors=True)


def _upload(clip: Clip, path: Path) -> None:
    """Before each part, and before it is complete, it is asked whether it may still be. Raises _Gone."""
    s3.abandon(clip.video)
    upload = s3.Upload(clip.video, bounds.MP4)
    try:
        with path.open("rb") as file:
            while data := file.read(_READ_BYTES):
                _still_wanted(clip.pk_id, clip.sort_id)
                upload.write(data)
        _still_wanted(clip.pk_id, clip.sort_id)
    except _Gone:
        s3.abandon(clip.video)
        raise
    upload.complete()
    s3.abandon(clip.video)  # begun twice, if the first reply was lost


def _finish(clip: Clip, segments: list[Segment], made: Remuxed, size_bytes: int) -> dict[str, object]:
    """Raises _Gone."""
    is_ready = change(
        clip,
        otherwise=_Gone,
        state=READY,
        size_bytes=size_bytes,
        duration_ms=made.duration_ms,
        **sources.limits(segments, clip.asked_at),
    )
    try:
        commit(is_ready, *access.require_alive(clip.pk_id, otherwise=_Gone))
    except _Gone:
        s3.delete([clip.video])
        raise
    return {"size_bytes": size_bytes, "duration_ms": made.duration_ms, "unreadable": made.unreadable}


def _fail(clip: Clip, problem: str, at: datetime | None = None) -> dict[str, object] | None:
    problem_ms = None if at is None else ms_of(at)
    try:
        commit(change(clip, otherwise=_Gone, state=FAILED, problem=problem, problem_ms=problem_ms))
    except _Gone:
        return None
    return {"problem": problem}
