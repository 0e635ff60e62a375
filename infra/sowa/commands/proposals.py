"""Commands for what needs two operators: one proposes, another approves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, BinaryIO

import click

from chalicelib.register import proposals
from infra.package.operators import needing_two
from infra.sowa.clouds import Failed
from infra.sowa.session import Session, of_session, read_order


@click.group("proposals")
def of_two() -> None:
    """What one operator proposes and another one approves. Both sign with their own credentials."""


@of_two.command("show")
@of_session
def show_proposals(session: Session) -> None:
    """What was proposed and by whom, and what of it is approved."""
    answer = session.cloud.order("show_proposals", {})
    session.show(answer, *map(_line_of_proposal, answer["items"]))


def _line_of_proposal(one: Mapping[str, Any]) -> str:
    parts = [one["proposal_id"], one["operation"], one["state"], f"proposed by {one['proposed_by']}"]
    if one["approved_by"] is not None:
        parts.append(f"approved by {one['approved_by']}")
    return "  ".join([*parts, json.dumps(one["order"], ensure_ascii=False)])


@of_two.command("propose")
@click.argument("operation", type=click.Choice(needing_two()))
@click.argument("order", type=click.File("rb"))
@of_session
def propose(session: Session, operation: str, order: BinaryIO) -> None:
    """Propose an OPERATION. ORDER is a file of JSON: subject, scope, basis, as wanted told_from; of a hold until."""
    wanted, cloud = read_order(order), session.cloud
    identity = cloud.signed(proposals.bound_to_proposal(cloud.stage, operation, wanted))
    answer = cloud.order(f"propose_{operation}", {"order": wanted, "identity": identity})
    session.show(answer, _line_of_proposal(answer))


@of_two.command("approve")
@click.argument("proposal_id")
@click.option("--yes", is_flag=True, help="Do not ask: you have read the order.")
@of_session
def approve(session: Session, proposal_id: str, yes: bool) -> None:
    """Approve what somebody else proposed, having read it; again, to see how far it is."""
    cloud = session.cloud
    found = [one for one in cloud.order("show_proposals", {})["items"] if one["proposal_id"] == proposal_id]
    if not found:
        raise Failed(f"There is no proposal {proposal_id}, or nobody approved it within a week.")
    (one,) = found
    click.echo(_line_of_proposal(one), err=True)
    if not yes:
        click.confirm("Do you approve this?", abort=True, err=True)
    bound_to = proposals.bound_to_approval(cloud.stage, one["operation"], proposal_id, one["order"])
    answer = cloud.order(
        f"approve_{one['operation']}", {"proposal_id": proposal_id, "identity": cloud.signed(bound_to)}
    )
    session.show(answer, *(f"{name}: {value}" for name, value in answer.items()))
