"""Commands for invoices of a month and for gift cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from infra.sowa import gift_card_codes
from infra.sowa.clouds import Cloud, Failed
from infra.sowa.session import Session, of_session


@click.group()
def invoices() -> None:
    """Invoices and credit notes, for the book-keeper."""


@invoices.command("close-month")
@click.argument("month")
@of_session
def close_month(session: Session, month: str) -> None:
    """Write all documents of a MONTH (2026-01) as CSV and XML, with sums by country and rate; again, if need be."""
    answer = session.cloud.order("close_month", {"month": month})
    lines = [
        f"{one['currency']}  {one['country']}  {one['tax_category']}  {one['tax_rate_bp'] / 100:g} %  net {one['net']}"
        f"  tax {one['tax']}  gross {one['gross']}  documents {one['documents']}"
        for one in answer["sums"]
    ]
    counts = f"{answer['month']}: invoices {answer['invoices']}, credit notes {answer['credit_notes']}"
    links = f"until {answer['until']}: {answer['csv_url']} {answer['xml_url']}"
    session.show(answer, counts, *lines, links)


@click.group("gift-cards")
def gift_cards() -> None:
    """Gift cards: issued, withdrawn, and what became of them."""


@gift_cards.command("issue")
@click.option("--plan", required=True, help="The plan of which each gives one period, as GET /plans names it.")
@click.option("--count", type=click.IntRange(1), required=True, help="How many cards.")
@click.option("--until", metavar="DATE", required=True, help="The last day on which they are taken: 2027-12-31.")
@click.option("--note", help="What they are for; it names nobody.")
@click.option(
    "--order",
    help="A word of 16 letters or more for this order: given again within a day, the batch of before is revoked.",
)
@click.option("--codes", type=click.Path(path_type=Path), required=True, help="The new file that gets the codes.")
@of_session
def issue(
    session: Session, plan: str, count: int, until: str, note: str | None, order: str | None, codes: Path
) -> None:
    """Issue cards. Their codes are in the file CODES, one a line, and nowhere else; who loses it revokes the batch."""
    said = {"plan_id": plan, "count": count, "until": until, "note": note, "order_id": order}
    event, cloud = {name: value for name, value in said.items() if value is not None}, session.cloud
    with gift_card_codes.new_file(codes) as file:
        answer = cloud.order("issue_gift_cards", event)
        gift_card_codes.write(cloud, answer, file)
    batch_id = answer["batch_id"]
    session.show({"batch_id": batch_id, "codes": str(codes)}, f"batch: {batch_id}", f"codes: {codes}")


@gift_cards.command("revoke")
@click.argument("batch_id")
@of_session
def revoke(session: Session, batch_id: str) -> None:
    """Withdraw the cards of a batch that are left; what was redeemed stays."""
    answer = session.cloud.order("revoke_gift_cards", {"batch_id": batch_id})
    if answer["batch"] is None:
        raise Failed(f"There is no batch {batch_id}. sowa gift-cards report names those that there are.")
    session.show(answer, _line_of_batch(answer["batch"]))


@gift_cards.command("report")
@of_session
def report(session: Session) -> None:
    """Which batches there are, the newest first, and how many of their cards were redeemed or are left."""
    items = list(_reported(session.cloud))
    session.show(items, *map(_line_of_batch, items), f"{len(items)} batches")


def _reported(cloud: Cloud) -> Iterator[dict[str, Any]]:
    cursor: dict[str, str] = {}
    while True:
        page = cloud.order("report_gift_cards", cursor)
        yield from page["items"]
        if page["cursor"] is None:
            return
        cursor = {"cursor": page["cursor"]}


def _line_of_batch(batch: Mapping[str, Any]) -> str:
    counts = (f"{name} {batch[name]}" for name in ("issued", "redeemed", "revoked", "expired", "left"))
    return "  ".join(
        [batch["batch_id"], batch["state"], batch["plan_id"], f"until {batch['until']}", *counts, batch["note"] or "-"]
    )
