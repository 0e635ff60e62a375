"""Request and response shapes of notices."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from chalicelib.entry.wire import Shape, Time, Words

Kind = Literal["announcement", "incident", "policy", "withdrawal", "inactivity"]
Text = Annotated[str, Meta(min_length=1, max_length=4000)]
AccountIds = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(min_length=1, max_length=10_000)
]
Wording = Annotated[str, Meta(pattern="^(en|pl)$")]


class Notice(Shape):
    """What everybody or one person is told; `kind` says what it is about."""

    notice_id: str
    kind: Kind
    at: Time
    title: str
    text: str
    read: bool


class Notices(Shape):
    items: list[Notice]
    cursor: str | None


class Told(Shape):
    title: Words
    text: Text


class Announce(Told):
    """Something that everybody is told in the list of their notices, or that accounts are told, by their ids, in a
    notice of their own, by push and mail. `translations` have it for those who read another language."""

    to: Literal["all"] | AccountIds = "all"
    kind: Literal["announcement", "withdrawal"] = "announcement"
    translations: dict[Wording, Told] = field(default_factory=dict)


class Announced(Shape):
    """The same order within a day is the same notice: who was told is not told again. `accounts` is how many it is for,
    or null for everybody; those that do not exist are not told."""

    notice_id: str
    accounts: int | None
