"""HTTP routes of plans."""

from __future__ import annotations

from chalicelib.entry.callers import Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.plans import rules, shapes

routes = RouteTable(__name__)


@routes.get("/plans", who=Who.ANYONE, query=Page, answers=shapes.Plans, example={})
def list_plans(visitor: Visitor, page: Page) -> shapes.Plans:
    """The plans that can be bought, in the language of the request. Nobody needs to be signed in."""
    plans = [shapes.Plan.in_language(offer, visitor.language) for offer in rules.CATALOGUE]
    return page_of(shapes.Plans(items=plans), page)

