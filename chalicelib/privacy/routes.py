"""HTTP routes of rights."""

from __future__ import annotations

from chalicelib.access.actions import DeviceAccess, RightMissing
from chalicelib.access.needs import OWNER
from chalicelib.accounts import rules as accounts_rules
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.errors import KeyReused, Misdirected, NotFound
from chalicelib.jwks import KeysSilent
from chalicelib.plans.rules import changes
from chalicelib.plans.shapes import DevicePlan
from chalicelib.privacy import shapes
from chalicelib.privacy.actions import (
    closing,
    erasing,
    export,
    objections,
    region_plans,
    region_transfer,
    requests,
    restriction,
    watching,
)
from chalicelib.privacy.needs import OwnExport
from chalicelib.privacy.records import Export

routes = RouteTable(__name__)

_TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "terminal-1"}


@routes.post(
    "/me/closing",
    who=Who.PERSON,
    before_agreement=True,
    stepped_up=True,
    answers=shapes.Closing,
    status=202,
    outlives=True,
    example={},
)
def close_account(caller: Caller) -> shapes.Closing:
    """Close the account: from then on nothing of it can be read, and everything is erased but what the law keeps. The
    answer names the receipt."""
    return closing.close_account(caller.account)


@routes.post(
    "/me/move",
    who=Who.PERSON,
    before_agreement=True,
    stepped_up=True,
    asks=shapes.Leave,
    answers=shapes.Leaving,
    refuses=(accounts_rules.CountryUnknown, region_transfer.SameRegion),
    example={"country": "NZ"},
)
def leave(caller: Caller, body: shapes.Leave) -> shapes.Leaving:
    """A ticket with which the account can be made in the region of another country; nothing ends here yet."""
    return region_transfer.leave(caller, body.country)


@routes.post(
    "/accounts/arrivals",
    who=Who.ANYONE,
    asks=shapes.Arrive,
    answers=shapes.Arrived,
    status=201,
    refuses=(
        region_transfer.TicketWrong,
        region_transfer.TicketSpent,
        accounts_rules.PasswordTooEasy,
        accounts_rules.AddressTaken,
        KeyReused,
        Misdirected,
        KeysSilent,
    ),
    example={"ticket": "$ticket", "password": "$password", "terminal": _TERMINAL},
)
def arrive(visitor: Visitor, body: shapes.Arrive) -> shapes.Arrived:
    """Make an account out of the ticket that another region gave its person, and open its first session."""
    return region_transfer.arrive(body, visitor.repeat_key)


@routes.post(
    "/me/move/confirm",
    who=Who.PERSON,
    before_agreement=True,
    stepped_up=True,
    outlives=True,
    asks=shapes.ConfirmMove,
    answers=shapes.Closing,
    status=202,
    refuses=(region_transfer.ArrivalWrong, KeysSilent),
    example={"arrival": "$arrival"},
)
def confirm_move(caller: Caller, body: shapes.ConfirmMove) -> shapes.Closing:
    """End the account here, as closing does, once the other region has said that it is there."""
    return region_transfer.confirm(caller, body.arrival)


@routes.post(
    "/devices/{device_id}/plan/arrivals",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.BringPlan,
    answers=DevicePlan,
    refuses=(
        NotFound,
        RightMissing,
        region_transfer.TicketWrong,
        region_transfer.TicketSpent,
        changes.MovedTooOften,
    ),
    example={"ticket": "$plan_ticket"},
)
def bring_plan(caller: Caller, device: DeviceAccess, body: shapes.BringPlan) -> DevicePlan:
    """Put what was left of a device's plans in the region that one comes from behind the plans of this device, once.
    The answer is the plan that it has then."""
    return region_plans.bring(caller, device, body.ticket)


@routes.get("/erasures/{erasure_id}", who=Who.ANYONE, answers=shapes.Erasure, refuses=(NotFound,), example={})
def get_erasure(visitor: Visitor, erasure_id: str) -> shapes.Erasure:
    """How far an erasure is; its signed receipt when it is done. Whoever has the id may ask."""
    return erasing.erasure_of(erasure_id)


@routes.post(
    "/privacy/exports",
    who=Who.PERSON,
    before_agreement=True,
    stepped_up=True,
    answers=shapes.Export,
    status=202,
    refuses=(export.TooManyExports,),
    example={},
)
def ask_for_export(caller: Caller) -> shapes.Export:
    """Begin a copy of all that is kept about the person; one that is being made already is the answer."""
    return export.ask_for_export(caller)


@routes.get(
    "/privacy/exports",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.Search,
    answers=shapes.Exports,
    example={},
)
def list_exports(caller: Caller, search: shapes.Search) -> shapes.Exports:
    """The copies of one's data that were asked for, newest first."""
    return export.exports_of(caller, search.limit, search.cursor)


@routes.get(
    "/privacy/exports/{export_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnExport(),
    answers=shapes.Export,
    refuses=(NotFound,),
    example={},
)
def get_export(caller: Caller, found: Export) -> shapes.Export:
    """One copy of one's data: whether it is ready, and where it is."""
    return export.export_of(caller, found)


@routes.get(
    "/privacy/exports/{export_id}/archive/{link}", who=Who.ANYONE, status=302, refuses=(NotFound,), example={}
)
def download_export(visitor: Visitor, export_id: str, link: str) -> str:
    """Leads to an archive of a copy, for a minute. Each link opens once."""
    return export.open_link(export_id, link)


@routes.get("/privacy/restriction", who=Who.PERSON, before_agreement=True, answers=shapes.Restriction, example={})
def get_restriction(caller: Caller) -> shapes.Restriction:
    """Whether the person has restricted the processing of what is kept of him, since when and why."""
    return restriction.restriction_of(caller)


@routes.put(
    "/privacy/restriction",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.Restrict,
    answers=shapes.Restriction,
    example={"reason": "accuracy", "note": "The recordings are not mine."},
)
def restrict_processing(caller: Caller, body: shapes.Restrict) -> shapes.Restriction:
    """Restrict processing: what is kept is stored and expires as ever, and the person reads and exports it. Nothing is
    shown to guests, no live view, no push, no statistics, and no mail but those that the law asks for."""
    return restriction.restrict(caller, body.reason, body.note)


@routes.delete("/privacy/restriction", who=Who.PERSON, before_agreement=True, example={})
def lift_restriction(caller: Caller) -> None:
    """End the restriction, if there is one."""
    restriction.lift(caller)


@routes.get(
    "/privacy/objections",
    who=Who.PERSON,
    before_agreement=True,
    query=Page,
    answers=shapes.Objections,
    example={},
)
def list_objections(caller: Caller, page: Page) -> shapes.Objections:
    """What the person may object to, as it rests on legitimate interest, and how far his objections are."""
    return page_of(objections.objections_of(caller), page)


@routes.put(
    "/privacy/objections/{purpose}",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.ObjectTo,
    answers=shapes.Objection,
    refuses=(NotFound,),
    example={"reason": "I am known in my town."},
)
def object_to_purpose(caller: Caller, purpose: str, body: shapes.ObjectTo) -> shapes.Objection:
    """Object to a purpose: marketing ends at once, others when the objection is granted."""
    return objections.object_to(caller, purpose, body.reason)


@routes.delete("/privacy/objections/{purpose}", who=Who.PERSON, before_agreement=True, refuses=(NotFound,), example={})
def withdraw_objection(caller: Caller, purpose: str) -> None:
    """Take an objection back, if there is one: what it was about goes on."""
    objections.withdraw(caller, purpose)


@routes.get(
    "/privacy/requests",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.Search,
    answers=shapes.PrivacyRequests,
    example={},
)
def list_requests(caller: Caller, search: shapes.Search) -> shapes.PrivacyRequests:
    """What the person has asked for about his data, newest first, how far it is, and by when it is answered."""
    return page_of(requests.requests_of(caller), search)


@routes.get(
    "/privacy/activity",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.Search,
    answers=shapes.Activities,
    example={},
)
def list_activity(caller: Caller, search: shapes.Search) -> shapes.Activities:
    """What happened to the account and to one's own devices, newest first: who watched, downloaded, signed in, changed
    something."""
    return watching.activity_of(caller, search.limit, search.cursor)


@routes.get("/keys", who=Who.ANYONE, answers=shapes.Keys, example={})
def get_keys(visitor: Visitor) -> shapes.Keys:
    """The public keys (JWKS) with which receipts of erasures are verified."""
    return erasing.public_keys()
