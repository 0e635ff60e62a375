"""Events of S3: told to a function directly, or left in a queue when Lambda gave up on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from chalicelib.entry.wire import Event


@dataclass(frozen=True)
class CreatedObject:
    """An object that S3 tells of. `request_id` is what S3 calls the upload, and whoever uploads cannot know before."""

    object_key: str
    at: datetime
    size_bytes: int
    request_id: str


class EventUnknown(Exception):
    """An event in a shape that nobody here reads: it is kept, and not taken for one of no objects."""


def created_objects(body: Any) -> Iterator[CreatedObject]:
    """Those of an event; S3 sends a test event without any when the notification is set up."""
    if "Records" not in body and body.get("Event") != "s3:TestEvent":
        raise EventUnknown
    for record in body.get("Records", []):
        stored = record["s3"]["object"]
        yield CreatedObject(
            unquote_plus(stored["key"]),
            _time_of(record),
            int(stored.get("size", 0)),
            str(record.get("responseElements", {}).get("x-amz-request-id", "")),
        )


def is_direct(event: Event) -> bool:
    """Whether S3 invoked the function, and not a queue with a batch of messages."""
    records = event.get("Records")
    return not records or records[0].get("eventSource") != "aws:sqs"


def of_message(body: Any) -> tuple[Any, int]:
    """S3's event in a message, and how often Lambda tried it before it left it there, in a record of its own. S3 itself
    told the queue before, and told it nothing but the event."""
    if isinstance(body, dict) and "requestPayload" in body:
        return body["requestPayload"], int(body["requestContext"]["approximateInvokeCount"])
    return body, 0


def _time_of(record: Any) -> datetime:
    return datetime.fromisoformat(record["eventTime"])
