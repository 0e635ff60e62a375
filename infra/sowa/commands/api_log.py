"""The command that reads the API's log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from infra.sowa.clouds import Cloud
from infra.sowa.session import MOMENT, Session, of_session


@click.command("api-log")
@click.option("--from", "from_", type=MOMENT, required=True, help="From then on.")
@click.option("--to", type=MOMENT, required=True, help="Up to then, which is not included.")
@click.option("--reason", required=True, help="Kept for good, so it names nobody: a case number will do.")
@click.option("--account", help="Of this account alone, which is told of it.")
@of_session
def api_log(session: Session, from_: str, to: str, reason: str, account: str | None) -> None:
    """Who sent requests from which address; of the last seven days and no longer. That you looked is recorded."""
    event = {"from": from_, "to": to, "reason": reason} | ({} if account is None else {"account_id": account})
    items = list(_logged(session.cloud, event))
    lines = [
        f"{one['at']}  {one['address']}  {one['answered']}  {one['route']}  {one['account_id'] or '-'}" for one in items
    ]
    session.show(items, *lines, f"{len(items)} requests")


def _logged(cloud: Cloud, event: dict[str, str]) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = cloud.order("read_api_log", event | cursor)
        yield from page["items"]
        if page["cursor"] is None:
            return
        cursor = {"cursor": page["cursor"]}
        click.echo(f"and further from {page['items'][-1]['at'] if page['items'] else 'there'}", err=True)
