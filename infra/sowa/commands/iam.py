"""Commands that print IAM policies, and the privacy policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import click

from infra.package.operators import PARTS
from infra.sowa import policies
from infra.sowa.clouds import Failed
from infra.sowa.session import Session, of_session


@click.group("policies")
def of_policies() -> None:
    """Who may do what: of deployers, of functions, and the privacy policy. Nothing is asked of an installation."""


ACCOUNT_ID = click.option("--account-id", required=True, help="The twelve digits of the AWS account.")


@of_policies.command("deployer")
@ACCOUNT_ID
@of_session
def deployer(session: Session, account_id: str) -> None:
    """The IAM policy of who deploys STAGE in REGION, as JSON."""
    _print_policy(policies.of_deployer, session, account_id)


@of_policies.command("operator")
@ACCOUNT_ID
@of_session
def operator(session: Session, account_id: str) -> None:
    """The IAM policy of who gives the commands of `sowa`, as JSON."""
    _print_policy(policies.of_operator, session, account_id)


@of_policies.command("pair")
@click.argument("part", type=click.Choice(PARTS))
@ACCOUNT_ID
@of_session
def pair(session: Session, part: str, account_id: str) -> None:
    """The IAM policy of who proposes, or approves, what needs two: give nobody both. The stack has a role for each."""
    _print_policy(partial(policies.of_part, part), session, account_id)


def _print_policy(made: Callable[[str, str, str], Any], session: Session, account_id: str) -> None:
    if session.stage is None or session.region is None:
        raise Failed("Say which installation: sowa --stage NAME --region REGION policies …")
    click.echo(json.dumps(made(session.stage, session.region, account_id), indent=1))


@of_policies.command("functions")
@click.argument("name", nargs=-1)
@of_session
def functions(session: Session, name: tuple[str, ...]) -> None:
    """What functions may do to AWS; of all, or of those with these names."""
    granted = policies.of_functions()
    if unknown := set(name) - granted.keys():
        raise Failed(f"There is no function {', '.join(sorted(unknown))}. There are: {', '.join(granted)}.")
    chosen = {one: granted[one] for one in name or granted}
    session.show(chosen, *(f"{one}: {what}" for one, all_of in chosen.items() for what in all_of))


@of_policies.command("privacy")
@click.option("--language", type=click.Choice(policies.LANGUAGES), default="en", show_default=True)
@click.option("--name", required=True, help="OPERATOR_NAME, as it will be deployed.")
@click.option("--contact", required=True, help="OPERATOR_CONTACT.")
@click.option("--additions", default="{}", help="POLICY_ADDITIONS, as JSON.")
def privacy(language: str, name: str, contact: str, additions: str) -> None:
    """The page of the privacy policy as people will see it, before it is deployed."""
    try:
        words = json.loads(additions)
    except ValueError as wrong:
        raise click.BadParameter(f"--additions is not JSON: {wrong}") from wrong
    click.echo(policies.page_of_privacy(language, name, contact, words))
