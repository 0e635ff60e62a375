"""Request and response shapes of shares."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.contacts.shapes import Reached
from chalicelib.entry.wire import Listed, Shape, Time
from chalicelib.stock.shapes import ChannelId

Right = Literal["live", "playback", "alarms", "settings"]
Rights = Annotated[list[Right], Meta(min_length=1, max_length=4)]
Channels = Annotated[list[ChannelId], Meta(min_length=1, max_length=64)]
State = Literal["waiting", "accepted"]


def in_order(rights: Collection[str]) -> list[Right]:
    """As they are always told."""
    return [right for right in get_args(Right) if right in rights]


class ShareDevice(Reached, kw_only=True):
    """With one person; no channels are all, and without `until` it lasts until somebody ends it."""

    rights: Rights
    channels: Channels | None = None
    until: Time | None = None


class ChangeShare(Shape):
    """Only what is named changes."""

    rights: Rights | UnsetType = UNSET
    channels: Channels | UnsetType | None = UNSET
    until: Time | UnsetType | None = UNSET


class ShownShare(Struct, frozen=True):
    """A share as its owner is shown it, and whose name may be in it."""

    share: Share
    shown_subject: str | None


class Share(Shape):
    """As its owner sees it. An invitation that nobody accepts ends at `waits_until`, whether there is an account at
    that address or not. Accepted, `name` is the guest's nickname of now, and the address that was invited is there only
    as long as it is the guest's; null both, if it is no more."""

    share_id: str
    name: str | None
    email: str | None
    phone: str | None
    rights: list[Right]
    channels: list[str] | None
    until: Time | None
    state: State
    invited_at: Time
    waits_until: Time | None

    @classmethod
    def of(cls, shown: ShownShare) -> Share:
        return shown.share


class Shares(Listed):
    items: list[Share]


class Received(Shape):
    """A share as the person sees it who may use the device; `owner` is the owner's nickname, `device_id` is there once
    it is accepted."""

    share_id: str
    device_id: str | None
    name: str
    owner: str
    rights: list[Right]
    channels: list[str] | None
    until: Time | None
    state: State
    waits_until: Time | None


class ReceivedShares(Listed):
    items: list[Received]
