"""Records of devices: whose each is, whom its owner lets use it, and by whom it is found."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib import ids
from chalicelib.access import rules
from chalicelib.register import rows
from chalicelib.store.keys import Key
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """The rights that one share gives one person. They lie on the device, so that one read of it decides; times
    are in seconds since 1970."""

    share_id: str
    guest_id: str | None
    rights: tuple[str, ...]
    channels: tuple[str, ...] | None
    until: int | None
    waits_until: int | None

    @classmethod
    def of(cls, text: str) -> Grant:
        return msgspec.json.decode(text, type=cls)

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @property
    def end(self) -> int | None:
        """The time at which it ends by itself: as agreed, or because nobody accepted it."""
        return min((time for time in (self.until, self.waits_until) if time is not None), default=None)

    def may(self, right: str, channel: str | None = None) -> bool:
        return right in self.rights and self.covers(channel)

    def covers(self, channel: str | None) -> bool:
        return channel is None or self.channels is None or channel in self.channels


class Device(Item):
    """One ownership of a camera. Its id begins with the owner's and its key hangs on his, so that the next owner starts
    from nothing, and that nothing of it can be read once the owner's account is closed."""

    pk_prefix = "device"
    sk_prefix = "device"
    # Else a camera whose owner wanted no pictures would take some again, and a former password or picture be back, or
    # what was filmed while he wanted none, or what he deleted.
    replaced_for_good = (
        "cover", "cover_as_of_ms", "deleted_spans", "password", "private_since", "private_spans", "private_until",
    )  # fmt: skip

    stock_id = key(UnicodeAttribute(), rows.DEVICE_BINDING, why="keyed hash of the serial number")
    grants = key(
        UnicodeSetAttribute(null=True), rows.DEVICE_SHARING, why="random ids, rights and times: who else may do what"
    )
    bound_at = key(Time(), rows.DEVICE_SETTINGS, why="time", exported=True)
    last_seen = key(Time(null=True), rows.DEVICE_SETTINGS, why="time", exported=True)
    uploads_counted_in = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="the hour in which each of its uploads is counted"
    )
    uploads_over_in = key(
        UnicodeAttribute(null=True), rows.ALARM_MESSAGES, why="the hour in which it uploaded too much"
    )
    late_told_at = key(
        Time(null=True), rows.ALARM_MESSAGES, why="time: alarms that come late are reported once in a while"
    )
    seen_by_channel = plain(NumberAttribute(null=True), why="1 while its connections say when it was there")
    alarms_after = key(Time(null=True), rows.ALARM_MESSAGES, why="time: alarms from before were deleted")
    sn = personal(rows.DEVICE_BINDING)
    model = personal(rows.DEVICE_BINDING)
    name = personal(rows.DEVICE_NAME_AND_COVER)
    wifi = personal(rows.DEVICE_BINDING, null=True)
    password = personal(
        rows.DEVICE_PASSWORD, null=True, withheld="it protects the picture a second time, also from who finds a copy"
    )
    time_zone = personal(rows.DEVICE_BINDING)
    dst = personal(rows.DEVICE_BINDING)
    mac = personal(rows.DEVICE_SETTINGS, null=True)
    firmware = personal(rows.DEVICE_SETTINGS, null=True)
    channels = personal(rows.DEVICE_SETTINGS, null=True)
    channel_ids = key(
        UnicodeSetAttribute(null=True), rows.DEVICE_SETTINGS, why="which channels it has: uploads of others are refused"
    )
    lan = personal(rows.DEVICE_SETTINGS, null=True)
    country = personal(rows.DEVICE_SETTINGS, null=True)
    cover = key(
        UnicodeAttribute(null=True),
        rows.DEVICE_NAME_AND_COVER,
        why="where its cover lies: random ids",
        points_to="object",
    )
    cover_as_of_ms = key(
        NumberAttribute(null=True), rows.DEVICE_NAME_AND_COVER, why="time: an upload of before is no news"
    )
    desired = personal(rows.DEVICE_SETTINGS, null=True)
    settings_version = plain(NumberAttribute(null=True), why="how often its settings were set")
    reported = personal(rows.DEVICE_SETTINGS, null=True)
    reported_version = plain(NumberAttribute(null=True), why="which of them the camera realises")
    state_times = key(
        UnicodeAttribute(null=True), rows.DEVICE_SETTINGS, why="times: what a report says of before is no news"
    )
    battery_percent = personal(rows.DEVICE_SETTINGS, null=True)
    streams = personal(rows.DEVICE_SETTINGS, null=True)
    private_since = key(
        Time(null=True), rows.DEVICE_SETTINGS, why="time: what arrives from then on is dropped", exported=True
    )
    private_until = key(
        Time(null=True), rows.DEVICE_SETTINGS, why="time: what arrives from then on is kept again", exported=True
    )
    private_spans = key(
        UnicodeSetAttribute(null=True),
        rows.DEVICE_SETTINGS,
        why="times: what was filmed in between is not kept, whenever it arrives",
        exported=True,
    )
    deleted_spans = key(
        UnicodeSetAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="channels and times: what was recorded in between is deleted, whenever it arrives",
    )

    @property
    def account_id(self) -> str:
        """Random id of the owner."""
        return ids.parent_of(self.pk_id)

    def private_intervals(self) -> Iterator[tuple[float, float | None]]:
        """From when till when privacy mode was on, in seconds since 1970: what ended is among its spans, and the last
        one, or the present one, stands beside them."""
        for since_ms, until_ms in map(rules.read_span, self.private_spans or ()):
            yield since_ms / 1000, until_ms / 1000
        if self.private_since is not None:
            yield self.private_since, self.private_until

    def was_private_between(self, begin_s: float, end_s: float) -> bool:
        return rules.was_private_between(begin_s, end_s, self.private_intervals())


class Ownership(Item):
    """A device of an account, by the device's own part of its id: how its owner finds it, and the erasure of the
    account; and the ledger of grants of a plan to it, in which what waits becomes what is held by time alone."""

    pk_prefix = "account"
    # Sorts just before what is shared with the account, so that one query brings both.
    sk_prefix = "device-owned"

    subject = key(UnicodeAttribute(), rows.DEVICE_BINDING, why="random id of the device", points_to="subject")
    plan_grants = key(
        UnicodeSetAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="times, entries of the catalogue, prices and random ids of orders",
        exported=True,
    )
    plan_pauses = key(
        UnicodeSetAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="times: when its owner paused the plan",
        exported=True,
    )
    plan_end = key(
        UnicodeAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="where the end of all that is found by its day",
        points_to="row",
    )
    plan_warning = key(
        UnicodeAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="where what its owner is told next of that end is found by its time",
        points_to="row",
    )
    plan_renewal = key(
        UnicodeAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="times and an entry of the catalogue: how the plan is renewed by itself, and when",
        exported=True,
    )
    plan_renewal_due = key(
        UnicodeAttribute(null=True),
        rows.CLOUD_STORAGE,
        why="where that is found by its time",
        points_to="row",
    )

    @classmethod
    def of_device(cls, device_id: str) -> Key[Ownership]:
        return cls.key(ids.parent_of(device_id), ids.own_part(device_id))

    @property
    def device_id(self) -> str:
        return self.pk_id + self.sort_id


class Received(Item):
    """A device that is shared with this person. That it goes, however it does, is reported, and ends the share."""

    pk_prefix = "account"
    sk_prefix = "device-received"
    stream_queue, stream_listener = "Cleanups", "sharing.on_share_ended"
    stream_events = frozenset({"REMOVE"})

    accepted_at = key(Time(), rows.DEVICE_SHARING, why="time", exported=True)

    @property
    def device_id(self) -> str:
        return self.sort_id


class Share(Item):
    """One person whom the owner lets use a device, or an address that was invited to; it says what the device grants.

    It is of an address only while it waits. Accepted, it is of a person, whatever becomes of the address: what is left
    of that is the hash, by which his account is asked whether it is still his.
    """

    pk_prefix = "device"
    sk_prefix = "share"
    is_deleted_for_good = True
    replaced_for_good = ("channels", "rights", "until")

    address = personal(rows.DEVICE_SHARING, null=True)
    address_hash = key(
        UnicodeAttribute(),
        rows.DEVICE_SHARING,
        why="keyed hash: where the invitation lies, and is that still the guest's address?",
    )
    guest_id = key(
        UnicodeAttribute(null=True),
        rows.DEVICE_SHARING,
        why="random id of whom it is with, once accepted",
        exported=True,
    )
    recorded_in = key(
        UnicodeSetAttribute(null=True),
        rows.DEVICE_SHARING,
        why="times and random ids: which records of what happened say the address, while it waits",
    )
    rights = key(UnicodeSetAttribute(), rows.DEVICE_SHARING, why="what is allowed, of four words", exported=True)
    channels = key(
        UnicodeSetAttribute(null=True),
        rows.DEVICE_SHARING,
        why="which of the device's channels; none for all",
        exported=True,
    )
    until = key(Time(null=True), rows.DEVICE_SHARING, why="time", exported=True)
    invited_at = key(Time(), rows.DEVICE_SHARING, why="time", exported=True)
    accepted_at = key(Time(null=True), rows.DEVICE_SHARING, why="time", exported=True)
    named_at = key(UnicodeAttribute(), rows.DEVICE_SHARING, why="where the other person finds it", points_to="row")

    def written_if_void(self) -> float | None:
        # While it waits it is an invitation, which is easily sent anew.
        return self.invited_at if self.accepted_at is None else None
