"""Letting pictures in, making alarms of them, showing and deleting them (B11)."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from chalicelib import clock, ids
from chalicelib.activity import actions as activity
from chalicelib.alarms import rules, shapes
from chalicelib.alarms.records import PICTURES, Alarm, Removal
from chalicelib.aws import s3, sqs
from chalicelib.aws.s3 import LONGEST_TICKET, Ticket
from chalicelib.commands import actions as commands
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.records import Device, DeviceUploadHour, PresenceChange, Reason
from chalicelib.entry.callers import Caller, Camera
from chalicelib.errors import NotFound, TooMany
from chalicelib.push import actions as push
from chalicelib.register import upload_hours
from chalicelib.register.erase import LONGEST_FUNCTION
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.sharing.actions import standing as shares
from chalicelib.store import crypto
from chalicelib.store.commit import Write, change, commit, create, done, remove
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

JPEG = "image/jpeg"
OFFLINE = "offline"
# How many pages of a hundred are looked through for alarms of one channel or type before a page is given as it is.
_MOST_PAGES, _PAGE_OF_SEARCH = 10, 100


class TooManyUploads(TooMany):
    en = "This camera has uploaded too much in this hour. What it sees can be uploaded again in the next."
    pl = "Ta kamera przesłała w tej godzinie zbyt wiele. Kolejne obrazy można przesłać w następnej."


def ticket_for(camera: Camera) -> Ticket:
    """Let the camera upload snapshots for an hour, below a prefix of this ticket's own: a camera that boots anew, with
    its clock and its counter at their beginnings, does not meet its earlier names.

    Raises NobodyOwns, PrivacyModeOn, TooManyUploads.
    """
    device = devices.uploads_for(camera)
    now = clock.now()
    if _is_over(device, PICTURES.stamp(now)):
        raise TooManyUploads(retry_after_seconds=_until_next_hour_s(now))
    commit(upload_hours.note(PICTURES, device.partition_id, now))
    return s3.ticket(
        f"{PICTURES.of(now, device.partition_id)}{ids.new_id()}/",
        JPEG,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + LONGEST_TICKET,
    )


def _until_next_hour_s(now: datetime) -> int:
    return max(1, int((PICTURES.begin_of(now) + PICTURES.step - now).total_seconds()))


# A picture has arrived


@dataclass(frozen=True)
class Arrival:
    """A picture that S3 tells of. `nonce` is what S3 calls the upload, and whoever uploads cannot know before."""

    object_key: str
    arrived: datetime
    size_bytes: int = 0
    nonce: str = ""

    @property
    def is_counted(self) -> bool:
        """One in eight, whichever: a name alone could be chosen so that it is not."""
        return zlib.crc32(f"{self.nonce} {self.object_key}".encode()) % rules.COUNTED_ONE_IN == 0

    @property
    def second(self) -> datetime:
        """When it arrived, as exactly as alarms say it."""
        return self.arrived.replace(microsecond=0)

    @property
    def device_id(self) -> str:
        return PICTURES.cut(self.object_key)[0]

    @property
    def name(self) -> str:
        return PICTURES.cut(self.object_key)[1]


# How much a camera uploads


def count_upload(arrival: Arrival, device: Device) -> None:
    """Note what the camera uploaded on the tickets of an hour, and whether it came to the bound.

    It costs no write for each: one in eight is counted, as eight; only where that comes to a tenth of the bound, each.
    So the bound may be overrun, or fallen short of, by less than a tenth.
    """
    _count(device, PICTURES.stamp_of(arrival.object_key), arrival)


class _Reached(Exception):
    """The count of the hour has come to a bound."""


class _NotCounted(Exception):
    """The device is nobody's any more, or nobody had a ticket; or somebody else has just said the same."""


def _count(device: Device, stamp: str, arrival: Arrival) -> None:
    is_exact = stamp <= (device.uploads_counted_in or "")
    if not (is_exact or arrival.is_counted):
        return
    weight, share = (1, 1) if is_exact else (rules.COUNTED_ONE_IN, rules.COUNTED_EXACTLY_FROM)
    try:
        if _is_over(device, stamp):
            commit(devices.refused_upload(device.partition_id, "too_many", arrival.arrived, weight))
        else:
            commit(_added(device, stamp, weight, weight * arrival.size_bytes, share))
    except _NotCounted:
        return
    except _Reached:
        if is_exact:
            _close_hour(device, stamp, arrival)
        elif _count_exactly(device, stamp):
            _count(device, stamp, arrival)


def _is_over(device: Device, stamp: str) -> bool:
    return device.uploads_over_in is not None and stamp <= device.uploads_over_in


def _added(device: Device, stamp: str, uploads: int, size_bytes: int, share: int) -> Write:
    """Add to what the hour has, if that is below this share of the bound."""
    hour = DeviceUploadHour
    is_below = hour.uploads.does_not_exist() | (
        (hour.uploads < rules.MOST_AN_HOUR // share) & (hour.uploads_bytes < rules.MOST_BYTES_AN_HOUR // share)
    )
    return change(
        upload_hours.row_of(PICTURES, device.partition_id, stamp),
        hour.uploads.add(uploads),
        hour.uploads_bytes.add(size_bytes),
        when=is_below,
        otherwise=_otherwise,
    )


def _count_exactly(device: Device, stamp: str) -> bool:
    """From now on; False if there is no such device any more."""
    earlier = Device.uploads_counted_in.does_not_exist() | (Device.uploads_counted_in < stamp)
    try:
        commit(change(device, uploads_counted_in=stamp, when=earlier, otherwise=_otherwise))
    except _NotCounted:
        return False
    except _Reached:
        pass  # another batch has said so
    return True


def _otherwise(there: RawItem | None) -> Exception:
    return _NotCounted() if there is None else _Reached()


def _close_hour(device: Device, stamp: str, arrival: Arrival) -> None:
    """Take no more uploads of this hour and give no more tickets in it; its owner is told once."""
    until = max(stamp, PICTURES.stamp(clock.now()))
    earlier = Device.uploads_over_in.does_not_exist() | (Device.uploads_over_in < until)
    refused = devices.refused_upload(device.partition_id, "too_many", arrival.arrived)
    try:
        commit(change(device, uploads_over_in=until, when=earlier, otherwise=_otherwise), refused)
    except _NotCounted:
        return
    except _Reached:  # another picture's said it first; this one was refused all the same
        commit(refused)
        return
    push.tell_of_too_many_uploads(devices.endpoints_of_owner(device), device.partition_id)


class Refused(NamedTuple):
    """An upload that was not taken, as the log tells of it: its name is a stranger's, so only a hash of it is said."""

    upload: str
    device_id: str | None
    reason: str

    @property
    def is_fault(self) -> bool:
        """Whether somebody ought to see it; what comes late for what its owner ended is none."""
        return self.reason in get_args(Reason)


def take_picture(arrival: Arrival, standing: dict[str, Device], *, is_repeat: bool) -> list[Refused]:
    """Make an alarm of a picture and tell who may see it, or whoever asked for it; of one that cannot be shown, an
    alarm without it. What is no alarm, or nobody's any more, is deleted, and the answer says why.

    `is_repeat`: an earlier try may have died between the alarm and its push, so the push is made again.
    """
    device = standing.get(arrival.device_id)
    try:
        if device is None:
            raise rules.NotTaken("nobody_owns", is_counted=False)
        if _is_over(device, PICTURES.stamp_of(arrival.object_key)):
            raise rules.NotTaken("too_many", is_counted=False)  # it was, when it was told of first
        _take(arrival, device, is_repeat)
    except rules.NotTaken as refused:
        s3.delete([arrival.object_key])
        if device is not None and refused.is_counted:
            commit(devices.refused_upload(device.partition_id, refused.reason, arrival.arrived))
        of_device = None if device is None else device.partition_id
        return [Refused(crypto.plain_hash(arrival.object_key)[:16], of_device, refused.reason)]
    return []


def _take(arrival: Arrival, device: Device, is_repeat: bool) -> None:
    named = rules.read_name(arrival.name)
    if device.channel_ids is not None and named.channel not in device.channel_ids:
        raise rules.NotTaken("channel_unknown")
    alarm = _alarm_of(arrival, named, device)
    if not alarm.stands(device):  # everything was deleted between its arrival and the news of it
        raise rules.NotTaken("deleted", is_counted=False)
    if devices.was_private_at(device, int(alarm.arrived_at)):  # on a ticket of before
        raise rules.NotTaken("privacy_mode", is_counted=False)
    look = _look_at(arrival.object_key)
    if look is None:
        return  # it was deleted again
    is_shown, etag = look
    if not is_shown and alarm.type == rules.SNAPSHOT:
        raise rules.NotTaken("picture_unreadable")  # who asked for it wants the picture, and nothing else
    alarm.assign(picture_etag=etag, **({"picture": arrival.object_key} if is_shown else {"unreadable": 1}))
    known = _begin(alarm, device, named, arrival)
    if known is not None:
        _require_same(known, alarm)
    if known is None or is_repeat:
        _tell(known or alarm, device, is_repeat)
    if not is_shown:
        raise rules.NotTaken("picture_unreadable")


def _look_at(object_key: str) -> tuple[bool, str] | None:
    """Whether it is a picture that decoders show, and its ETag; None if it is not there."""
    first, etag = 0, ""
    for count in rules.PARTS_BYTES:
        part = s3.part(object_key, first, count)
        if part is None:
            return None
        etag = etag or part.etag
        look = rules.look_at_picture(part.data, is_first=first == 0)
        if look.is_picture is not None:
            return look.is_picture, etag
        if len(part.data) < count:
            break  # that was all of it
        first += look.read_on_at
    return False, etag


class _Known(Exception):
    """The name has an alarm: S3 told of it twice, or the camera sent it again."""

    def __init__(self, alarm: Alarm | None) -> None:
        super().__init__()
        self.alarm = alarm


def _begin(alarm: Alarm, device: Device, named: rules.Named, arrival: Arrival) -> Alarm | None:
    """Store the alarm; or the one that its name has already. Raises NotTaken if that was deleted."""
    answers = commands.shown_by(alarm.partition_id, named.mark, alarm.place_id) if alarm.type == rules.SNAPSHOT else ()
    # The id follows from the name; but where it has the arrival's time, the name could come by another one.
    claims = () if rules.is_believed(named.stamp, arrival.second) else (_claim(alarm, named, arrival),)
    try:
        commit(create(alarm, otherwise=_known), *claims, *answers)
    except _Known as known:
        if known.alarm is None or not known.alarm.stands(device):
            raise rules.NotTaken("deleted", is_counted=False) from None
        return known.alarm
    return None


def _known(there: RawItem | None) -> _Known:
    """The alarm that stands where one was to be created, or that is named there."""
    found = Alarm.of(there)
    if found is not None and found.alias_of is not None:
        (found,) = read(Alarm.key(found.partition_id, found.alias_of))
    return _Known(found)


def _claim(alarm: Alarm, named: rules.Named, arrival: Arrival) -> Write:
    """A row that nobody is shown, where the alarm would be if its stamp were believed: the same name that comes again,
    a moment later perhaps believed, meets it there."""
    claim = Alarm.new(
        alarm.partition_id,
        _alarm_id(named.stamp, arrival.object_key),
        at=alarm.at,
        arrived_at=alarm.arrived_at,
        type=alarm.type,
        removed=1,
        alias_of=alarm.place_id,
        expires_at=_name_ends_s(arrival.arrived),
    )
    return create(claim, otherwise=_known)


def _require_same(known: Alarm, alarm: Alarm) -> None:
    """An alarm's picture never changes under it: other bytes are refused as its picture, which is lost with them, as S3
    has one object of a name. Raises NotTaken."""
    # Alarms of before have no ETag.
    is_same = known.picture_etag in (None, alarm.picture_etag)
    if is_same and (known.picture is None) == (alarm.picture is None):
        return
    if known.picture is not None:
        gone = rules.NotTaken("deleted", is_counted=False)
        commit(change(known, when=_is_not_deleted(), picture=None, unreadable=1, otherwise=gone))
    raise rules.NotTaken("picture_replaced")


def _tell(alarm: Alarm, device: Device, is_repeat: bool) -> None:
    if alarm.type == rules.SNAPSHOT:
        return
    late = rules.is_late(alarm.at, alarm.arrived_at)
    if late and not is_repeat and not _is_first_late(device):
        return
    endpoints = devices.endpoints_of(device, alarm.channel)
    push.tell_of_alarm(endpoints, device.partition_id, alarm.place_id, late=late)


class _LateTold(Exception):
    """Somebody was told a moment ago that alarms come late."""


def _is_first_late(device: Device) -> bool:
    """Whether nobody was told lately of late alarms of this device: a weekend of them is one push, or a few."""
    now = clock.now_s()
    before = now - int(rules.LATE_TOLD_EVERY.total_seconds())
    if device.late_told_at is not None and device.late_told_at > before:
        return False
    untold = Device.late_told_at.does_not_exist() | (Device.late_told_at <= before)
    try:
        commit(change(device, late_told_at=now, when=untold, otherwise=_LateTold))
    except _LateTold:
        return False
    return True


def _alarm_of(arrival: Arrival, named: rules.Named, device: Device) -> Alarm:
    arrived = arrival.second
    at = rules.time_of(named.stamp, arrived)
    return Alarm.new(
        device.partition_id,
        _alarm_id(at, arrival.object_key),
        at=clock.epoch_s(at),
        arrived_at=clock.epoch_s(arrived),
        channel=named.channel,
        type=named.type,
        expires_at=clock.epoch_s(rules.end_of(arrived)),
    )


def _alarm_id(at: datetime, origin: str) -> str:
    """Begins with the time, so that alarms lie in its order; the same picture always gets the same id."""
    return f"{_stamp(at)}-{crypto.plain_hash(origin)[:16]}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


def alarm_without_picture(device_id: str, channel: str | None, type: str, at: datetime) -> Alarm:
    """An alarm that the cloud itself raises, such as `offline`, of a channel or of the whole device; the caller commits
    it with `create`. The same one always gets the same id, so that raised twice it is one."""
    begun = at.replace(microsecond=0)
    return Alarm.new(
        device_id,
        _alarm_id(begun, f"{device_id}/{channel}/{type}/{_stamp(begun)}"),
        at=clock.epoch_s(begun),
        arrived_at=clock.epoch_s(begun),
        channel=channel,
        type=type,
        expires_at=clock.epoch_s(rules.end_of(begun)),
    )


# A camera has gone away, or come back


class _CarriedOut(Exception):
    """An earlier try came as far as the commit."""


def tell_presence(device_id: str, change_id: str, *, is_repeat: bool) -> None:
    """Make an alarm of a camera that has gone away, and tell who may see its alarms of that, or that it has come back.

    `is_repeat`: an earlier try may have died between the commit and the push, so the push is made again.
    """
    (device,) = read(Device.key(device_id))
    if device is None:
        return
    offline_s, _, word = change_id.partition("-")
    alarm = alarm_without_picture(device_id, None, OFFLINE, clock.at_epoch(int(offline_s)))
    is_offline = word == OFFLINE
    order = PresenceChange.new(device_id, change_id)
    try:
        made = (create(alarm, otherwise=_CarriedOut),) if is_offline else ()
        commit(remove(order, when=PresenceChange.pk.exists(), otherwise=_CarriedOut), *made)
    except _CarriedOut:
        if not is_repeat:
            return
    endpoints = devices.endpoints_of(device, None)
    if is_offline:
        push.tell_of_alarm(endpoints, device_id, alarm.place_id, type=OFFLINE)
    else:
        push.tell_of_return(endpoints, device_id, alarm.place_id)


# Showing


@dataclass(frozen=True)
class Seen:
    """An alarm as this person sees it."""

    alarm: Alarm
    by: str

    def described(self) -> shapes.Alarm:
        return shapes.Alarm(**self._fields())

    def with_picture(self) -> shapes.AlarmWithPicture:
        """The alarm with a link; where its picture is gone, or other bytes are in its place, there is none to show."""
        alarm = self.alarm
        if alarm.picture is None:
            without: Literal["unreadable", "none"] = "unreadable" if alarm.unreadable else "none"
            return shapes.AlarmWithPicture(**self._fields(), picture=without, picture_url=None)
        # Whoever uploaded it can put other bytes in its place until we hear of it. Alarms of before have no ETag.
        if alarm.picture_etag is not None and s3.etag(alarm.picture) != alarm.picture_etag:
            return shapes.AlarmWithPicture(**self._fields(), picture="unreadable", picture_url=None)
        url = s3.link(alarm.picture, until=clock.at_epoch(alarm.expires_at), content_type=JPEG)
        return shapes.AlarmWithPicture(**self._fields(), picture="shown", picture_url=url)

    def _fields(self) -> dict[str, Any]:
        alarm = self.alarm
        return {
            "alarm_id": alarm.place_id,
            "device_id": alarm.partition_id,
            "channel": alarm.channel,
            "type": alarm.type,
            "at": clock.at_epoch(alarm.at),
            "read": self.by in (alarm.read_by or ()),
            "until": clock.at_epoch(alarm.expires_at),
        }


def look_at(opened: Opened, alarm: Alarm) -> shapes.AlarmWithPicture:
    """The alarm with a link to its picture. That a guest saw it is recorded before the link is given. Raises
    NotFound."""
    if recorded := _looked(opened, alarm):
        commit(*recorded)
    return Seen(alarm, opened.known_by).with_picture()


def _looked(opened: Opened, alarm: Alarm) -> tuple[Write, ...]:
    return () if alarm.picture is None else shares.looked(opened)


def alarms_of_device(opened: Opened, search: shapes.Search) -> shapes.Alarms:
    """A page of one device's alarms, newest first."""
    return _page([opened], search)


def alarms_of_all(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    """A page of the alarms of all devices whose alarms the caller may see, newest first."""
    return _page([one for one in devices.devices_of(caller) if one.may("alarms")], search)


def _page(opened: list[Opened], search: shapes.Search) -> shapes.Alarms:
    looked = [_newest(one, search) for one in opened]
    # What is older than where looking stopped waits for the next page, or something in between would be passed over.
    stop = max((one.stopped_at for one in looked if one.stopped_at is not None), default="")
    found = [seen for one in looked for seen in one.found if seen.alarm.place_id >= stop]
    found.sort(key=lambda seen: seen.alarm.place_id, reverse=True)
    shown = found[: search.limit]
    return shapes.Alarms(
        items=[seen.described() for seen in shown],
        cursor=shown[-1].alarm.place_id if len(found) > search.limit else stop or None,
    )


@dataclass(frozen=True)
class _Looked:
    """What was found of one device, and the last id that was looked at if older ones are left."""

    found: list[Seen]
    stopped_at: str | None


def _newest(one: Opened, search: shapes.Search) -> _Looked:
    """One more than fits the page, so that it is known whether another follows."""
    device = one.device
    first, last = _span(device, search.day)
    count = search.limit + 1 if search.wants_all and one.covers_all else _PAGE_OF_SEARCH
    found: list[Seen] = []
    after = search.cursor
    for _ in range(_MOST_PAGES):
        page = Alarm.list_of(device.partition_id, first=first, last=last, newest_first=True, limit=count, after=after)
        wanted = [alarm for alarm in page.items if alarm.stands(device) and _is_wanted(alarm, search)]
        found += [Seen(alarm, one.known_by) for alarm in wanted if one.covers(alarm.channel)]
        after = page.cursor
        if after is None or len(found) > search.limit:
            break
    return _Looked(found, after)


def _span(device: Device, day: str | None) -> tuple[str, str]:
    if day is None:
        return "", ""
    place = clock.zone(device.time_zone)
    start, end = rules.span_of_day(day, partial(clock.begin_of_day, place=place, dst=device.dst))
    return _stamp(start), _stamp(end - timedelta(seconds=1))


def _is_wanted(alarm: Alarm, search: shapes.Search) -> bool:
    """What is of the whole device is of each of its channels."""
    return (search.channel in (None, alarm.channel) or alarm.channel is None) and search.type in (None, alarm.type)


def mark_read(opened: Opened, alarm: Alarm) -> shapes.AlarmWithPicture:
    """Read by this person; others keep their own marks."""
    by = opened.known_by
    marked = change(alarm, Alarm.read_by.add({by}), when=_is_not_deleted(), otherwise=NotFound)
    alarm.read_by = (alarm.read_by or set()) | {by}
    return done(marked, *_looked(opened, alarm), answer=Seen(alarm, by).with_picture())


# Deleting: unreadable with the commit, then the picture, then the row


def delete_one(caller: Caller, device: Device, alarm: Alarm) -> None:
    done(*_marked([alarm]), _deleted(caller, device), answer=None)


def _deleted(caller: Caller, device: Device) -> Write:
    return activity.happened(device, "alarms_deleted", who=caller.terminal)


def delete_some(caller: Caller, device: Device, alarm_ids: list[str]) -> None:
    """Those of the named alarms that are there; the others are gone already."""
    found = read(*(Alarm.key(device.partition_id, alarm_id) for alarm_id in dict.fromkeys(alarm_ids)))
    there = [alarm for alarm in found if alarm is not None and alarm.stands(device)]
    if there:
        done(*_marked(there), _deleted(caller, device), answer=None)


def delete_all(caller: Caller, device: Device) -> None:
    """Everything that arrived up to now, in one write."""
    now = clock.now_s()
    removal = Removal.new(device.partition_id, ids.new_id(), until=now)
    recorded = _deleted(caller, device)
    done(change(device, alarms_after=now, otherwise=NotFound), create(removal), recorded, answer=None)


def _marked(alarms: list[Alarm]) -> list[Write]:
    device_id = alarms[0].partition_id
    removal = Removal.new(
        device_id, ids.new_id(), alarm_ids={alarm.place_id for alarm in alarms}, until=clock.now_s()
    )
    return [*(change(alarm, removed=1, otherwise=NotFound) for alarm in alarms), create(removal)]


def carry_out_removal(device_id: str, removal_id: str) -> None:
    """Delete the pictures, then the rows, at last the order itself; each may be repeated.

    A picture that was looked at before its alarm was deleted may only now come to its row, so all is done again when no
    function can be about it any more.
    """
    (removal,) = read(Removal.key(device_id, removal_id))
    if removal is None:
        return
    doomed = list(_doomed(removal))
    s3.delete([alarm.picture for alarm in doomed if alarm.picture is not None])
    for alarm in doomed:
        with suppress(_Gone):
            commit(_forgotten(alarm))
    if clock.now() < clock.at_epoch(removal.until) + LONGEST_FUNCTION:
        sqs.tell(Removal.told_to, after=LONGEST_FUNCTION, partition_id=device_id, place_id=removal_id)
    else:
        commit(remove(removal))


class _Gone(Exception):
    """Another pass, or TTL, was faster."""


def _is_not_deleted() -> Condition:
    """A condition of whatever else is written of an alarm: of a deleted one the row may still be there."""
    return Alarm.removed.does_not_exist()


def _name_ends_s(arrived: datetime) -> int:
    """When nobody can upload below the name any more, and an hour more for news of an upload that come late."""
    return clock.epoch_s(arrived + 2 * LONGEST_TICKET)


def _forgotten(alarm: Alarm) -> Write:
    """The row goes. While its picture's ticket may still be used, only what it said goes: the same name that is
    uploaded again, because an answer was lost, would be a new alarm."""
    arrived = clock.at_epoch(alarm.arrived_at)
    if clock.now() >= arrived + LONGEST_TICKET:
        return remove(alarm)
    nothing = dict.fromkeys(("channel", "picture", "picture_etag", "unreadable", "read_by"))
    return change(alarm, removed=1, expires_at=_name_ends_s(arrived), otherwise=_Gone, **nothing)


def _doomed(removal: Removal) -> Iterable[Alarm]:
    device_id = removal.partition_id
    if removal.alarm_ids:
        found = read(*(Alarm.key(device_id, alarm_id) for alarm_id in sorted(removal.alarm_ids)))
        return [alarm for alarm in found if alarm is not None]
    return [alarm for alarm in Alarm.list_of(device_id).items if alarm.arrived_at <= removal.until]


# The clock


def sweep_expired_pictures() -> int:
    """Delete the pictures whose seven days are over; how many. Rows go by TTL, and reads refuse on time anyway."""
    return sweep_expired(PICTURES)


def oldest_picture_s() -> int:
    """How many seconds ago the oldest stored picture arrived; 0 if there is none."""
    return oldest_s(PICTURES)
