"""Asynchronous invocations: Lambda keeps events in a queue of its own, tries each thrice, and leaves it at last in the
queue that its function listens to."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chalice.app import Chalice, SQSEventConfig
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from infra.local.functions import ACCOUNT, REGION, Failure, Functions
from infra.local.pollers import Pollers, Queue, Stack

# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
RETRIED_AFTER_S = (60, 120)
OLDEST_S = 6 * 3600
_THROTTLED_FOR_AT_MOST_S = 300


def queue_name(function: str) -> str:
    """That of Lambda's own queue for a function."""
    return f"async-{function}"


def tell(account_id: str, event: Any, function_arn: str, region: str) -> None:
    """S3 invokes a function; moto would do so at once, in a container."""
    backend = sqs_backends[account_id][region]
    backend.send_message(queue_name=queue_name(_entry_point(function_arn)), message_body=json.dumps(event))


def sources(pollers: Pollers, app: Chalice, stack: Stack, functions: Functions, lock: Any) -> Iterator[AsyncEvents]:
    """One for each of the app's functions that a bucket tells of its objects."""
    names = set(_told_by_buckets())
    for declared in app.event_sources:
        if isinstance(declared, SQSEventConfig) and declared.name in names:
            sqs_backends[ACCOUNT][REGION].create_queue(queue_name(declared.name))
            gives_up_to = stack.physical((declared.queue_arn or "").rpartition(":")[2]).rpartition("/")[2]
            yield AsyncEvents(pollers, declared, gives_up_to, functions, lock)


class AsyncEvents(Queue):
    """The events of one function. They come one by one; a message's receptions are the invocations that began."""

    def __init__(
        self, pollers: Pollers, declared: SQSEventConfig, gives_up_to: str, functions: Functions, lock: Any
    ) -> None:
        super().__init__(pollers, declared, queue_name(declared.name), functions, lock)
        self._gives_up_to = gives_up_to

    def deliver(self, tries: Counter[Any]) -> bool:
        with self._lock:
            self._misbehave()
            message = next((one for one in self._here()._messages if one.visible and not one.delayed), None)
            if message is None:
                return False
            if time.time() - message.sent_timestamp / 1000 >= OLDEST_S:
                self._give_up(message, "EventAgeExceeded")
                return True
            if self._is_throttled():
                self._hide(message, self._throttled_for_s(message))
                return True
            message.approximate_receive_count += 1
        well, _answer = self._functions.attempt(self.name, self._handler, json.loads(message.body))
        with self._lock:
            self._done_with(message, well)
        return True

    def _done_with(self, message: Any, well: bool) -> None:
        tried = message.approximate_receive_count
        if not any(one.id == message.id for one in self._here()._messages):
            return  # somebody has purged it meanwhile
        if well and not self._faults.happens(self._faults.duplicated, message.id):
            self._here()._messages.remove(message)
        elif not well and tried > len(RETRIED_AFTER_S):
            self._give_up(message, "RetriesExhausted", self._functions.failures[-1])
        elif not well:
            self._hide(message, RETRIED_AFTER_S[tried - 1])

    def _hide(self, message: Any, seconds: float) -> None:
        message.visible_at = (time.time() + seconds) * 1000

    def _throttled_for_s(self, message: Any) -> float:
        """Twice as long each time."""
        times = message.system_attributes["throttled"] = message.system_attributes.get("throttled", -1) + 1
        return float(min(2**times, _THROTTLED_FOR_AT_MOST_S))

    def _give_up(self, message: Any, condition: str, failure: Failure | None = None) -> None:
        """The record that Lambda makes of an invocation: tests/events/sqs_s3_given_up.json."""
        record = {
            "version": "1.0",
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "requestContext": {
                "requestId": message.id,
                "functionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": message.approximate_receive_count,
            },
            "requestPayload": json.loads(message.body),
            **({} if failure is None else _response(failure)),
        }
        backend = sqs_backends[ACCOUNT][REGION]
        backend.send_message(queue_name=self._gives_up_to, message_body=json.dumps(record))
        self._here()._messages.remove(message)


def _response(failure: Failure) -> dict[str, Any]:
    return {
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": str(failure.fault), "errorType": type(failure.fault).__name__},
    }


def _told_by_buckets() -> Iterator[str]:
    for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
        if bucket.notification_configuration is not None:
            yield from (_entry_point(one.arn) for one in bucket.notification_configuration.cloud_function)


def _entry_point(function_arn: str) -> str:
    """A function is deployed under its installation's name and its own."""
    return function_arn.rpartition("-")[2]
