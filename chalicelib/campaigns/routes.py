"""HTTP routes of campaigns."""

from __future__ import annotations

from chalicelib.campaigns import shapes
from chalicelib.campaigns.actions import entering
from chalicelib.campaigns.actions.entering import CampaignOver, EnteredAlready, Joined
from chalicelib.campaigns.needs import OwnPart
from chalicelib.consents.actions import ConsentMissing
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound

routes = RouteTable(__name__)


@routes.get("/campaigns", who=Who.PERSON, query=shapes.AskCampaigns, answers=shapes.Campaigns, example={})
def list_campaigns(caller: Caller, page: shapes.AskCampaigns) -> shapes.Campaigns:
    """Events, draws, contests and surveys that may be entered, or ended within 90 days."""
    return entering.campaigns_of(caller, page.limit, page.cursor)


@routes.post(
    "/campaigns/{campaign_id}/entries",
    who=Who.PERSON,
    needs=OwnPart(),
    unrestricted=True,
    asks=shapes.Enter,
    answers=shapes.Entered,
    status=201,
    refuses=(NotFound, CampaignOver, EnteredAlready, ConsentMissing),
    example={"answers": {"colour": "green"}, "contact": {"name": "Ola"}},
)
def enter_campaign(caller: Caller, joined: Joined, body: shapes.Enter) -> shapes.Entered:
    """Enter a campaign, by the consent to its purpose. The entry goes with that, and 90 days after the end."""
    return entering.enter(caller, joined, body)


@routes.delete(
    "/campaigns/{campaign_id}/entries/mine",
    who=Who.PERSON,
    needs=OwnPart(),
    before_agreement=True,
    refuses=(NotFound,),
    example={},
)
def leave_campaign(caller: Caller, joined: Joined) -> None:
    """Take one's entry back, with all that was said in it."""
    entering.leave(caller, joined)


@routes.get(
    "/campaigns/{campaign_id}/tickets",
    who=Who.PERSON,
    needs=OwnPart(),
    query=shapes.AskTickets,
    answers=shapes.Tickets,
    refuses=(NotFound,),
    example={},
)
def list_campaign_tickets(caller: Caller, joined: Joined, page: shapes.AskTickets) -> shapes.Tickets:
    """The tickets of a campaign whose winners were drawn, by which anybody can draw them again."""
    return entering.tickets_of(joined, page.limit, page.cursor)
