"""Playing back: a playlist behind an address that holds while whoever asked for it may look, and links to its parts."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import groupby

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device
from chalicelib.aws import s3
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.instants import ms_of
from chalicelib.plans.actions import ledgers as plans
from chalicelib.playback import shapes
from chalicelib.playback.actions import changes, channels
from chalicelib.playback.rules import capabilities, paths, playlists
from chalicelib.playback.rules.capabilities import Capability, NothingRecorded, PlaylistCrossesChange, PlaylistTooLong
from chalicelib.playback.rules.paths import Location
from chalicelib.playback.rules.playlists import Piece
from chalicelib.recordings.actions import listing
from chalicelib.recordings.actions.readable import (
    RecordedDevice,
    Run,
    Segment,
    readable_segments,
    recorded_device,
    runs_of,
)
from chalicelib.settings import settings
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import commit_and_answer
from chalicelib.store.records import read_all

_PURPOSE = "playback"


def make_playlist(
    caller: Caller, granted: DeviceAccess, of: RecordedDevice, body: shapes.AskPlaylist
) -> shapes.Playlist:
    """An address for six hours; the owner can read who looked.

    Raises NotFound, NothingRecorded, RangeInvalid, PlaylistCrossesChange, PlaylistTooLong.
    """
    if not granted.covers(body.channel):
        raise NotFound("channel")
    begin, end = _to_the_ms(body.from_), _to_the_ms(body.to)
    capabilities.require_day(begin, end)
    segments = readable_segments(of, body.channel, begin, end)
    channels.require_recorded(granted, body.channel, segments)
    _require_playable(segments)
    until = clock.epoch_s(clock.now() + capabilities.LASTS)
    named = of.device_id, granted.account_id, body.channel
    capability = Capability(*named, ms_of(begin), ms_of(end), until)
    text = capability.with_proof(_proof(capability, granted.known_by))
    answer = shapes.Playlist(
        playlist_url=f"{settings.public_url}/recordings/{text}/playlist.m3u8", until=clock.at_epoch(until)
    )
    act = access.record_act(caller, granted, "played_back", body.channel)
    return commit_and_answer(act, answer=answer)


def _to_the_ms(at: datetime) -> datetime:
    return at - timedelta(microseconds=at.microsecond % 1000)


def _require_playable(segments: list[Segment]) -> None:
    """Raises PlaylistCrossesChange, PlaylistTooLong."""
    played = changes.of_first_kind(segments)
    if len(played) < len(segments):
        raise PlaylistCrossesChange(at=clock.rfc3339(segments[len(played)].start))
    if len(segments) > playlists.MOST_OBJECTS:
        raise PlaylistTooLong(at=clock.rfc3339(segments[playlists.MOST_OBJECTS].start))


# What players ask for, with nothing but the playlist's own address


def _proof(capability: Capability, known_by: str) -> str:
    """The part of an address that makes it a secret. Its second half is about the share, too, which the address does
    not name: with another share it is another's."""
    return _tag(capability) + crypto.keyed_hash(_PURPOSE, *capability.named, known_by)[: capabilities.HALF_A_PROOF]


def _tag(capability: Capability) -> str:
    """The first half, by which what others make up is known before anything is read."""
    return crypto.keyed_hash(_PURPOSE, *capability.named)[: capabilities.HALF_A_PROOF]


def _opened(text: str) -> tuple[Capability, RecordedDevice]:
    """The capability of an address, and its device, if whoever asked for it may still look; one consistent read. Raises
    NotFound."""
    capability, proof = capabilities.read(text) or (None, "")
    if capability is None or clock.now_s() >= capability.until:
        raise NotFound
    if not crypto.same(proof[: capabilities.HALF_A_PROOF], _tag(capability)):
        raise NotFound
    device_id, viewer_key = capability.device_id, ciphers.key_of(capability.viewer_id)
    found = read_all((*access.alive_keys_of(device_id), viewer_key, plans.key_of(device_id)))
    of = recorded_device(found, device_id)
    is_shown = found[viewer_key] is not None and access.is_shown_to(found, device_id, capability.viewer_id)
    known_by = _known_by(of.device, capability) if of is not None and is_shown else None
    if of is None or not of.shown or known_by is None:
        raise NotFound
    if not crypto.same(proof, _proof(capability, known_by)):
        raise NotFound
    return capability, of


def _known_by(device: Device, capability: Capability) -> str | None:
    """By what the viewer is known to the device; None where he may not look at the channel."""
    if capability.viewer_id == device.account_id:
        return device.account_id
    grant = access.grant_to(device, capability.viewer_id)
    return grant.share_id if grant is not None and grant.may("playback", capability.channel) else None


def playlist(text: str) -> str:
    """The HLS playlist of what stands now. Raises NotFound."""
    capability, of = _opened(text)
    segments = readable_segments(of, capability.channel, capability.begin, capability.end)
    shown = _by_path(changes.of_first_kind(segments[: playlists.MOST_OBJECTS]))
    if not shown:
        raise NothingRecorded
    pieces = {one.object_key: _piece(path, one) for path, one in shown.items()}
    runs = [part for run in runs_of(shown.values()) for part in _without_restarts(run)]
    return playlists.playlist([[pieces[one.object_key] for one in part] for part in runs])


def _without_restarts(run: Run) -> list[list[Segment]]:
    """No init tells that a transport stream begins anew, as its times then do; but a camera that does has lost its
    ticket. A player that begins anew where nothing did loses nothing by it."""
    if not run.segments[0].is_transport_stream:
        return [list(run.segments)]
    return [list(of_ticket) for _, of_ticket in groupby(run.segments, key=lambda one: one.folder)]


def _by_path(segments: list[Segment]) -> dict[str, Segment]:
    """Of two by the same path the first: their names differ only in the sizes of their fragments."""
    found: dict[str, Segment] = {}
    for one in segments:
        path = paths.of_object(one.object_key)
        if path not in found or one.object_key < found[path].object_key:
            found[path] = one
    return found


def _piece(path: str, segment: Segment) -> Piece:
    init = None if segment.init is None else paths.of_init(segment.init.object_key)
    return Piece(path, init, segment.start, segment.duration_ms, segment.fragments)


def media(text: str, path: str) -> str:
    """A fresh link to one object of the playlist. Raises NotFound."""
    location = paths.read(path)
    if location is None:
        raise NotFound
    capability, of = _opened(text)
    until = clock.at_epoch(capability.until)
    folder = _folder(location, capability)
    if location.is_init:  # it shows nothing, and has no time of its own
        return s3.link(f"{folder}{location.name}", until=until, content_type=listing.content_type_of(location.name))
    segment = _segment(folder, location, capability, of)
    content_type = listing.content_type_of(segment.name)
    return s3.link(segment.object_key, until=min(until, segment.until), content_type=content_type)


def _folder(location: Location, capability: Capability) -> str:
    device_id, channel = capability.device_id, capability.channel
    return listing.folder_of(device_id, channel, location.keep_days, location.let_in, location.ticket)


def _segment(folder: str, location: Location, capability: Capability, of: RecordedDevice) -> Segment:
    """One listing, of nothing but what begins as it does. Raises NotFound."""
    for stored in s3.below(f"{folder}{location.name}"):
        if location.is_of(stored.key.removeprefix(folder)):
            segment = listing.segment_of(stored)
            if segment is None:
                continue
            if segment.overlaps(capability.begin, capability.end) and of.may_show(segment):
                return segment
    raise NotFound
