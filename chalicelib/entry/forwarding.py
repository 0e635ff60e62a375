"""The outbox: what a commit must cause is read off the tables' streams and told to the house that listens."""

from __future__ import annotations

from functools import cache

from chalicelib.aws import sqs
from chalicelib.entry.queues import Change, Listeners
from chalicelib.register import catalogue
from chalicelib.store import keys
from chalicelib.store.records import Item, LedgerRow, Record

listeners = Listeners(__name__)


@listeners.on_table("Items")
def forward_item_changes(change: Change) -> None:
    _forward(Item, change)


@listeners.on_table("Ledger")
def forward_ledger_changes(change: Change) -> None:
    _forward(LedgerRow, change)


def _forward(base: type[Record], change: Change) -> None:
    record = _listened_to(base).get(change.kind)
    if record is not None and record.told_to is not None and change.event in record.told_of:
        sqs.tell(record.told_to, partition_id=keys.id_of(change.pk), place_id=keys.id_of(change.sk))


@cache
def _listened_to(base: type[Record]) -> dict[tuple[str, str | None], type[Record]]:
    told = [record for record in catalogue.RECORDS if issubclass(record, base) and record.told_to is not None]
    return {(record.partition, record.place): record for record in told}
