"""Forwarding of table streams: the outbox of every commit; each change goes to the queue of the house that listens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial

from chalicelib.aws import sqs
from chalicelib.entry.queues import Change, Listeners
from chalicelib.register import catalogue
from chalicelib.store import keys
from chalicelib.store.records import Item, LedgerRow, Record

listeners = Listeners(__name__)


def _queue_of(base: type[Record], change: Change) -> str | None:
    """The queue that is told of it; None for what nobody listens to."""
    record = _listened_to(base).get(change.kind)
    return None if record is None or change.event not in record.stream_events else record.stream_queue


@cache
def _listened_to(base: type[Record]) -> dict[tuple[str, str | None], type[Record]]:
    streamed = [record for record in catalogue.RECORDS if issubclass(record, base) and record.stream_queue is not None]
    return {(record.pk_prefix, record.sk_prefix): record for record in streamed}


@listeners.on_table("Items", group=partial(_queue_of, Item), most=sqs.MOST_TOGETHER)
def forward_item_changes(queue: str, changes: Sequence[Change]) -> None:
    _forward(Item, queue, changes)


@listeners.on_table("Ledger", group=partial(_queue_of, LedgerRow), most=sqs.MOST_TOGETHER)
def forward_ledger_changes(queue: str, changes: Sequence[Change]) -> None:
    _forward(LedgerRow, queue, changes)


def _forward(base: type[Record], queue: str, changes: Sequence[Change]) -> None:
    listened_to = _listened_to(base)
    sqs.send_together(queue, [_message(change, listened_to[change.kind].stream_listener) for change in changes])


def _message(change: Change, listener: str | None) -> dict[str, str]:
    ids = {"partition_id": keys.id_of(change.pk), "sort_id": keys.id_of(change.sk)}
    return ids if listener is None else {"listener": listener, **ids}
