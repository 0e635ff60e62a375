"""Live views: begun, uploaded by the camera, and shown while it is allowed (B4)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from chalicelib import clock, ids
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device
from chalicelib.aws import s3
from chalicelib.aws.s3 import Ticket
from chalicelib.commands import actions as commands
from chalicelib.commands.records import Command
from chalicelib.entry.callers import Caller, Camera
from chalicelib.errors import NotFound, TooMany, Unavailable
from chalicelib.live import shapes
from chalicelib.live.actions import pieces
from chalicelib.live.records import PIECES, Live
from chalicelib.live.rules import pieces as rules
from chalicelib.register import upload_hours
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.settings import settings
from chalicelib.sharing.actions import shares
from chalicelib.stock.actions import uploads
from chalicelib.stock.shapes import Lan
from chalicelib.store import ciphers, crypto
from chalicelib.store.commit import Write, absent, change, commit, commit_and_answer, put, remove
from chalicelib.store.keys import Key
from chalicelib.store.records import read_all
from chalicelib.store.retrying import StaleRead, retrying

# A camera that has not learnt of it by then has nobody left to show anything to.
_CALLED_WITHIN = timedelta(minutes=1)
_TRIES = 2  # six AWS calls in all


class TooManyViews(TooMany):
    pass


class NoPictureYet(NotFound):
    pass


# Authorization to look: checked when it begins, and with every piece


def _require_shown(granted: DeviceAccess, channel: str) -> None:
    """That the channel may be looked at now by whoever has access to the device; raises NotFound, PrivacyModeOn."""
    if not granted.covers(channel) or channel not in {one["id"] for one in granted.device.channels or []}:
        raise NotFound("channel")
    if granted.is_private:
        raise access.PrivacyModeOn


def _may_still_look(device: Device, live: Live) -> bool:
    """Read consistently with each request: what was allowed when it began may be over. Privacy mode ends every view."""
    if access.is_private(device) or access.became_private_since(device, live.started_at):
        return False
    return live.viewer == device.account_id or any(
        grant.share_id == live.viewer and grant.guest_id is not None and grant.may("live", live.channel)
        for grant in access.grants_of(device)
    )


# Beginning, going on, stopping


def key_of(device_id: str, live_id: str) -> Key[Live]:
    return Live.key(device_id, live_id[: -ids.LENGTH])


def watch(caller: Caller, granted: DeviceAccess, channel: str, piece_ms: int) -> shapes.Live:
    """Begin a live view; the camera is notified by the stream, and the owner can read who looked. Of more than three of
    the same person the oldest ends.

    Raises NotFound, PrivacyModeOn, TooManyViews.
    """
    _require_shown(granted, channel)
    activity_row = access.record_act(caller, granted, "watched", channel)
    return retrying(partial(_begin, granted, channel, piece_ms, activity_row), tries=_TRIES)


def _begin(granted: DeviceAccess, channel: str, piece_ms: int, activity_row: Write) -> shapes.Live:
    device = granted.device
    views = Live.list_of(device.pk_id).items
    live_slot, before = _free_or_oldest(device, granted.known_by, views)
    of_guests = [one for one in views if one.viewer != device.account_id]
    if before is None and not granted.is_own and len(of_guests) >= rules.MOST_OF_GUESTS:
        raise TooManyViews(retry_after_seconds=60)
    live = _new(granted, live_slot, channel, piece_ms)
    as_read = absent(Live) if before is None else Live.live_id == before.live_id
    begun = put(live, when=as_read, otherwise=StaleRead)
    over = () if before is None else (commands.given(_stop_of(before))[0],)
    return commit_and_answer(begun, *_called(live), *over, activity_row, answer=_described(granted, live))


def _free_or_oldest(device: Device, viewer: str, views: list[Live]) -> tuple[str, Live | None]:
    """The sort id of this person's next view, and which one has to end for it."""
    mine = {one.sort_id: one for one in views if one.viewer == viewer}
    first = crypto.keyed_hash("viewers", device.pk_id, viewer)[: ids.LENGTH]
    for number in range(rules.MOST_OF_ONE):
        if (live_slot := f"{first}{number}") not in mine:
            return live_slot, None
    oldest = min(mine.values(), key=lambda one: (one.started_at, one.sort_id))
    return oldest.sort_id, oldest


def _new(granted: DeviceAccess, live_slot: str, channel: str, piece_ms: int) -> Live:
    now = clock.now()
    until = clock.epoch_s(now + rules.LASTS)
    return Live.new(
        granted.device.pk_id,
        live_slot,
        live_id=f"{live_slot}{ids.new_id()}",
        viewer=granted.known_by,
        account_id=granted.account_id,
        channel=channel,
        piece_ms=piece_ms,
        started_at=clock.now_to_ms(),
        until=until,
        counted=0,
        expires_at=until,
    )


def _called(live: Live) -> tuple[Write, Write]:
    command = commands.new_command(
        live.pk_id,
        "live",
        within=_CALLED_WITHIN,
        channel=live.channel,
        piece_ms=int(live.piece_ms or rules.PIECE_MS),
        live_id=live.live_id,
        live_until=int(live.until),
    )
    return commands.given(command)


def _described(granted: DeviceAccess, live: Live) -> shapes.Live:
    lan = granted.device.lan if granted.is_own else None
    return shapes.Live(
        live_id=live.live_id,
        channel=live.channel,
        playlist_url=f"{settings.live_url}/live/{_capability(live)}/playlist.m3u8",
        until=clock.at_epoch(live.until),
        lan=None if lan is None else Lan(**lan),
    )


def go_on(granted: DeviceAccess, live: Live) -> shapes.Live:
    """Five more minutes from now. Raises NotFound, PrivacyModeOn."""
    _require_shown(granted, live.channel)
    if not _may_still_look(granted.device, live):
        raise NotFound
    counts, before = _counts(granted.device, live), int(live.until)
    until = clock.epoch_s(clock.in_(minutes=rules.LASTS.total_seconds() / 60))
    longer = change(
        live,
        until=until,
        expires_at=until,
        when=(Live.live_id == live.live_id) & (Live.until == before),
        otherwise=lambda there: NotFound() if there is None else Unavailable(retry_after_seconds=1),
        **counts,
    )
    return commit_and_answer(longer, *_called(live), *shares.record_view(granted), answer=_described(granted, live))


def _counts(device: Device, live: Live) -> dict[str, object]:
    """How many pieces there were so far, where that is not counted with each playlist, as that of numbered ones is."""
    if live.window is not None:
        return {}
    played = pieces.uncounted(device, live)
    # What is still shown is counted next time: players have not yet asked for all of it.
    counted, shown = played[: -rules.SHOWN], played[-rules.SHOWN :]
    return {
        "counted": int(live.counted) + len(counted),
        "counted_breaks": int(live.counted_breaks or 0) + rules.breaks(played[: len(counted) + 1]),
        "counted_to": counted[-1][1].mark if counted else live.counted_to,
        "listed_from": min(map(rules.earliest_ticket, shown), default=live.listed_from),
    }


def stop(live: Live) -> None:
    """Nothing more is shown from the next request on; the camera is notified. Raises NotFound."""
    ended = remove(live, when=Live.live_id == live.live_id, otherwise=NotFound)
    commit_and_answer(ended, *commands.given(_stop_of(live)), answer=None)


def _stop_of(live: Live) -> Command:
    return commands.new_command(
        live.pk_id, "stop_live", within=_CALLED_WITHIN, channel=live.channel, live_id=live.live_id
    )


# What the camera brings


def ticket_for(camera: Camera) -> Ticket:
    """Let the camera upload video for a while, below a prefix of this ticket's own: a camera that boots anew cannot
    meet names that it has used before. Raises NobodyOwns, PrivacyModeOn, ProcessingRestricted."""
    device_id = uploads.live_uploads_for(camera).pk_id
    now = clock.now()
    commit(upload_hours.note(PIECES, device_id, now))
    return s3.ticket(
        f"{PIECES.of(now, device_id)}{rules.ticket_id(now)}/",
        rules.VIDEO,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + rules.TICKET_LIFE,
        metadata=(rules.START, rules.DURATION_MS),
    )


# What players ask for, with nothing but the playlist's own address


def _capability(live: Live) -> str:
    named = (live.pk_id, live.live_id, live.account_id)
    return ".".join((*named, _proof(*named)))


def _proof(*named: str) -> str:
    return crypto.keyed_hash("live views", *named)


def _looked_at(capability: str) -> tuple[Device, Live]:
    """The device and the view that an address leads to, if it may still be looked at; raises NotFound."""
    parts = capability.split(".")
    if len(parts) != 4 or not crypto.same(parts[3], _proof(*parts[:3])):
        raise NotFound
    device_id, live_id, viewer_id, _ = parts
    viewer_key, live_key = ciphers.key_of(viewer_id), key_of(device_id, live_id)
    found = read_all((*access.alive_keys_of(device_id), viewer_key, live_key))
    device, live = access.alive(found, device_id), found[live_key]
    if device is None or live is None or live.live_id != live_id:
        raise NotFound
    # Of whom processing is restricted, no live view is shown, and none to him.
    viewer = found[viewer_key]
    if viewer is None or viewer.is_restricted or access.is_restricted(found, device_id):
        raise NotFound
    if not _may_still_look(device, live):
        raise NotFound
    return device, live


def playlist(capability: str) -> str:
    """The HLS playlist of now; the first answer waits for the first piece. Raises NotFound, NoPictureYet."""
    device, live = _looked_at(capability)
    shown = pieces.shown(device, live)
    if not shown.played:
        live, shown = _awaited(capability, live)
    return rules.playlist(
        shown.played, shown.counted, shown.breaks, lambda one: rules.path_of(one.path, _proof_of_piece(live, one.path))
    )


def _awaited(capability: str, live: Live) -> tuple[Live, pieces.Shown]:
    """The first pieces, as soon as there are any: once in a view, so that nobody keeps functions waiting with it.
    Whether it may still be looked at is checked each time. Raises NotFound, NoPictureYet."""
    if live.waited_at is not None:
        raise NoPictureYet
    try:
        commit(pieces.noted(live, Live.waited_at.does_not_exist(), waited_at=clock.now_to_ms()))
    except StaleRead:
        raise NoPictureYet from None
    for seconds in rules.LOOKS_AFTER_S:
        clock.wait(seconds)
        device, live = _looked_at(capability)
        if (shown := pieces.shown(device, live)).played:
            return live, shown
    raise NoPictureYet


def piece(capability: str, signed_path: str) -> str:
    """A fresh link to one piece that a playlist of this view has named; raises NotFound."""
    _, live = _looked_at(capability)
    path, proof = rules.parse_path(signed_path) or ("", "")
    if not path or not crypto.same(proof, _proof_of_piece(live, path)):
        raise NotFound
    key = pieces.object_key(live, path)
    return s3.link(key, until=clock.at_epoch(live.until), content_type=rules.media_type_of(path))


def _proof_of_piece(live: Live, path: str) -> str:
    """The part of a piece's address that makes it a secret of this view, so that none can be opened that its playlist
    did not show: whether a piece may be seen is judged there and holds as long as the view, which privacy mode ends."""
    return crypto.keyed_hash("live pieces", live.pk_id, live.live_id, path)


# The clock


def sweep_live_video() -> int:
    """Delete the pieces whose time is over; how many. Nobody could read them any more."""
    return sweep_expired(PIECES)


def oldest_piece_s() -> int:
    """Age of the oldest stored piece, in seconds; 0 if there is none."""
    return oldest_s(PIECES)
