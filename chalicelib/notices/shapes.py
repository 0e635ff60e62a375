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
DeviceIds = Annotated[list[Annotated[str, Meta(min_length=1, max_length=64)]], Meta(max_length=10_000)]
Step = Literal["early_warning", "notification", "final_report"]
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


class Affected(Shape):
    """Whom an incident concerns: the owners of devices, which may be gone, and accounts, by their ids."""

    devices: DeviceIds = field(default_factory=list)
    accounts: DeviceIds = field(default_factory=list)


class DeclareIncident(Shape):
    """What happened, and what those should do whom it concerns; `translations` have it for those who read another
    language: title and the whole text."""

    title: Words
    what: Text
    advice: Text
    who: Affected
    translations: dict[Wording, Told] = field(default_factory=dict)


class Declared(Shape):
    """The same order within a day is the same incident. Record the steps before their deadlines, or it rings."""

    incident_id: str
    accounts: int
    deadlines: dict[Step, Time]


class RecordIncidentStep(Shape):
    incident_id: Annotated[str, Meta(max_length=64)]
    step: Step


class Incident(Shape):
    """An incident, and when each step is due that was not recorded; none is left of one that is closed."""

    incident_id: str
    title: str
    declared_at: Time
    deadlines: dict[Step, Time]


class RecordedStep(Shape):
    """The incident after that; null where there is none of this id."""

    incident: Incident | None


class Announced(Shape):
    """The same order within a day is the same notice: who was told is not told again. `accounts` is how many it is for,
    or null for everybody; those that do not exist are not told."""

    notice_id: str
    accounts: int | None
