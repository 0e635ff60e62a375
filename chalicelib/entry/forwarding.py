"""Forwarding of table streams: the outbox of every commit; each change goes to the queue of the house that listens."""

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
    if record is not None and record.stream_queue is not None and change.event in record.stream_events:
        partition_id, sort_id = keys.id_of(change.pk), keys.id_of(change.sk)
        sqs.send(record.stream_queue, listener=record.stream_listener, partition_id=partition_id, sort_id=sort_id)


@cache
def _listened_to(base: type[Record]) -> dict[tuple[str, str | None], type[Record]]:
    streamed = [record for record in catalogue.RECORDS if issubclass(record, base) and record.stream_queue is not None]
    return {(record.pk_prefix, record.sk_prefix): record for record in streamed}
