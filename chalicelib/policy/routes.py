"""HTTP routes of the policy."""

from __future__ import annotations

from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import PAGE, RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.policy import shapes
from chalicelib.policy.actions import agreeing, reading
from chalicelib.policy.actions.agreeing import Offered
from chalicelib.policy.needs import OfferedVersion
from chalicelib.register.policy_table import UnknownVersion

routes = RouteTable(__name__)


@routes.get(
    "/policy", who=Who.ANYONE, query=shapes.AskPolicy, answers=shapes.Policy, refuses=(UnknownVersion,), example={}
)
def get_policy(visitor: Visitor, body: shapes.AskPolicy) -> dict[str, object]:
    """The privacy policy: its text in the language of the request, and the table of what is kept, why and how long."""
    return reading.policy_in(visitor.language, body.version)


@routes.get(
    "/policy/page",
    who=Who.ANYONE,
    query=shapes.AskPolicyPage,
    media_type=PAGE,
    status=200,
    refuses=(UnknownVersion,),
    example={},
)
def get_policy_page(visitor: Visitor, body: shapes.AskPolicyPage) -> str:
    """The privacy policy as a page to read and to print."""
    return reading.page_in(body.language or visitor.language, body.version)


@routes.get("/policy/versions", who=Who.ANYONE, query=Page, answers=shapes.PolicyVersions, example={})
def list_policy_versions(visitor: Visitor, page: Page) -> shapes.PolicyVersions:
    """All versions of the policy, the one in force first."""
    return page_of(reading.versions(), page)


@routes.get(
    "/policy/versions/{version}/changes",
    who=Who.ANYONE,
    query=shapes.AskChanges,
    answers=shapes.PolicyChanges,
    refuses=(UnknownVersion,),
    example={},
)
def get_policy_changes(visitor: Visitor, version: str, body: shapes.AskChanges) -> shapes.PolicyChanges:
    """The changes of a version of the policy, in the language of the request: by rows of its table, and by sections
    of its text."""
    return reading.changes_of(version, body.since, visitor.language)


@routes.post(
    "/policy/versions/{version}/accept",
    who=Who.PERSON,
    needs=OfferedVersion(),
    before_agreement=True,
    answers=shapes.PolicyAgreed,
    refuses=(UnknownVersion, agreeing.PolicyVersionOld),
    example={},
)
def accept_policy(caller: Caller, offered: Offered) -> shapes.PolicyAgreed:
    """Agree to a version of the policy: the one in force, or one that begins later; again it changes nothing."""
    return agreeing.agree(caller, offered)
