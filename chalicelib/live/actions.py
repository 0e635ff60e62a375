"""Asking a camera for live video, letting it in, and showing it while it is allowed (B4)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.aws import bucket, crypto
from chalicelib.aws.bucket import Ticket
from chalicelib.aws.commit import Write, absent, change, commit, done, put, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.commands import actions as commands
from chalicelib.commands.records import Command
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.cameras import Camera
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.records import Device
from chalicelib.devices.shapes import Lan
from chalicelib.errors import NotFound, TooMany, Unavailable
from chalicelib.live import rules, shapes
from chalicelib.live.records import PIECES, Live
from chalicelib.register import upload_hours
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.sessions.actions.standing import Caller
from chalicelib.settings import settings
from chalicelib.sharing.actions import standing as shares

# A camera that has not heard of it by then has nobody left to show anything to.
_CALLED_WITHIN = timedelta(minutes=1)
# A camera's clock may be a little behind, and a piece takes a moment to arrive.
_BEHIND = timedelta(seconds=30)
_TRIES = 2  # six AWS calls in all


class TooManyViews(TooMany):
    en = "Too many people are watching this camera now."
    pl = "Zbyt wiele osób ogląda teraz tę kamerę."


# Who may look: asked once when it begins, and with every piece


def _shown_to(caller: Caller, channel: str) -> Opened:
    """The device, if the caller may look at it now; raises NotFound, RightMissing, PrivacyModeOn."""
    opened = devices.allowed(caller, "live", channel)
    if channel not in {one["id"] for one in opened.device.channels or []}:
        raise NotFound
    if opened.is_private:
        raise devices.PrivacyModeOn
    return opened


def _may_still_look(device: Device, live: Live) -> bool:
    """Read consistently with each request: what was allowed when it began may be over. Privacy mode ends every view."""
    if devices.is_private(device) or devices.became_private_since(device, int(live.started_at)):
        return False
    return live.viewer == device.account_id or any(
        grant.share_id == live.viewer and grant.guest_id is not None and grant.may("live", live.channel)
        for grant in devices.grants_of(device)
    )


# Beginning, going on, stopping


def places_of_one(account_id: str, device_id: str, live_id: str) -> tuple[Key, ...]:
    return (*devices.places_of(account_id, device_id), Live.key(device_id, _place_of(live_id)))


def _place_of(live_id: str) -> str:
    return live_id[: -ids.LENGTH]


class _Overtaken(Exception):
    """The same person began another view at the same moment."""


def watch(caller: Caller, channel: str) -> shapes.Live:
    """Begin a live view; the camera is told by the stream, and the owner can read who looked. Of more than three of the
    same person the oldest ends.

    Raises NotFound, RightMissing, PrivacyModeOn, TooManyViews.
    """
    opened = _shown_to(caller, channel)
    recorded = devices.recorded(caller, opened, "watched", channel)
    for _ in range(_TRIES):
        try:
            return _begin(opened, channel, recorded)
        except _Overtaken:
            continue
    raise Unavailable(retry_after_seconds=1)


def _begin(opened: Opened, channel: str, recorded: Write) -> shapes.Live:
    device = opened.device
    views = Live.list_of(device.partition_id).items
    place, before = _free_or_oldest(device, opened.known_by, views)
    of_guests = [one for one in views if one.viewer != device.account_id]
    if before is None and not opened.is_own and len(of_guests) >= rules.MOST_OF_GUESTS:
        raise TooManyViews(retry_after_seconds=60)
    live = _new(device.partition_id, place, opened.known_by, channel)
    as_read = absent(Live) if before is None else Live.live_id == before.live_id
    begun = put(live, when=as_read, otherwise=_Overtaken)
    over = () if before is None else (commands.given(_stop_of(before))[0],)
    return done(begun, *_called(live), *over, recorded, answer=_described(opened, live))


def _free_or_oldest(device: Device, viewer: str, views: list[Live]) -> tuple[str, Live | None]:
    """Where this person's next view lies, and which one has to end for it."""
    mine = {one.place_id: one for one in views if one.viewer == viewer}
    first = crypto.keyed_hash("viewers", device.partition_id, viewer)[: ids.LENGTH]
    for number in range(rules.MOST_OF_ONE):
        if (place := f"{first}{number}") not in mine:
            return place, None
    oldest = min(mine.values(), key=lambda one: (one.started_at, one.place_id))
    return oldest.place_id, oldest


def _new(device_id: str, place: str, viewer: str, channel: str) -> Live:
    now = clock.now()
    until = clock.epoch_s(now + rules.LASTS)
    return Live.new(
        device_id,
        place,
        live_id=f"{place}{ids.new_id()}",
        viewer=viewer,
        channel=channel,
        started_at=clock.epoch_s(now),
        until=until,
        counted_ms=int((now - _BEHIND).timestamp() * 1000),
        counted=0,
        expires_at=until,
    )


def _called(live: Live) -> tuple[Any, Any]:
    command = commands.new_command(
        live.partition_id,
        "live",
        within=_CALLED_WITHIN,
        channel=live.channel,
        live_id=live.live_id,
        live_until=int(live.until),
    )
    return commands.given(command)


def _described(opened: Opened, live: Live) -> shapes.Live:
    lan = opened.device.lan if opened.is_own else None
    return shapes.Live(
        live_id=live.live_id,
        channel=live.channel,
        playlist_url=f"{settings.public_url}/live/{_capability(live)}/playlist.m3u8",
        until=clock.at_epoch(live.until),
        lan=None if lan is None else Lan(**lan),
    )


def _one(caller: Caller, live_id: str) -> tuple[Opened, Live]:
    opened, live = devices.allowed(caller, "live"), caller.along[3]
    if live is None or live.live_id != live_id or live.viewer != opened.known_by:
        raise NotFound
    return opened, live


def go_on(caller: Caller, live_id: str) -> shapes.Live:
    """Five more minutes from now. Raises NotFound, RightMissing, PrivacyModeOn."""
    opened, live = _one(caller, live_id)
    _shown_to(caller, live.channel)
    if not _may_still_look(opened.device, live):
        raise NotFound
    played, before = _played(opened.device, live), int(live.until)
    until = clock.epoch_s(clock.in_(minutes=rules.LASTS.total_seconds() / 60))
    # The last piece is counted next time: a playlist with none before it would begin anew.
    counted = played[:-1]
    up_to = max([int(live.counted_ms), *(_ms(segment.start) for _, segment in counted)])
    longer = change(
        live,
        until=until,
        expires_at=until,
        counted=int(live.counted) + len(counted),
        counted_breaks=int(live.counted_breaks or 0) + rules.breaks(played),
        counted_ms=up_to,
        when=(Live.live_id == live_id) & (Live.until == before),
        otherwise=lambda there: NotFound() if there is None else Unavailable(retry_after_seconds=1),
    )
    return done(longer, *_called(live), *shares.looked(opened), answer=_described(opened, live))


def stop(caller: Caller, live_id: str) -> None:
    """Nothing more is shown from the next request on; the camera is told. Raises NotFound."""
    _, live = _one(caller, live_id)
    ended = remove(live, when=Live.live_id == live_id, otherwise=NotFound)
    done(ended, *commands.given(_stop_of(live)), answer=None)


def _stop_of(live: Live) -> Command:
    return commands.new_command(
        live.partition_id, "stop_live", within=_CALLED_WITHIN, channel=live.channel, live_id=live.live_id
    )


# What the camera brings


def ticket_for(camera: Camera) -> Ticket:
    """Let the camera upload video for a while, below its own prefix of this hour. Raises NobodyOwns, PrivacyModeOn."""
    device_id = devices.uploads_for(camera).partition_id
    now = clock.now()
    commit(upload_hours.note(PIECES, device_id, now))
    return bucket.ticket(
        PIECES.of(now, device_id),
        rules.VIDEO,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + rules.TICKET_LIFE,
    )


# What players ask for, with nothing but the playlist's own address


def _capability(live: Live) -> str:
    return ".".join((live.partition_id, live.live_id, _proof(live.partition_id, live.live_id)))


def _proof(device_id: str, live_id: str) -> str:
    return crypto.keyed_hash("live views", device_id, live_id)


def _looked_at(capability: str) -> tuple[Device, Live]:
    """The device and the view that an address leads to, if it may still be looked at; raises NotFound."""
    parts = capability.split(".")
    if len(parts) != 3 or not crypto.same(parts[2], _proof(parts[0], parts[1])):
        raise NotFound
    device, live = read(Device.key(parts[0]), Live.key(parts[0], _place_of(parts[1])))
    if device is None or live is None or live.live_id != parts[1] or not _may_still_look(device, live):
        raise NotFound
    return device, live


def playlist(capability: str) -> str:
    """What there is of it now, as HLS. Raises NotFound."""
    device, live = _looked_at(capability)
    return rules.playlist(_played(device, live), int(live.counted), int(live.counted_breaks or 0))


def piece(capability: str, place: str) -> str:
    """A fresh link to one piece; raises NotFound."""
    (device, live), cut = _looked_at(capability), rules.cut_place(place)
    if cut is None:
        raise NotFound
    hour, name = cut
    object_key = f"{PIECES.name}/{hour}/{live.partition_id}/{live.channel}/{name}"
    found = rules.read_piece(hour, name, _arrival_of(device, object_key))
    if found is None or _is_withheld(device, live, found):
        raise NotFound
    return bucket.link(object_key, until=clock.at_epoch(live.until), content_type=found.media_type)


def _played(device: Device, live: Live) -> list[rules.Played]:
    """Everything that came since it was last counted, and was not seen in privacy mode."""
    played = rules.in_order(one for one in _pieces(live) if not _is_withheld(device, live, one))
    return [(init, segment) for init, segment in played if _ms(segment.start) > live.counted_ms]


def _arrival_of(device: Device, object_key: str) -> datetime:
    """When the camera brought it; S3 is only asked where privacy mode was on of late. Raises NotFound."""
    now = clock.now()
    if not devices.was_private_since(device, clock.epoch_s(now - PIECES.keep - PIECES.step)):
        return now
    stored = next(bucket.below(object_key), None)
    if stored is None or stored.key != object_key:
        raise NotFound
    return stored.modified_at


def _is_withheld(device: Device, live: Live, piece: rules.Piece) -> bool:
    """Whether any of it was seen, or brought, while its owner wanted that nothing is. The camera's clock may be wrong,
    or somebody's who wants to see it: of what it saw, ours knows the latest moments."""
    if piece.start is None:
        return False
    # The device knows when privacy mode was on last; before that there was no view that is still open.
    if piece.stored_at < clock.at_epoch(live.started_at) - _BEHIND:
        return True
    lasts = timedelta(milliseconds=piece.duration_ms)
    moments = (piece.start, piece.start + lasts, piece.stored_at - lasts, piece.stored_at)
    return any(devices.was_private_at(device, clock.epoch_s(at)) for at in moments)


def _ms(at: datetime | None) -> int:
    return 0 if at is None else int(at.timestamp() * 1000)


def _pieces(live: Live) -> Iterator[rules.Piece]:
    now = clock.now()
    since = clock.at_epoch(int(live.counted_ms) / 1000)
    # A ticket may have been got in the hour before.
    hours = [now] if (now - rules.TICKET_LIFE).hour == now.hour else [now - timedelta(hours=1), now]
    for hour in hours:
        prefix = f"{PIECES.of(hour, live.partition_id)}{live.channel}/"
        for stored in bucket.below(prefix, after=f"{prefix}{rules.stamp(since)}"):
            name = stored.key.removeprefix(prefix)
            if (found := rules.read_piece(f"{hour:%Y%m%d%H}", name, stored.modified_at, stored.etag)) is not None:
                yield found


# The clock


def sweep_live_video() -> int:
    """Delete the pieces whose time is over; how many. Nobody could read them any more."""
    return sweep_expired(PIECES)


def oldest_piece_s() -> int:
    """How many seconds ago the oldest stored piece arrived; 0 if there is none."""
    return oldest_s(PIECES)
