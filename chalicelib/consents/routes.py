"""HTTP routes of consents."""

from __future__ import annotations

from chalicelib.consents import actions, shapes
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound

routes = RouteTable(__name__)


@routes.get("/consents", who=Who.PERSON, before_agreement=True, answers=shapes.Consents, example={})
def list_consents(caller: Caller) -> shapes.Consents:
    """All purposes that need a consent, with the text of each and whether the person agrees."""
    return actions.consents_of(caller)


@routes.put(
    "/consents/{purpose}",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.ChangeConsent,
    answers=shapes.Consent,
    refuses=(NotFound, actions.TextVersionOld),
    example={"given": True, "text_version": "$text_version"},
)
def change_consent(caller: Caller, purpose: str, body: shapes.ChangeConsent) -> shapes.Consent:
    """Give or withdraw a consent. What was gathered by one that is withdrawn is deleted."""
    return actions.change_consent(caller, purpose, body)


@routes.get(
    "/consents/{purpose}/history",
    who=Who.PERSON,
    before_agreement=True,
    query=shapes.AskHistory,
    answers=shapes.ConsentHistory,
    refuses=(NotFound,),
    example={},
)
def list_consent_history(caller: Caller, purpose: str, page: shapes.AskHistory) -> shapes.ConsentHistory:
    """When the person gave and withdrew a consent, by which text, in which language and how; newest first."""
    return actions.history_of(caller, purpose, page.limit, page.cursor)
