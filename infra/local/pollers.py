"""Event-source pollers: messages of queues and records of table streams are brought to their functions, as Lambda does.

It reads moto's own state instead of calling AWS: polling is AWS's work, so it must appear in no trace, take no planned
failure, and cost nothing when nothing happened.
"""

from __future__ import annotations

import base64
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from chalice.app import Chalice, DynamoDBEventConfig, ScheduledEventConfig, SQSEventConfig
from moto.dynamodb.models import dynamodb_backends
from moto.sqs.models import sqs_backends

from infra.local.functions import ACCOUNT, REGION, Functions
from infra.strict_moto import StrictAWS

MAX_BATCHES = 10_000
STREAM_KEPT_SECONDS = 86_400
# A stream's batch is tried until its records are a day old, a message without a dead-letter queue until it expires:
# within one settling that would be for ever.
MAX_TRIES = 5
_SOURCE = "DeadLetterQueueSourceArn"


class Unsettled(RuntimeError):
    """Events that make events without end."""


class Stack(Protocol):
    def physical(self, logical_id: str) -> str: ...


@dataclass
class DeliveryFaults:
    """Faults of delivery that AWS may have and moto never has. Shares are of 1; the same seed does the same."""

    duplicated: float = 0.0
    delayed: float = 0.0
    delay_seconds: float = 300.0
    reordered: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311  # repeatable is the point
        self._done: set[Any] = set()

    def happens(self, share: float, what: Any) -> bool:
        """Whether this happens to that; no second time, so that everything ends."""
        if not share or what in self._done or self._random.random() >= share:
            return False
        self._done.add(what)
        return True

    def copy(self) -> DeliveryFaults:
        """One that goes on as this one does, and of which this one knows nothing."""
        copied = replace(self)
        copied._random.setstate(self._random.getstate())
        copied._done = set(self._done)
        return copied

    def shuffle(self, things: list[Any]) -> None:
        if self.reordered:
            self._random.shuffle(things)

    def delay(self) -> float:
        return self._random.uniform(0, self.delay_seconds)


class Source(Protocol):
    """A source of events for one function."""

    name: str

    def deliver(self, tries: Counter[Any]) -> bool:
        """One batch, if there is one."""


class Waiting(Source, Protocol):
    """A source of whose events it is known when they come."""

    def waiting(self) -> Iterator[float]: ...


class Pollers:
    """All sources of an app's functions."""

    def __init__(
        self,
        app: Chalice,
        stack: Stack,
        functions: Functions,
        lock: AbstractContextManager[Any],
        more: Iterable[Waiting] = (),
    ) -> None:
        self.delivery_faults = DeliveryFaults()
        self._rwlock = functions.rwlock
        self._lock = lock
        self._settling = threading.RLock()  # one at a time, or a batch would be delivered twice
        self._more = list(more)
        self._sources: list[Source] = [
            made for made in (self._source(one, stack, functions, lock) for one in app.event_sources) if made
        ]
        self._sources += self._more

    def add(self, sources: Iterable[Source]) -> None:
        """More sources, which know of these pollers."""
        self._sources += sources

    def settle(self) -> int:
        """Deliver until nothing is left; the number of batches that went out.

        What fails is tried again immediately, a message until its queue puts it aside, a stream's batch `MAX_TRIES`
        times; but an asynchronous invocation when its time has come.
        """
        with self._alone():
            tries: Counter[Any] = Counter()
            batches = 0
            while delivered := [source.name for source in self._sources if source.deliver(tries)]:
                batches += len(delivered)
                if batches > MAX_BATCHES:
                    raise Unsettled(f"after {batches} batches there is still something for {', '.join(delivered)}")
            return batches

    def next_due(self) -> float | None:
        """The time at which the first of the waiting messages may be delivered, in epoch seconds."""
        return min((due for source in [*self._queues(), *self._more] for due in source.waiting()), default=None)

    def forget(self, now: float) -> None:
        """Drop what AWS would keep no longer: stream records after a day, messages after their queue's period."""
        with self._alone(), self._lock:
            for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
                _trim(table.stream_shard, now)
            for queue in _queues().values():
                kept_ms = queue.message_retention_period * 1000
                queue._messages = [one for one in queue._messages if one.sent_timestamp + kept_ms > now * 1000]

    def redrive(self) -> int:
        """Redrive dead letters to the queues that each came from, as an operator does after an outage."""
        moved = 0
        with self._alone(), self._lock:
            queues = {queue.queue_arn: queue for queue in _queues().values()}
            for aside in queues.values():
                for message in [one for one in aside._messages if _SOURCE in one.system_attributes]:
                    aside._messages.remove(message)
                    message.approximate_receive_count, message.visible_at = 0, 0.0
                    queues[message.system_attributes.pop(_SOURCE)]._messages.append(message)
                    moved += 1
        return moved

    def snapshot(self) -> tuple[dict[str, int], DeliveryFaults]:
        return {source.name: source.position for source in self._streams()}, self.delivery_faults.copy()

    def restore(self, kept: tuple[Mapping[str, int], DeliveryFaults]) -> None:
        positions, delivery_faults = kept
        self.delivery_faults = delivery_faults.copy()
        for source in self._streams():
            source.position = positions[source.name]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        # In this order: who settles calls functions, and who waits for his turn with them must hold nothing.
        with self._rwlock.shared(), self._settling:
            yield

    def _queues(self) -> Iterator[Queue]:
        return (source for source in self._sources if isinstance(source, Queue))

    def _streams(self) -> Iterator[Stream]:
        return (source for source in self._sources if isinstance(source, Stream))

    def _source(self, declared: Any, stack: Stack, functions: Functions, lock: Any) -> Source | None:
        if isinstance(declared, SQSEventConfig):
            logical_id = (declared.queue_arn or declared.queue or "").rpartition(":")[2]
            return Queue(self, declared, stack.physical(logical_id).rpartition("/")[2], functions, lock)
        if isinstance(declared, DynamoDBEventConfig):
            logical_id = declared.stream_arn.partition(":table/")[2].partition("/")[0]
            return Stream(self, declared, stack.physical(logical_id), functions, lock)
        if isinstance(declared, ScheduledEventConfig):
            return None  # the clock's
        raise NotImplementedError(f"{declared.name}: nobody here brings a {type(declared).__name__}")


class Queue:
    """A queue and the function that takes its messages."""

    def __init__(self, pollers: Pollers, declared: SQSEventConfig, queue: str, functions: Functions, lock: Any) -> None:
        self.name = declared.name
        self._pollers = pollers
        self._handler = declared.handler_string
        self._batch_size = declared.batch_size
        self._queue = queue
        self._functions = functions
        self._lock = lock

    def deliver(self, tries: Counter[Any]) -> bool:
        if not self._here()._messages:
            return False
        with self._lock:
            self._misbehave()
            ready = len(self._here()._messages)
            messages = self._receive()
            moved_aside = len(self._here()._messages) < ready
        if not messages:
            return moved_aside
        if self._is_throttled():
            return True  # received all the same, and hidden for the while
        tries.update(message.id for message in messages)
        event = {"Records": [self._record(message) for message in messages]}
        well, answer = self._functions.attempt(self.name, self._handler, event)
        ids = [message.id for message in messages]
        failed = set(_failed(answer, ids) if well else ids)
        with self._lock:
            for message in messages:
                if message.id not in failed and not self._faults.happens(self._faults.duplicated, message.id):
                    self._delete(message)
                elif self._put_aside_later() or tries[message.id] < MAX_TRIES:
                    self._show_again(message)
        return True

    def waiting(self) -> Iterator[float]:
        """The times at which the hidden messages become visible, in epoch seconds."""
        for message in self._here()._messages:
            if not message.visible or message.delayed:
                yield max(message.visible_at + 1, message.delayed_until) / 1000

    @property
    def _faults(self) -> DeliveryFaults:
        return self._pollers.delivery_faults

    def _is_throttled(self) -> bool:
        return self.name in self._functions.throttled

    def _here(self) -> Any:
        return _queues()[self._queue]

    def _receive(self) -> list[Any]:
        backend = sqs_backends[ACCOUNT][REGION]
        hidden_seconds = self._here().visibility_timeout
        received: list[Any] = backend.receive_message(self._queue, self._batch_size, 0, hidden_seconds, ["All"])
        return received

    def _put_aside_later(self) -> bool:
        return self._here().dead_letter_queue is not None

    def _delete(self, message: Any) -> None:
        # Somebody may have purged the queue meanwhile.
        if any(one.id == message.id for one in self._here()._messages):
            self._here().delete_message(message.receipt_handle)

    def _show_again(self, message: Any) -> None:
        for one in self._here()._messages:
            if one.id == message.id:
                # Not "visible from now on": with a stopped clock moto takes that for not visible yet.
                one.visible_at = 0.0
                self._here().pending_messages.discard(one)

    def _misbehave(self) -> None:
        self._faults.shuffle(self._here()._messages)
        for message in self._here()._messages:
            if self._faults.happens(self._faults.delayed, ("delayed", message.id)):
                message.delayed_until = (time.time() + self._faults.delay()) * 1000

    def _record(self, message: Any) -> dict[str, Any]:
        return {
            "messageId": message.id,
            "receiptHandle": message.receipt_handle,
            "body": message.body,
            "attributes": {
                "ApproximateReceiveCount": str(message.approximate_receive_count),
                "SentTimestamp": str(message.sent_timestamp),
                "SenderId": message.sender_id,
                "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
            },
            "messageAttributes": {name: _attribute(one) for name, one in message.message_attributes.items()},
            "md5OfBody": message.body_md5,
            "eventSource": "aws:sqs",
            "eventSourceARN": self._here().queue_arn,
            "awsRegion": REGION,
        }


class Stream:
    """A table's stream and the function that reads it, which has its own position in it."""

    def __init__(
        self, pollers: Pollers, declared: DynamoDBEventConfig, table: str, functions: Functions, lock: Any
    ) -> None:
        self.name = declared.name
        self.position = 0
        self._pollers = pollers
        self._handler = declared.handler_string
        self._batch_size = declared.batch_size
        self._table = table
        self._functions = functions
        self._lock = lock

    def deliver(self, tries: Counter[Any]) -> bool:
        shard = self._shard()
        start = max(self.position, shard.starting_sequence_number)
        if start >= shard.starting_sequence_number + len(shard.items) or tries[start, self.name] >= MAX_TRIES:
            return False
        if self._faults.happens(self._faults.delayed, ("delayed", self.name, start)):
            tries[start, self.name] = MAX_TRIES  # comes with a later settling
            return False
        tries[start, self.name] += 1
        with self._lock:
            batch = [one.record for one in shard.items[start - shard.starting_sequence_number :][: self._batch_size]]
        self.position = start + self._first_undone(batch)
        return True

    def _first_undone(self, batch: list[dict[str, Any]]) -> int:
        """How many records are done with before the first that is not."""
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        event = {"Records": [self._record(record) for record in self._reordered(batch)]}
        well, answer = self._functions.attempt(self.name, self._handler, event)
        failed = _failed(answer, numbers) if well else numbers
        if self._faults.happens(self._faults.duplicated, (self.name, numbers[0])):
            failed = numbers
        return min((numbers.index(number) for number in failed), default=len(numbers))

    def _reordered(self, batch: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Shards keep the order of each item's changes, and no other."""
        item_keys = [str(record["dynamodb"]["Keys"]) for record in batch]
        self._faults.shuffle(item_keys)
        waiting: dict[str, list[dict[str, Any]]] = {}
        for record in batch:
            waiting.setdefault(str(record["dynamodb"]["Keys"]), []).append(record)
        return [waiting[item_key].pop(0) for item_key in item_keys]

    @property
    def _faults(self) -> DeliveryFaults:
        return self._pollers.delivery_faults

    def _shard(self) -> Any:
        with StrictAWS.looking(only_streams=True):
            return dynamodb_backends[ACCOUNT][REGION].tables[self._table].stream_shard

    def _record(self, record: dict[str, Any]) -> dict[str, Any]:
        table = dynamodb_backends[ACCOUNT][REGION].tables[self._table]
        made_at = _made_at(record).replace(tzinfo=UTC).timestamp()
        asked_by = {name[0].lower() + name[1:]: value for name, value in record.get("userIdentity", {}).items()}
        return {
            **record,
            **({"userIdentity": asked_by} if asked_by else {}),  # Lambda writes its names small
            "eventVersion": "1.1",
            "awsRegion": REGION,
            "dynamodb": _as_json(record["dynamodb"]) | {"ApproximateCreationDateTime": int(made_at)},
            "eventSourceARN": f"{table.table_arn}/stream/{table.latest_stream_label}",
        }


def _queues() -> dict[str, Any]:
    queues: dict[str, Any] = sqs_backends[ACCOUNT][REGION].queues
    return queues


def _trim(shard: Any, now: float) -> None:
    """Read or not, as on AWS."""
    oldest = datetime.fromtimestamp(now - STREAM_KEPT_SECONDS, UTC).replace(tzinfo=None)
    while shard and shard.items and _made_at(shard.items[0].record) < oldest:
        shard.items.pop(0)
        shard.starting_sequence_number += 1  # a record's number is this one plus its place


def _made_at(record: Mapping[str, Any]) -> datetime:
    made_at: datetime = record["dynamodb"]["ApproximateCreationDateTime"]
    return made_at


def _as_json(value: Any) -> Any:
    """JSON has no bytes: Lambda gets them in base64."""
    if isinstance(value, dict):
        return {name: _as_json(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_as_json(one) for one in value]
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _failed(answer: Any, ids: list[str]) -> list[str]:
    """Which records Lambda takes for failed; an answer that makes no sense fails all of them."""
    failures = (answer.get("batchItemFailures") or []) if isinstance(answer, dict) else []
    named = [one.get("itemIdentifier") if isinstance(one, dict) else None for one in failures]
    return [name for name in named if name] if all(name in ids for name in named) else ids


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    values = {"stringValue": value.get("StringValue"), "binaryValue": value.get("BinaryValue")}
    kept = {name: one for name, one in values.items() if one is not None}
    return {**kept, "stringListValues": [], "binaryListValues": [], "dataType": value["DataType"]}
