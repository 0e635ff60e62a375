"""Letting pictures in, making alarms of them, showing and deleting them (B11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib import clock, ids
from chalicelib.activity import actions as activity
from chalicelib.alarms import rules, shapes
from chalicelib.alarms.records import PICTURES, Alarm, Removal
from chalicelib.aws import bucket, crypto, queue
from chalicelib.aws.bucket import LONGEST_TICKET, Ticket
from chalicelib.aws.commit import Write, change, commit, create, done, remove
from chalicelib.aws.keys import Key
from chalicelib.aws.table import read
from chalicelib.commands import actions as commands
from chalicelib.devices.actions import standing as devices
from chalicelib.devices.actions.cameras import Camera
from chalicelib.devices.actions.standing import Opened
from chalicelib.devices.records import Device
from chalicelib.errors import NotFound
from chalicelib.push import actions as push
from chalicelib.register.erase import LONGEST_FUNCTION
from chalicelib.register.sweep import oldest_s, sweep_expired
from chalicelib.sessions.actions.standing import Caller
from chalicelib.sharing.actions import standing as shares

JPEG = "image/jpeg"
# How many pages of a hundred are looked through for alarms of one channel or type before a page is given as it is.
_MOST_PAGES, _PAGE_OF_SEARCH = 10, 100


def ticket_for(camera: Camera) -> Ticket:
    """Let the camera upload snapshots for an hour, below its own prefix of today. Raises NobodyOwns, PrivacyModeOn."""
    device = devices.uploads_for(camera)
    now = clock.now()
    return bucket.ticket(
        PICTURES.of(now, device.partition_id),
        JPEG,
        least_bytes=rules.LEAST_BYTES,
        most_bytes=rules.MOST_BYTES,
        until=now + LONGEST_TICKET,
    )


# A picture has arrived


@dataclass(frozen=True)
class Arrival:
    """A picture that S3 tells of."""

    object_key: str
    arrived: datetime

    @property
    def device_id(self) -> str:
        return PICTURES.cut(self.object_key)[0]

    @property
    def name(self) -> str:
        return PICTURES.cut(self.object_key)[1]


def take_picture(arrival: Arrival, standing: dict[str, Device], *, is_repeat: bool) -> None:
    """Make an alarm of a picture and tell who may see it, or whoever asked for it; delete what is no picture, or
    nobody's any more.

    `is_repeat`: an earlier try may have died between the alarm and its push, so the push is made again.
    """
    device = standing.get(arrival.device_id)
    named = rules.read_name(arrival.name)
    head = None if device is None or named is None else bucket.head(arrival.object_key, rules.HEADER_BYTES)
    if device is None or named is None or head is None or not rules.is_picture(head):
        bucket.delete([arrival.object_key])
        return
    alarm = _alarm_of(arrival, named, device)
    if not alarm.stands(device) or devices.was_private_at(device, int(alarm.arrived_at)):
        # Everything was deleted between its arrival and the news of it, or it came in privacy mode, on a ticket of
        # before.
        bucket.delete([arrival.object_key])
        return
    try:
        commit(create(alarm, otherwise=_Known), *_answers(alarm, named))
    except _Known:
        if not is_repeat:
            return
    if alarm.type == rules.SNAPSHOT:
        return
    push.tell_of_alarm(devices.endpoints_of(device, alarm.channel), device.partition_id, alarm.place_id)


class _Known(Exception):
    """The event came twice."""


def _answers(alarm: Alarm, named: rules.Named) -> tuple[Write, ...]:
    if alarm.type != rules.SNAPSHOT:
        return ()
    return commands.shown_by(alarm.partition_id, named.mark, alarm.place_id)


def _alarm_of(arrival: Arrival, named: rules.Named, device: Device) -> Alarm:
    arrived = arrival.arrived.replace(microsecond=0)
    at = rules.time_of(named.stamp, arrived)
    return Alarm.new(
        device.partition_id,
        _alarm_id(at, arrival.object_key),
        at=clock.epoch_s(at),
        arrived_at=clock.epoch_s(arrived),
        channel=named.channel,
        type=named.type,
        picture=arrival.object_key,
        expires_at=clock.epoch_s(rules.end_of(arrived)),
    )


def _alarm_id(at: datetime, object_key: str) -> str:
    """Begins with the time, so that alarms lie in its order; the same picture always gets the same id."""
    return f"{_stamp(at)}-{crypto.plain_hash(object_key)[:16]}"


def _stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%SZ}"


# Showing


def places_of_one(account_id: str, device_id: str, alarm_id: str) -> tuple[Key, ...]:
    return (*devices.places_of(account_id, device_id), Alarm.key(device_id, alarm_id))


@dataclass(frozen=True)
class Seen:
    """An alarm as this person sees it."""

    alarm: Alarm
    by: str

    def described(self) -> shapes.Alarm:
        return shapes.Alarm(**self._fields())

    def with_picture(self) -> shapes.AlarmWithPicture:
        end = clock.at_epoch(self.alarm.expires_at)
        picture = self.alarm.picture
        url = None if picture is None else bucket.link(picture, until=end, content_type=JPEG)
        return shapes.AlarmWithPicture(**self._fields(), picture_url=url)

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


def alarm_of(caller: Caller) -> Seen:
    """The alarm that the route names, for whoever may see alarms of its channel. Raises NotFound, RightMissing."""
    opened = devices.allowed(caller, "alarms")
    return Seen(_standing(caller, opened), opened.known_by)


def _standing(caller: Caller, opened: Opened) -> Alarm:
    alarm: Alarm | None = caller.along[3]
    if alarm is None or not alarm.stands(opened.device) or not opened.covers(alarm.channel):
        raise NotFound
    return alarm


def look_at(caller: Caller) -> shapes.AlarmWithPicture:
    """The alarm with a link to its picture. That a guest saw it is recorded before the link is given. Raises NotFound,
    RightMissing."""
    seen = alarm_of(caller)
    if recorded := _looked(caller, seen):
        commit(*recorded)
    return seen.with_picture()


def _looked(caller: Caller, seen: Seen) -> tuple[Write, ...]:
    return () if seen.alarm.picture is None else shares.looked(devices.opened(caller))


def alarms_of_device(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    """A page of one device's alarms, newest first. Raises NotFound, RightMissing."""
    return _page([devices.allowed(caller, "alarms")], search)


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
    return search.channel in (None, alarm.channel) and search.type in (None, alarm.type)


def mark_read(caller: Caller) -> shapes.AlarmWithPicture:
    """Read by this person; others keep their own marks."""
    seen = alarm_of(caller)
    marked = change(seen.alarm, Alarm.read_by.add({seen.by}), otherwise=NotFound)
    seen.alarm.read_by = (seen.alarm.read_by or set()) | {seen.by}
    return done(marked, *_looked(caller, seen), answer=seen.with_picture())


# Deleting: unreadable with the commit, then the picture, then the row


def delete_one(caller: Caller) -> None:
    opened = devices.owned(caller)
    done(*_marked([_standing(caller, opened)]), _deleted(caller, opened.device), answer=None)


def _deleted(caller: Caller, device: Device) -> Write:
    return activity.happened(device, "alarms_deleted", who=caller.terminal)


def delete_some(caller: Caller, alarm_ids: list[str]) -> None:
    """Those of the named alarms that are there; the others are gone already."""
    device = devices.owned(caller).device
    found = read(*(Alarm.key(device.partition_id, alarm_id) for alarm_id in dict.fromkeys(alarm_ids)))
    there = [alarm for alarm in found if alarm is not None and alarm.stands(device)]
    if there:
        done(*_marked(there), _deleted(caller, device), answer=None)


def delete_all(caller: Caller) -> None:
    """Everything that arrived up to now, in one write."""
    device = devices.owned(caller).device
    now = clock.now_s()
    removal = Removal.new(device.partition_id, ids.new_id(), until=now)
    recorded = _deleted(caller, device)
    done(change(device, alarms_after=now, otherwise=NotFound), create(removal), recorded, answer=None)


def _marked(alarms: list[Alarm]) -> list[Any]:
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
    bucket.delete([alarm.picture for alarm in doomed if alarm.picture is not None])
    for alarm in doomed:
        commit(remove(alarm))
    if clock.now() < clock.at_epoch(removal.until) + LONGEST_FUNCTION:
        queue.tell(Removal.told_to, after=LONGEST_FUNCTION, partition_id=device_id, place_id=removal_id)
    else:
        commit(remove(removal))


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
