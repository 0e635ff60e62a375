"""HTTP routes of playback."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.alarms.rules import DayInvalid
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound
from chalicelib.playback import shapes
from chalicelib.playback.actions import calendar, deleting, playing, showing
from chalicelib.playback.needs import NamedRecording, RecordingOf
from chalicelib.playback.rules import playlists
from chalicelib.playback.rules.calendars import MonthInvalid
from chalicelib.playback.rules.capabilities import (
    NothingRecorded,
    PlaylistCrossesChange,
    PlaylistTooLong,
    RangeInvalid,
)
from chalicelib.recordings.actions.deleting import TooManyDeletions
from chalicelib.recordings.needs import Recordings, RecordingsOf

routes = RouteTable(__name__)
_TAG = "recordings"


@routes.get(
    "/devices/{device_id}/recordings/days",
    who=Who.PERSON,
    needs=RecordingsOf("playback"),
    query=shapes.MonthSearch,
    answers=shapes.RecordedDays,
    refuses=(NotFound, access.RightMissing, MonthInvalid),
    example={"channel": "1"},
    tag=_TAG,
)
def list_recorded_days(
    caller: Caller, recordings: Recordings, search: shapes.MonthSearch
) -> shapes.RecordedDays:
    """The days of a month on which something was recorded and still stands."""
    return calendar.recorded_days(recordings.device, recordings.of, search)


@routes.get(
    "/devices/{device_id}/recordings",
    who=Who.PERSON,
    needs=RecordingsOf("playback"),
    query=shapes.RecordingSearch,
    answers=shapes.Recordings,
    refuses=(NotFound, access.RightMissing, DayInvalid),
    example={"channel": "1"},
    tag=_TAG,
)
def list_recordings(
    caller: Caller, recordings: Recordings, search: shapes.RecordingSearch
) -> shapes.Recordings:
    """The recordings of a device's day, newest first."""
    return showing.recordings_of_day(recordings.device, recordings.of, search)


@routes.get(
    "/devices/{device_id}/recordings/timeline",
    who=Who.PERSON,
    needs=RecordingsOf("playback"),
    query=shapes.DaySearch,
    answers=shapes.Timeline,
    refuses=(NotFound, access.RightMissing, DayInvalid),
    example={"channel": "1"},
    tag=_TAG,
)
def get_timeline(caller: Caller, recordings: Recordings, search: shapes.DaySearch) -> shapes.Timeline:
    """A device's day as an app draws it: spans that were recorded, and the alarms among them."""
    return showing.timeline(recordings.device, recordings.of, search)


@routes.post(
    "/devices/{device_id}/recordings/playlists",
    who=Who.PERSON,
    needs=RecordingsOf("playback"),
    asks=shapes.AskPlaylist,
    answers=shapes.Playlist,
    status=201,
    refuses=(
        NotFound, access.RightMissing, RangeInvalid, NothingRecorded, PlaylistCrossesChange, PlaylistTooLong,
    ),
    example={"channel": "1", "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z"},
    tag=_TAG,
)  # fmt: skip
def make_playlist(caller: Caller, recordings: Recordings, body: shapes.AskPlaylist) -> shapes.Playlist:
    """An HLS playlist of recordings between two moments, at most a day apart, at an address that is good for six hours.
    The owner can read who looked."""
    return playing.make_playlist(caller, recordings.device, recordings.of, body)


@routes.get(
    "/devices/{device_id}/recordings/{recording_id}",
    who=Who.PERSON,
    needs=RecordingOf("playback"),
    answers=shapes.Recording,
    refuses=(NotFound, access.RightMissing),
    example={},
    tag=_TAG,
)
def get_recording(caller: Caller, found: NamedRecording) -> shapes.Recording:
    """The recording that an id names: the one with that moment in it, or the next of the same channel on that day."""
    return showing.find(found.device, found.of, found.recording_id).described()


@routes.delete(
    "/devices/{device_id}/recordings/{recording_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=RecordingOf("owner"),
    refuses=(NotFound, access.RightMissing, TooManyDeletions),
    example={},
    tag=_TAG,
)
def delete_recording(caller: Caller, found: NamedRecording) -> None:
    """Delete one recording: unreadable at once, gone within minutes, and kept out if parts of it come late."""
    deleting.delete_one(caller, found.device, found.of, found.recording_id)


@routes.delete(
    "/devices/{device_id}/recordings",
    who=Who.PERSON,
    before_agreement=True,
    needs=RecordingsOf("owner"),
    asks=shapes.DeleteRecordings,
    refuses=(NotFound, access.RightMissing, RangeInvalid, TooManyDeletions),
    example={},
    tag=_TAG,
)
def delete_recordings(caller: Caller, recordings: Recordings, body: shapes.DeleteRecordings) -> None:
    """Delete what was recorded in a span, of one channel or of all, up to now at most: unreadable at once, gone within
    minutes, and kept out if parts of it come late."""
    deleting.delete_span(caller, recordings.device, recordings.of, body)


@routes.get(
    "/recordings/{playback}/playlist.m3u8",
    who=Who.ANYONE,
    media_type=playlists.MEDIA_TYPE,
    status=200,
    refuses=(NotFound, NothingRecorded),
    example={},
    tag=_TAG,
)
def get_playlist(visitor: Visitor, playback: str) -> str:
    """The HLS playlist of what still stands of the recordings that it was made for."""
    return playing.playlist(playback)


@routes.get(
    "/recordings/{playback}/media/{media_path}",
    who=Who.ANYONE,
    status=302,
    refuses=(NotFound,),
    example={},
    tag=_TAG,
)
def get_media(visitor: Visitor, playback: str, media_path: str) -> str:
    """Leads to one object of the playlist."""
    return playing.media(playback, media_path)
