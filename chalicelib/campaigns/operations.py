"""Operators' functions for campaigns."""

from __future__ import annotations

from chalicelib.campaigns import shapes
from chalicelib.campaigns.actions import drawing
from chalicelib.entry.queues import Operations

operations = Operations(__name__)


@operations.operation(shapes.OpenCampaign)
def open_campaign(body: shapes.OpenCampaign) -> shapes.CampaignOpened:
    """Open an event, draw, contest or survey that people may enter until its end."""
    return drawing.open_campaign(body)


@operations.operation(shapes.DrawWinners)
def draw_winners(body: shapes.DrawWinners) -> shapes.Drawn:
    """Draw the winners of a draw that has ended, and tell them; once, so that anybody can draw them again."""
    return drawing.draw_winners(body.campaign, body.count)
