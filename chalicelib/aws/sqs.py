"""SQS client: messages to the queues of houses, ids only."""

from __future__ import annotations

import json
from datetime import timedelta

from chalicelib.aws.clients import client
from chalicelib.settings import settings


def send(queue: str, *, after: timedelta = timedelta(), **ids: str) -> None:
    """Put a message on the queue of this logical id; it is delivered `after` some time, of 15 minutes at most."""
    delay_s = int(after.total_seconds())
    client("sqs").send_message(QueueUrl=settings.queue_url(queue), MessageBody=json.dumps(ids), DelaySeconds=delay_s)
