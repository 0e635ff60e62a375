"""An arrived picture becomes an alarm, or is refused and deleted (B11)."""

from __future__ import annotations

from chalicelib import clock
from chalicelib.access import actions as access
from chalicelib.access.records import Device
from chalicelib.alarms import rules
from chalicelib.alarms.actions import bounds, deleting, naming, notifying
from chalicelib.alarms.actions.arrivals import Arrival
from chalicelib.alarms.records import Alarm, short_etag
from chalicelib.aws import s3
from chalicelib.commands import actions as commands
from chalicelib.push.actions.recipients import Recipients
from chalicelib.stock.actions import uploads
from chalicelib.stock.actions.uploads import Refused
from chalicelib.store.commit import Write, change, commit, create
from chalicelib.store.keys import RawItem
from chalicelib.store.records import read

# Refusals of what is new; a picture that was taken before stays, as news of it may come again.
_OF_WHAT_IS_NEW = ("too_many", "channel_unknown")


def take_picture(arrival: Arrival, of: Recipients | None, *, is_first_try: bool) -> list[Refused]:
    """Make an alarm of a picture and tell who may see it, or whoever asked for it; of one that cannot be shown, an
    alarm without it. What is no alarm, or nobody's any more (`of` is None), is deleted, and the answer says why."""
    device_id = None if of is None else of.device.pk_id
    try:
        if of is None:
            raise rules.NotTaken("nobody_owns", count=0)
        bounds.require_below(arrival, of, is_first_try=is_first_try)
        _take(arrival, of)
    except rules.NotTaken as refused:
        if of is not None and refused.reason in _OF_WHAT_IS_NEW and _is_shown(arrival, of.device):
            return []
        if device_id is not None and refused.count:
            # Before it is deleted: of what is gone, the next try would not know.
            commit(uploads.refused_upload(device_id, refused.reason, arrival.arrived, refused.count))
        s3.delete([arrival.object_key])
        return [Refused.of(arrival.object_key, device_id, refused.reason)]
    return []


def _is_shown(arrival: Arrival, device: Device) -> bool:
    """Whether it is the picture of an alarm that may still be seen, and not other bytes in its place."""
    try:
        named = rules.read_name(arrival.name)
    except rules.NotTaken:
        return False
    # As it was stored if its stamp was believed, and if it was not; by a second upload of the name, perhaps otherwise.
    times = rules.time_of(named.stamp, arrival.second), named.stamp
    ids = dict.fromkeys(naming.alarm_id(at, arrival.object_key) for at in times)
    found = filter(None, map(_meant_by, read(*(Alarm.key(device.pk_id, alarm_id) for alarm_id in ids))))
    shown = next((one for one in found if one.picture == arrival.object_key and one.is_readable(device)), None)
    if shown is None or _came_in_privacy(arrival, device):
        return False
    return shown.has_picture(s3.etag(arrival.object_key))


def _came_in_privacy(arrival: Arrival, device: Device) -> bool:
    """Whether it came, on a ticket of before, while its owner wanted nothing to be filmed."""
    return access.was_private_at(device, clock.epoch_s(arrival.second))


def _take(arrival: Arrival, of: Recipients) -> None:
    named, device = rules.read_name(arrival.name), of.device
    if device.channel_ids is not None and named.channel not in device.channel_ids:
        raise rules.NotTaken("channel_unknown")
    alarm = _alarm_of(arrival, named, device)
    if not alarm.is_readable(device):  # everything was deleted between its arrival and the news of it
        raise rules.NotTaken("deleted", count=0)
    if _came_in_privacy(arrival, device):
        raise rules.NotTaken("privacy_mode", count=0)
    look = _look_at(arrival.object_key)
    if look is None:
        return  # it was deleted again
    is_shown, etag = look
    if not is_shown and alarm.type == rules.SNAPSHOT:
        raise rules.NotTaken("picture_unreadable")  # who asked for it wants the picture, and nothing else
    alarm.assign(etag=short_etag(etag), **({"picture": arrival.object_key} if is_shown else {"unreadable": 1}))
    known = _begin(alarm, device, named, arrival)
    if known is not None:
        _require_same(known, alarm, etag)
    # An earlier try of the same event may have died between the alarm and its push: one too many beats one too few.
    if known is None or known.arrived_at == alarm.arrived_at:
        notifying.tell(known or alarm, of, is_repeat=known is not None)
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
    """The name has an alarm: S3 reported it twice, or the camera sent it again."""

    def __init__(self, alarm: Alarm | None) -> None:
        super().__init__()
        self.alarm = alarm


def _begin(alarm: Alarm, device: Device, named: rules.Named, arrival: Arrival) -> Alarm | None:
    """Store the alarm; or the one that its name has already. Raises NotTaken if that was deleted."""
    answers = commands.shown_by(alarm.pk_id, named.mark, alarm.sort_id) if alarm.type == rules.SNAPSHOT else ()
    # The id follows from the name; but where it has the arrival's time, the name could come by another one.
    claims = () if rules.is_believed(named.stamp, arrival.second) else (_claim(alarm, named, arrival),)
    try:
        commit(create(alarm, otherwise=_known), *claims, *answers)
    except _Known as known:
        if known.alarm is None or not known.alarm.is_readable(device):
            raise rules.NotTaken("deleted", count=0) from None
        return known.alarm
    return None


def _known(there: RawItem | None) -> _Known:
    return _Known(_meant_by(Alarm.of(there)))


def _meant_by(found: Alarm | None) -> Alarm | None:
    """The alarm that was found where a name's is looked for, or that is named there."""
    if found is not None and found.alias_of is not None:
        (found,) = read(Alarm.key(found.pk_id, found.alias_of))
    return found


def _claim(alarm: Alarm, named: rules.Named, arrival: Arrival) -> Write:
    """A row that nobody is shown, where the alarm would be if its stamp were believed: the same name that comes again,
    a moment later perhaps believed, meets it there."""
    claim = Alarm.new(
        alarm.pk_id,
        naming.alarm_id(named.stamp, arrival.object_key),
        at=alarm.at,
        arrived_at=alarm.arrived_at,
        type=alarm.type,
        removed=1,
        alias_of=alarm.sort_id,
        expires_at=deleting.name_ends_s(arrival.arrived),
    )
    return create(claim, otherwise=_known)


def _require_same(known: Alarm, alarm: Alarm, etag: str) -> None:
    """An alarm's picture never changes under it: other bytes are refused as its picture, which is lost with them, as S3
    has one object of a name. Raises NotTaken."""
    if known.has_picture(etag) and (known.picture is None) == (alarm.picture is None):
        return
    if known.picture is not None:
        gone = rules.NotTaken("deleted", count=0)
        commit(change(known, when=deleting.is_not_deleted(), picture=None, unreadable=1, otherwise=gone))
    raise rules.NotTaken("picture_replaced")


def _alarm_of(arrival: Arrival, named: rules.Named, device: Device) -> Alarm:
    arrived = arrival.second
    at = rules.time_of(named.stamp, arrived)
    return Alarm.new(
        device.pk_id,
        naming.alarm_id(at, arrival.object_key),
        at=clock.epoch_s(at),
        arrived_at=clock.epoch_s(arrived),
        channel=named.channel,
        type=named.type,
        expires_at=clock.epoch_s(rules.end_of(arrived)),
    )
