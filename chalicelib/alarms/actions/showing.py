"""A person looks through alarms, at one of them, and marks it read (B11)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from msgspec.structs import asdict

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.records import Device, Ownership
from chalicelib.alarms import shapes
from chalicelib.alarms.actions import deleting, naming
from chalicelib.alarms.actions.tickets import JPEG
from chalicelib.alarms.records import Alarm
from chalicelib.aws import s3
from chalicelib.entry.callers import Caller
from chalicelib.errors import NotFound
from chalicelib.sharing.actions import shares
from chalicelib.store.commit import Write, change, commit, commit_and_answer

# How many pages of a hundred are looked through for alarms of one channel or type before a page is given as it is.
_MOST_PAGES, _PAGE_OF_SEARCH = 10, 100
# More marks than that nobody tells apart on a line of time.
_MOST_BETWEEN = 1000


class FoundAlarm(Struct, frozen=True):
    """An alarm, the device that raised it, and its owner's tie to that, which holds the plan."""

    device: DeviceAccess
    alarm: Alarm
    held: Ownership | None


class Seen(Struct, frozen=True):
    """An alarm as this person sees it."""

    alarm: Alarm
    by: str

    def described(self) -> shapes.Alarm:
        alarm = self.alarm
        return shapes.Alarm(
            alarm_id=alarm.sort_id,
            device_id=alarm.pk_id,
            channel=alarm.channel,
            type=alarm.type,
            at=clock.at_epoch(alarm.at),
            read=self.by in (alarm.read_by or ()),
            until=clock.at_epoch(alarm.expires_at),
        )

    def in_full(self, recorded: shapes.Recorded | None) -> shapes.AlarmInFull:
        """The alarm with a link; where its picture is gone, or other bytes are in its place, there is none to show."""
        alarm, fields = self.alarm, {**asdict(self.described()), "recorded": recorded}
        if alarm.picture is None:
            without: Literal["unreadable", "none"] = "unreadable" if alarm.unreadable else "none"
            return shapes.AlarmInFull(**fields, picture=without, picture_url=None)
        # Whoever uploaded it can put other bytes in its place until we hear of it.
        if not alarm.has_picture(s3.etag(alarm.picture)):
            return shapes.AlarmInFull(**fields, picture="unreadable", picture_url=None)
        url = s3.link(alarm.picture, until=clock.at_epoch(alarm.expires_at), content_type=JPEG)
        return shapes.AlarmInFull(**fields, picture="shown", picture_url=url)


def look_at(found: FoundAlarm) -> shapes.AlarmInFull:
    """The alarm with a link to its picture, and what was recorded around it. That a guest saw it is recorded before the
    link is given. Raises NotFound."""
    if activity_row := _record_view(found.device, found.alarm):
        commit(*activity_row)
    return Seen(found.alarm, found.device.known_by).in_full(_recorded_around(found))


def _recorded_around(found: FoundAlarm) -> shapes.Recorded | None:
    """None for who may not look back, and where there never was a plan."""
    alarm, held = found.alarm, found.held
    if alarm.channel is None or held is None or not held.plan_grants or not found.device.may("playback"):
        return None
    # Here and not above: most containers never see an alarm of a device with a plan, and it is 7 % of a cold start.
    from chalicelib.alarms.actions import around

    return around.recorded_around(found.device.device, held, alarm.channel, clock.at_epoch(alarm.at))


def _record_view(granted: DeviceAccess, alarm: Alarm) -> tuple[Write, ...]:
    return () if alarm.picture is None else shares.record_view(granted)


def alarms_of_device(granted: DeviceAccess, search: shapes.Search) -> shapes.Alarms:
    """A page of one device's alarms, newest first."""
    return _page([granted], search)


def alarms_of_all(caller: Caller, search: shapes.Search) -> shapes.Alarms:
    """A page of the alarms of all devices whose alarms the caller may see, newest first."""
    return _page([one for one in access.devices_of(caller) if one.may("alarms")], search)


def _page(granted: list[DeviceAccess], search: shapes.Search) -> shapes.Alarms:
    searched = [_newest(one, search) for one in granted]
    # What is older than where looking stopped waits for the next page, or something in between would be passed over.
    stop = max((one.stopped_at for one in searched if one.stopped_at is not None), default="")
    found = [seen for one in searched for seen in one.found if not stop or seen.alarm.sort_id >= stop]
    if len(searched) > 1:  # those of one device are in order
        found.sort(key=lambda seen: seen.alarm.sort_id, reverse=True)
    shown = found[: search.limit]
    return shapes.Alarms(
        items=[seen.described() for seen in shown],
        cursor=shown[-1].alarm.sort_id if len(found) > search.limit else stop or None,
    )


class _Looked(Struct, frozen=True):
    """The alarms found of one device, and the last id that was looked at if older ones are left."""

    found: list[Seen]
    stopped_at: str | None


def _newest(one: DeviceAccess, search: shapes.Search) -> _Looked:
    """As many as fit the page; where only some are wanted, one more, so that it is known whether another follows."""
    device = one.device
    first, last = _span(device, search.day)
    wants_all = search.wants_all and one.covers_all
    count, enough = (search.limit, search.limit) if wants_all else (_PAGE_OF_SEARCH, search.limit + 1)
    found: list[Seen] = []
    after, by = search.cursor, one.known_by
    for _ in range(_MOST_PAGES):
        page = Alarm.list_of(device.pk_id, first=first, last=last, newest_first=True, limit=count, after=after)
        # None of a page is over.
        wanted = [alarm for alarm in page.items if not alarm.is_deleted(device) and _is_wanted(alarm, search)]
        found += [Seen(alarm, by) for alarm in wanted if one.covers(alarm.channel)]
        after = page.cursor
        if after is None or len(found) >= enough:
            break
    return _Looked(found, after)


def alarms_between(
    granted: DeviceAccess, channel: str | None, begin: datetime, end: datetime
) -> list[shapes.Alarm]:
    """The newest of a span of time, of a channel or of all, in order of time; none for who may not see alarms."""
    if not granted.may("alarms"):
        return []
    first, last = naming.stamp(begin), naming.stamp(end - timedelta(seconds=1))
    device, search = granted.device, shapes.Search(channel=channel)
    page = Alarm.list_of(device.pk_id, first=first, last=last, newest_first=True, limit=_MOST_BETWEEN)
    readable = [one for one in reversed(page.items) if one.is_readable(device) and _is_wanted(one, search)]
    return [Seen(one, granted.known_by).described() for one in readable if granted.covers(one.channel)]


def _span(device: Device, day: str | None) -> tuple[str, str]:
    if day is None:
        return "", ""
    start, end = naming.span_of_day(device, day)
    return naming.stamp(start), naming.stamp(end - timedelta(seconds=1))


def _is_wanted(alarm: Alarm, search: shapes.Search) -> bool:
    """An alarm of the whole device is one of each of its channels."""
    return (search.channel in (None, alarm.channel) or alarm.channel is None) and search.type in (None, alarm.type)


def mark_read(found: FoundAlarm) -> shapes.AlarmInFull:
    """Read by this person; others keep their own marks."""
    alarm, by = found.alarm, found.device.known_by
    marked = change(alarm, Alarm.read_by.add({by}), when=deleting.is_not_deleted(), otherwise=NotFound)
    alarm.read_by = (alarm.read_by or set()) | {by}
    answer = Seen(alarm, by).in_full(_recorded_around(found))
    return commit_and_answer(marked, *_record_view(found.device, alarm), answer=answer)
