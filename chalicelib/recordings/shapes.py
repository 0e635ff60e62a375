"""Request and response shapes of recordings."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, UnsetType

from chalicelib.entry.wire import Shape, Time
from chalicelib.plans.shapes import DevicePlan


class TicketPlan(Shape):
    """The plan by which a camera records. `event_ms_left` is how much a channel of an event plan may still record on
    the device's day, of the channels asked for the one that has least."""

    kind: Literal["event", "continuous"]
    keep_days: int
    event_ms_left: int | UnsetType = UNSET


class RecordingTicket(Shape):
    """A form for one channel, as for pictures: its fields first and the file last, with a `key` that is `key_prefix`,
    the channel, a slash and the object's name. A transport stream may say `video/mp2t` in the place of the
    Content-Type among the fields. An init has 64 KiB at most."""

    channel: str
    url: str
    fields: dict[str, str]
    key_prefix: str
    until: Time
    least_bytes: int
    most_bytes: int
    shortest_ms: int
    longest_ms: int
    event_ms_left: int | UnsetType = UNSET


class RecordingTickets(Shape):
    """One ticket for each channel; `channels_left` had no room in the answer and are asked for by name, and
    `channels_spent` have recorded all that an event plan takes on this day."""

    now: Time
    plan: TicketPlan
    tickets: list[RecordingTicket]
    channels_left: list[str]
    channels_spent: list[str]


class RecordedPlan(DevicePlan):
    """The device's plan, and what is stored by it: at most an hour old. `oldest` and `newest` are the first and last
    moment of video that is there; null where there is none."""

    used_bytes: int
    oldest: Time | None
    newest: Time | None
