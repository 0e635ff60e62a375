"""Request and response shapes of rights."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chalicelib.accounts.shapes import Country, Language, Password, Terminal
from chalicelib.contacts.shapes import Email, Phone, Reached
from chalicelib.entry.wire import END, Listed, Page, Shape, Time
from chalicelib.sessions.shapes import Tokens


class Closing(Shape):
    """Ask at `receipt_url`; the id in it is the only thing that opens it."""

    erasure_id: str
    receipt_url: str


class CarriedPlan(Shape):
    """What is left of the plans of a device that one had: `ticket`, a compact JWS (ES256), is for
    `POST /devices/{device_id}/plan/arrivals` in the other region, once, before `until`."""

    device_id: str
    ticket: str
    until: Time


class Erasure(Shape):
    """`receipt` is a compact JWS (ES256); `GET /keys` has the key that verifies it. After a move to another
    region `plans` go there, each by its ticket; they are listed within a minute or so, and kept for a year."""

    state: Literal["erasing", "done"]
    done_at: Time | None = None
    receipt: str | None = None
    plans: tuple[CarriedPlan, ...] = ()


class Leave(Shape):
    """A country that another region serves."""

    country: Country


class Leaving(Shape):
    """Give `ticket` to `POST /accounts/arrivals` at `endpoint`, before `until`: it vouches for you there, once.

    Nothing ends here before `POST /me/move/confirm`. Then your `devices`, by their number, are released, to be bound
    anew there, and what is left of their plans is for them there (`GET /erasures/{erasure_id}`); everything else goes
    with you in a copy of your data (`POST /privacy/exports`).
    """

    endpoint: str
    ticket: str
    until: Time
    devices: int


Signed = Annotated[str, Meta(max_length=4096, description="a compact JWS (ES256)")]


class Arrive(Shape):
    ticket: Signed
    password: Password
    terminal: Terminal


class Arrived(Tokens):
    """Give `arrival` to `POST /me/move/confirm` in the region that you come from, within 30 days."""

    arrival: str


class ConfirmMove(Shape):
    arrival: Signed


class Claims(Struct):
    iss: str
    aud: str
    sub: Annotated[str, Meta(min_length=16, max_length=64)]
    iat: int
    exp: int


class Ticket(Claims, kw_only=True):
    """Statement of one region's installation to another about a person who comes; `sub` is the ticket's own random
    id."""

    email: Email | None = None
    phone: Phone | None = None
    # As the other region keeps it, which may be from before names had to be shown on one line.
    nickname: Annotated[str, Meta(min_length=1, max_length=64)]
    language: Language
    country: Country
    policy_version: Annotated[str, Meta(max_length=32)]


class Arrival(Claims):
    """Reply of that one; `sub` is the ticket's id."""


class PlanTicket(Claims):
    """Statement of one region's installation to another of what is left of a device's plans, as the ledger there has
    it; `sub` is the ticket with which its owner came."""

    device_id: Annotated[str, Meta(min_length=16, max_length=64)]
    grants: Annotated[list[Annotated[str, Meta(max_length=256)]], Meta(min_length=1, max_length=256)]


class BringPlan(Shape):
    """One of the tickets that `GET /erasures/{erasure_id}` has in the region that you come from."""

    ticket: Annotated[str, Meta(max_length=65536, description="a compact JWS (ES256)")]


class Volume(Shape):
    """One archive, a ZIP, there until `until`. Unpack all into one folder. `download_url` is as that of the copy."""

    number: int
    size_bytes: int
    sha256: str
    until: Time
    download_url: str | None


class Export(Shape):
    """`download_url` opens once, and only who proved once more who it is gets it; ask again for another one.

    A large copy has several `volumes`: those that are there are listed, also while others are being prepared, and it is
    `ready` when all are made. `until`, `size_bytes`, `sha256` and `download_url` are the first one's, which has all but
    the objects that it had no room for.
    """

    export_id: str
    state: Literal["preparing", "ready", "over"]
    asked_at: Time
    due_at: Time
    ready_at: Time | None
    until: Time | None
    size_bytes: int | None
    sha256: str | None
    download_url: str | None
    volumes: list[Volume]


class Exports(Shape):
    items: list[Export]
    cursor: str | None


class Restrict(Shape):
    """Why processing is to be restricted (GDPR, article 18): what is kept is not `accuracy`, correct; it is kept
    `unlawful`ly, and you do not want it deleted; you need it for legal `claims`; or an `objection` of yours is not
    answered yet."""

    reason: Literal["accuracy", "unlawful", "claims", "objection"]
    note: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class Restriction(Shape):
    """`reason` is null where nothing is restricted, and where a restore of the table has lost it."""

    restricted: bool
    since: Time | None
    reason: Literal["accuracy", "unlawful", "claims", "objection"] | None
    note: str | None


class ObjectTo(Shape):
    """The reason, from your particular situation, if you want to give one; against marketing none is needed."""

    reason: Annotated[str, Meta(min_length=1, max_length=2000)] | None = None


class Objection(Shape):
    """A `purpose` that rests on legitimate interest, a row of the policy; `state` is null where you have not objected.
    To `marketing` an objection is granted at once; to others it is `open` until it is answered, by `due_at`."""

    purpose: str
    title: str
    text: str
    marketing: bool
    state: Literal["open", "granted", "refused", "withdrawn"] | None
    asked_at: Time | None
    due_at: Time | None
    settled_at: Time | None
    reason: str | None
    answer: str | None


class Objections(Listed):
    """In the order of the policy's table."""

    items: list[Objection]


class ShowObjections(Shape):
    """Nothing has to be said."""


class OpenObjection(Shape):
    request_id: str
    purpose: str
    asked_at: Time
    due_at: Time
    reason: str | None


class OpenObjections(Shape):
    """Those that wait for an answer, the one that is due first first: a hundred at most, and whether there are more."""

    items: list[OpenObjection]
    more: bool


class AnswerObjection(Shape):
    """`grounds` go to the person: why it is granted, or which compelling grounds there are to go on all the same."""

    request_id: Annotated[str, Meta(min_length=32, max_length=128)]
    granted: bool
    grounds: Annotated[str, Meta(min_length=8, max_length=4000)]


class AnsweredObjection(Shape):
    """How far it is now: as it was answered first, or taken back; null where there is none, or no more."""

    request_id: str
    state: Literal["granted", "refused", "withdrawn"] | None


class PrivacyRequest(Shape):
    """A copy is `open` until it can be had, and `done` then; a restriction is `in_force` until it has `ended`. An
    objection is about a `purpose`, a row of the policy, and `open` until it is answered or withdrawn. `due_at` is when
    it is answered at the latest."""

    request_id: str
    kind: Literal["export", "restriction", "objection"]
    state: Literal["open", "done", "in_force", "ended", "granted", "refused", "withdrawn"]
    asked_at: Time
    due_at: Time
    settled_at: Time | None
    purpose: str | None


class PrivacyRequests(Listed):
    """The newest first."""

    items: list[PrivacyRequest]


class Search(Page):
    """Which copies, or which entries of the audit log, are wanted."""


class Activity(Shape):
    """`who` is a terminal of the owner's, a guest by the nickname of now ("a former guest" once the account is closed),
    or an heir (whom the device was offered to) by the address that the owner named; null where only a link was opened
    or a picture uploaded. `about` is whom or what else it was about: of an invitation the address that the owner typed,
    until the person accepts it. Who declines is named by that address alone, as long as it is theirs. A guest who
    `looked` did so within the hour that begins then."""

    at: Time
    act: Literal[
        "signed_in",
        "signed_out",
        "signed_out_others",
        "password_changed",
        "password_reset",
        "address_changed",
        "profile_changed",
        "avatar_changed",
        "avatar_deleted",
        "second_factor_added",
        "second_factor_renamed",
        "second_factor_removed",
        "recovery_codes_made",
        "platform_linked",
        "platform_unlinked",
        "move_asked_for",
        "copy_asked_for",
        "copy_downloaded",
        "campaign_entered",
        "campaign_left",
        "consent_given",
        "consent_withdrawn",
        "policy_accepted",
        "feedback_answered",
        "log_looked_into",
        "processing_restricted",
        "restriction_ended",
        "objected",
        "objection_answered",
        "objection_withdrawn",
        "device_added",
        "device_removed",
        "device_changed",
        "command_given",
        "watched",
        "alarms_deleted",
        "played_back",
        "clip_asked_for",
        "clip_downloaded",
        "recordings_deleted",
        "shared",
        "share_changed",
        "share_revoked",
        "share_accepted",
        "share_declined",
        "share_left",
        "looked",
        "settings_changed",
        "privacy_mode_on",
        "privacy_mode_off",
        "device_password_changed",
        "device_password_reset",
        "cover_changed",
        "cover_deleted",
        "plan_paused",
        "plan_resumed",
        "plan_moved_away",
        "plan_moved_here",
        "plan_renewal_on",
        "plan_renewal_off",
        "gift_card_redeemed",
        "transfer_offered",
        "transfer_withdrawn",
        "transfer_declined",
        "device_handed_over",
        "second_factors_removed",
        "copy_held",
        "data_disclosed",
    ]
    by: Literal["owner", "guest", "heir", "operator"]
    who: str | None
    about: str | None
    device_id: str | None


class Activities(Shape):
    items: list[Activity]
    cursor: str | None


class RemoveChild(Reached):
    """An address at which the child's account is reached; that the parent is one was checked before."""


class Removed(Shape):
    """The closing of the account; null if none is reached there, or no more."""

    closed: Closing | None


class Replay(Shape):
    """The moment to which tables were restored."""

    restored_to: Time


class Replayed(Shape):
    """Numbers of erasures that began after that, of people and devices in them, and of deletions. Until it is
    `finished` the table is closed: order the same again."""

    erasures: int
    subjects: int
    deletions: int
    finished: bool


class KeysRestored(Shape):
    """Numbers of keys that were added from the `copy`, the table that the settings name, and that stayed deleted. Until
    it is `finished`: order the same again."""

    copy: str
    added: int
    stayed_deleted: int
    finished: bool


class ShowErasures(Shape):
    """Nothing has to be said."""


class OpenErasure(Shape):
    """An erasure by the hash of its id, which is the person's secret. When it is `done`, passes follow an hour and a
    day later, to find what was still on its way."""

    erasure: str
    state: Literal["erasing", "done"]
    began_at: Time
    next_pass_at: Time
    open_subjects: int


class OpenErasures(Shape):
    """The oldest first, a hundred at most of all that are open (`total`). `oldest_seconds` is how late the latest is,
    as the alarm *An erasure is late* sees it."""

    items: list[OpenErasure]
    total: int
    oldest_seconds: int


class Keys(Shape):
    """A JWK set (RFC 7517)."""

    keys: list[dict[str, Any]]


class ReadApiLog(Shape, rename={"from_": "from"}):
    """From `from` up to, not including, `to`. The reason is kept for good, so it must not name anybody: a case number
    will do. To go on, ask for the same with the answer's `cursor`, within a day."""

    from_: Time
    to: Time
    reason: Annotated[str, Meta(min_length=8, max_length=200, pattern="^[^@]+" + END)]
    account_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    cursor: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None


class LoggedRequest(Shape):
    """`answered` is the status of the answer."""

    at: Time
    route: str
    answered: int
    address: str
    account_id: str | None


class ApiLog(Shape):
    """Oldest first. An answer has no more than it can hold, or than was found in its time: with a `cursor` there may be
    more, though it have none itself."""

    reading_id: str
    items: list[LoggedRequest]
    cursor: str | None


class ShowProposals(Shape):
    pass


_RowId = Annotated[str, Meta(min_length=1, max_length=16)]
RowIds = Annotated[list[_RowId], Meta(min_length=1, max_length=64)]
FewRowIds = Annotated[list[_RowId], Meta(min_length=1, max_length=8)]
# It is kept for years, so it names nobody.
Ground = Annotated[str, Meta(min_length=8, max_length=200, pattern="^[^@]+" + END)]
SubjectId = Annotated[str, Meta(pattern="^([a-z2-7]{26}){1,2}" + END)]


class Hold(Shape):
    """Of a `subject`, an account or a device by its id, what the rows of the policy in `scope` keep is copied, and held
    `until` then. The `basis` is kept for years and must not name anybody: a case number will do. Whom it concerns is
    told, now or, where the law forbids it so long, from `told_from` on."""

    subject: SubjectId
    scope: RowIds
    until: Time
    basis: Ground
    told_from: Time | None = None


class Held(Shape):
    """How far the copy is; `interrupted` if what is copied ended meanwhile. Order it again to see."""

    hold_id: str
    state: Literal["copying", "complete", "interrupted", "over"]
    items: int
    objects: int
    until: Time


class Disclose(Shape):
    """Of a `subject`, an account or a device by its id, what the rows of the policy in `scope` keep, eight at most, is
    packed to be handed over; `basis` and `told_from` are as of `Hold`. Whom it concerns is told before there is
    anything to hand over, unless the law forbids it."""

    subject: SubjectId
    scope: FewRowIds
    basis: Ground
    told_from: Time | None = None


class Disclosed(Held):
    """The archive, a ZIP, is there for a week, when it is packed; each `download_url` opens for five minutes. Order it
    again for another one."""

    size_bytes: int | None
    sha256: str | None
    download_url: str | None
