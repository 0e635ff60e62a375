"""`sowa`: what operators order of an installation, with progress, and as JSON for programs."""

from __future__ import annotations

from functools import partial

import click

from infra.sowa.commands import (
    api_log,
    billing,
    cameras,
    erasures,
    iam,
    newsletter,
    notices,
    people,
    policy,
    proposals,
)
from infra.sowa.session import Session

LOCAL_URL = "http://127.0.0.1:8000"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--stage", envvar="STAGE", help="The installation that is deployed as sowa-STAGE. [$STAGE]")
@click.option("--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="Where it is. [$AWS_REGION]")
@click.option("--local", is_flag=True, help=f"The local cloud (make run), at {LOCAL_URL}.")
@click.option("--url", metavar="URL", help="The local cloud, at this address.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document instead of lines for people.")
@click.option("--as", "person", metavar="NAME", default="operator", help="Who you are, in the local cloud.")
@click.pass_context
def sowa(
    context: click.Context,
    stage: str | None,
    region: str | None,
    local: bool,
    url: str | None,
    as_json: bool,
    person: str,
) -> None:
    """What an operator orders of an installation of Sowa, deployed or local.

    Nothing secret is an argument: secrets of cameras come in files or from stdin, and whose account is meant is asked
    for. A command that was broken off may be given again.
    """
    context.obj = Session(stage or None, region or None, url or (LOCAL_URL if local else None), as_json, person)


for command in (
    cameras.devices,
    cameras.stock,
    erasures.erasures,
    erasures.keys,
    billing.invoices,
    billing.gift_cards,
    people.accounts,
    people.objections,
    people.feedback,
    notices.notices,
    notices.incidents,
    newsletter.newsletter,
    newsletter.campaigns,
    policy.policy,
    proposals.of_two,
    api_log.api_log,
    iam.of_policies,
):
    sowa.add_command(command)

main = partial(sowa, prog_name="sowa")

if __name__ == "__main__":
    main()
