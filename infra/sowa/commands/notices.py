"""Commands for notices and incidents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import click

from infra.sowa.clouds import Failed
from infra.sowa.session import Session, of_session, read_order


@click.group()
def notices() -> None:
    """What people must hear of, in the list of their notices, by push and mail."""


@notices.command("announce")
@click.argument("order", type=click.File("rb"))
@of_session
def announce(session: Session, order: BinaryIO) -> None:
    """Tell everybody, or some accounts. ORDER is a file of JSON: title, text, and as wanted to, kind, translations."""
    answer = session.cloud.order("announce", read_order(order))
    reached = "everybody" if answer["accounts"] is None else f"{answer['accounts']} accounts"
    session.show(answer, f"{answer['notice_id']}: {reached}")


@click.group()
def incidents() -> None:
    """Incidents: whom they concern is told, and what the law asks for rings until it is recorded."""


@incidents.command("declare")
@click.argument("order", type=click.File("rb"))
@of_session
def declare_incident(session: Session, order: BinaryIO) -> None:
    """Tell those whom an incident concerns. ORDER is a file of JSON: title, what, advice, who (devices, accounts)."""
    answer = session.cloud.order("declare_incident", read_order(order))
    session.show(answer, f"{answer['incident_id']}: {answer['accounts']} accounts", *_lines_of_deadlines(answer))


@incidents.command("record")
@click.argument("incident_id")
@click.argument("step")
@of_session
def record_incident_step(session: Session, incident_id: str, step: str) -> None:
    """Record that a STEP is done: early_warning, notification, final_report."""
    answer = session.cloud.order("record_incident_step", {"incident_id": incident_id, "step": step})
    incident = answer["incident"]
    if incident is None:
        raise Failed(f"There is no incident {incident_id}.")
    session.show(answer, f"{incident['incident_id']}: {incident['title']}", *_lines_of_deadlines(incident))


def _lines_of_deadlines(answer: Mapping[str, Any]) -> Iterator[str]:
    return (f"{step} until {at}" for step, at in answer["deadlines"].items())
