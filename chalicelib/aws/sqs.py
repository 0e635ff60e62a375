"""SQS client: messages to the queues of houses, ids only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta

from chalicelib.aws.json_calls import call
from chalicelib.settings import settings

MOST_TOGETHER = 10


class NotSent(RuntimeError):
    """SQS took some of the messages and not others."""


def send(queue: str, *, listener: str | None = None, after: timedelta = timedelta(), **ids: str) -> None:
    """Put a message on the queue of this logical id; it is delivered `after` some time, of 15 minutes at most. For a
    queue that several listeners share, `listener` says whom it is for, as `house.name`."""
    delay_s = int(after.total_seconds())
    body = json.dumps(ids if listener is None else {"listener": listener, **ids})
    message = {"QueueUrl": settings.queue_url(queue), "MessageBody": body, "DelaySeconds": delay_s}
    call("sqs", "SendMessage", message)


def send_together(queue: str, messages: Sequence[Mapping[str, str]]) -> None:
    """Put up to ten messages on the queue in one call. Raises NotSent."""
    entries = [{"Id": str(nth), "MessageBody": json.dumps(ids)} for nth, ids in enumerate(messages)]
    answer = call("sqs", "SendMessageBatch", {"QueueUrl": settings.queue_url(queue), "Entries": entries})
    if failed := json.loads(answer).get("Failed"):
        raise NotSent(f"{len(failed)} messages")
