"""The window to SQS: telling a house something, ids only."""

from __future__ import annotations

import json

from chalicelib.aws.clients import client
from chalicelib.settings import settings


def tell(queue: str, **ids: str) -> None:
    """Put a message on the queue of this logical id."""
    client("sqs").send_message(QueueUrl=settings.queue_url(queue), MessageBody=json.dumps(ids))
