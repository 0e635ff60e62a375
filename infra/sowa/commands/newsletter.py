"""Commands for the newsletter and for campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import click

from infra.sowa.clouds import Failed
from infra.sowa.session import Session, of_session, read_order


@click.group()
def newsletter() -> None:
    """The newsletter: issues to those who want them, and who is forgotten."""


@newsletter.command("send")
@click.argument("order", type=click.File("rb"))
@of_session
def send_newsletter(session: Session, order: BinaryIO) -> None:
    """Send an issue, or go on with it. ORDER is a file of JSON: issue (a name), subject, text, and translations."""
    answer = session.cloud.order("send_newsletter", read_order(order))
    state = "done" if answer["done"] else "under way; order it again to see more"
    session.show(answer, f"{answer['issue']}: {answer['sent']} sent, {answer['failed']} refused, {state}")


@newsletter.command("forget")
@of_session
def forget_subscriber(session: Session) -> None:
    """Leave nothing of an address, which is asked for."""
    email = click.prompt("E-mail address", err=True).strip()
    answer = session.cloud.order("forget_subscriber", {"email": email})
    session.show(answer, "It was subscribed, and is forgotten." if answer["subscribed"] else "It was not subscribed.")


@click.group()
def campaigns() -> None:
    """Campaigns that people may enter, and draws of winners."""


@campaigns.command("open")
@click.argument("order", type=click.File("rb"))
@of_session
def open_campaign(session: Session, order: BinaryIO) -> None:
    """Open a campaign. ORDER is a file of JSON: campaign (a name), kind, purpose, ends_at, title, text, data_use, …"""
    answer = session.cloud.order("open_campaign", read_order(order))
    seed = f"the seed's SHA-256 is {answer['seed_sha256']}"
    session.show(answer, f"{answer['campaign']}: until {answer['ends_at']}, {seed}")


@campaigns.command("draw")
@click.argument("campaign")
@click.option("--count", type=int, required=True, help="So many win.")
@of_session
def draw_winners(session: Session, campaign: str, count: int) -> None:
    """Draw the winners of a CAMPAIGN that has ended, and tell them; drawn again, they are the same."""
    answer = session.cloud.order("draw_winners", {"campaign": campaign, "count": count})
    if answer["seed"] is None:
        raise Failed(f"There is no campaign {campaign}.")
    session.show(answer, f"seed: {answer['seed']}", *map(_line_of_winner, answer["winners"]))


def _line_of_winner(winner: Mapping[str, Any]) -> str:
    contact = winner["contact"] or {}
    reached = " ".join(str(contact[name]) for name in ("name", "email", "phone", "place") if contact.get(name))
    return f"{winner['ticket']}: {reached or 'withdrawn'}"
