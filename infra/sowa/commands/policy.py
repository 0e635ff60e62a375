"""Commands for versions of the privacy policy."""

from __future__ import annotations

from typing import Any, BinaryIO

import click

from infra.sowa.clouds import Cloud, Failed
from infra.sowa.session import Session, of_session, read_order


@click.group()
def policy() -> None:
    """Versions of the privacy policy that this installation publishes."""


@policy.command("publish")
@click.argument("order", type=click.File("rb"))
@of_session
def publish_policy(session: Session, order: BinaryIO) -> None:
    """Publish a version, and tell every account. ORDER is JSON: version, from, text; translations, needs_agreement."""
    answer = _published(session.cloud, read_order(order))
    session.show(answer, f"{answer['version']} from {answer['from']}: {answer['named']} accounts are told")


def _published(cloud: Cloud, order: dict[str, Any]) -> dict[str, Any]:
    """The last answer, and how many accounts were named in all: so many at a time as a function may run for."""
    named = 0
    while True:
        answer: dict[str, Any] = cloud.order("publish_policy", order)
        named += answer["named"]
        if answer["finished"]:
            return answer | {"named": named}
        if not answer["named"]:
            raise Failed("publish_policy does not get further. Its log says why.")
        click.echo(f"publish_policy goes on: {named} accounts are named", err=True)
