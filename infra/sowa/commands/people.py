"""Commands for people: second factors, children, objections and feedback."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import click

from infra.sowa.clouds import Failed
from infra.sowa.session import Session, of_session


@click.group()
def accounts() -> None:
    """What is done for people who proved to you who they are. Their address is asked for, and is no argument."""


def _asked_address() -> dict[str, str]:
    address = click.prompt("E-mail address, or phone number as +48…", err=True).strip()
    return {"email" if "@" in address else "phone": address}


@accounts.command("remove-second-factors")
@of_session
def remove_second_factors(session: Session) -> None:
    """Let in by the password alone who lost phone, passkeys and recovery codes; all sessions end."""
    answer = session.cloud.order("remove_second_factors", _asked_address())
    session.show(answer, *(f"{name}: {value}" for name, value in answer.items()))


@accounts.command("remove-child")
@of_session
def remove_child(session: Session) -> None:
    """Close the account of a child, as its parent asked."""
    answer = session.cloud.order("remove_child", _asked_address())
    closed = answer["closed"]
    session.show(answer, "No account is reached there." if closed is None else f"receipt: {closed['receipt_url']}")


@click.group()
def objections() -> None:
    """Objections of people, which are answered within a month."""


@objections.command("show")
@of_session
def show_objections(session: Session) -> None:
    """Which objections wait for an answer, the one that is due first first."""
    answer = session.cloud.order("show_objections", {})
    items, more = answer["items"], " and more" if answer["more"] else ""
    lines = [f"{one['request_id']}  {one['purpose']}  due {one['due_at']}  {one['reason'] or ''}" for one in items]
    session.show(answer, f"open: {len(items)}{more}", *lines)


@objections.command("answer")
@click.argument("request_id")
@click.option("--grant/--refuse", "granted", required=True, help="Whether the processing ends, or goes on.")
@of_session
def answer_objection(session: Session, request_id: str, granted: bool) -> None:
    """Grant an objection or refuse it; the grounds are asked for, and go to the person."""
    grounds = click.prompt("Grounds, as the person will read them", err=True).strip()
    order = {"request_id": request_id, "granted": granted, "grounds": grounds}
    answer = session.cloud.order("answer_objection", order)
    session.show(answer, f"{answer['request_id']}: {answer['state'] or 'there is none'}")


@click.group()
def feedback() -> None:
    """What people write to you, and what you answer."""


@feedback.command("show")
@click.argument("reference", required=False)
@of_session
def show_feedback(session: Session, reference: str | None) -> None:
    """Which threads wait for an answer, the longest first; or, by its REFERENCE, one with its messages and pictures."""
    answer = session.cloud.order("show_feedback", {} if reference is None else {"reference": reference})
    if reference is None:
        items, more = answer["items"], " and more" if answer["more"] else ""
        lines = (f"{one['reference']}  {one['about']}  since {one['waits_since']}" for one in items)
        session.show(answer, f"waiting: {len(items)}{more}", *lines)
        return
    if answer["thread"] is None:
        raise Failed("There is no such thread, or no more.")
    session.show(answer, *_lines_of_thread(answer["thread"]))


def _lines_of_thread(thread: Mapping[str, Any]) -> Iterator[str]:
    for one in thread["items"]:
        yield f"{one['at']}  {one['by']}"
        yield one["text"]
        yield from one["pictures"]


@feedback.command("answer")
@click.argument("reference")
@of_session
def answer_feedback(session: Session, reference: str) -> None:
    """Answer a thread; the answer is asked for, and goes to the person by mail, too."""
    text = click.prompt("Answer, as the person will read it", err=True).strip()
    answer = session.cloud.order("answer_feedback", {"reference": reference, "text": text})
    if answer["feedback"] is None:
        raise Failed("There is no such thread, or no more.")
    session.show(answer, f"{reference}: {answer['feedback']['state']}")
