"""Commands for erasures that are open, and for the replay of erasures and keys after a restore."""

from __future__ import annotations

from typing import Any

import click

from infra.sowa.clouds import Cloud, Failed
from infra.sowa.session import MOMENT, Session, of_session


@click.group()
def erasures() -> None:
    """Erasures that are open, and what a restore must not bring back."""


@erasures.command("show")
@of_session
def show_erasures(session: Session) -> None:
    """Which erasures are open, since when, and how late the latest is; fails if one is late by an hour."""
    answer = session.cloud.order("show_erasures", {})
    lines = [
        f"{one['erasure']}  {one['state']}  since {one['began_at']}  next pass {one['next_pass_at']}"
        f"  open subjects {one['open_subjects']}"
        for one in answer["items"]
    ]
    session.show(answer, f"open: {answer['total']}, late by {answer['oldest_seconds']} s", *lines)
    if answer["oldest_seconds"] > 3600:
        raise Failed("An erasure is late. infra/README.md says under ErasureLate what to look at.")


@erasures.command("resume")
@of_session
def resume(session: Session) -> None:
    """Order the passes that are due now, as the clock does every five minutes."""
    answer = session.cloud.run("resume_erasures")
    session.show(answer, f"passes ordered: {answer['passes']}")


@erasures.command("replay")
@click.option("--restored-to", type=MOMENT, required=True, help="The moment to which the table was restored.")
@of_session
def replay(session: Session, restored_to: str) -> None:
    """After a restore: forget again whoever left since, and open the table."""
    answer = _finished(session.cloud, "replay_erasures", restored_to)
    session.show(answer, *(f"{name}: {answer[name]}" for name in ("erasures", "subjects", "deletions")))


@click.group()
def keys() -> None:
    """The table of keys, after a restore."""


@keys.command("restore")
@click.option("--restored-to", type=MOMENT, required=True, help="The moment to which the copy was restored.")
@of_session
def restore_keys(session: Session, restored_to: str) -> None:
    """Add to the table of keys what it lacks of the copy that RESTORED_KEYS names."""
    answer = _finished(session.cloud, "restore_keys", restored_to)
    session.show(answer, *(f"{name}: {answer[name]}" for name in ("copy", "added", "stayed_deleted")))


def _finished(cloud: Cloud, operation: str, restored_to: str) -> dict[str, Any]:
    """The last answer: these work in instalments, each as long as a function may run."""
    last: list[dict[str, Any]] = []
    while last[-3:] != 3 * last[-1:] or not last:
        answer: dict[str, Any] = cloud.order(operation, {"restored_to": restored_to})
        if answer["finished"]:
            return answer
        click.echo(f"{operation} goes on: {answer}", err=True)
        last.append(answer)
    raise Failed(f"{operation} does not get further: {last[-1]}. Its log says why.")
