"""Everything that is stored anywhere, as plain JSON, for whoever searches it for something that should be gone."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.ses.models import ses_backends
from moto.sns.models import sns_backends
from moto.sqs.models import sqs_backends

from infra.local.functions import ACCOUNT, REGION
from infra.strict_moto import StrictAWS

Json = dict[str, Any]


def dump() -> Json:
    """Without the logs, and without the outbox: that is the outside world. Bytes become latin-1 text."""
    with StrictAWS.looking():
        return _everything()


def _everything() -> Json:
    return {
        "tables": {name: [_row(item) for item in one.all_items()] for name, one in _tables()},
        "buckets": {bucket.name: list(_objects(bucket)) for bucket in _buckets()},
        "uploads": [upload for bucket in _buckets() for upload in _uploads(bucket)],
        "queues": {name: [_message(one) for one in queue._messages] for name, queue in _queues()},
        "streams": {name: [_record(one) for one in shard.items] for name, shard in _shards()},
        "unsent": list(_unsent()),
        "endpoints": [_endpoint(one) for one in sns_backends[ACCOUNT][REGION].platform_endpoints.values()],
        "identities": _identities(),
    }


def _row(item: Any) -> Json:
    """An item in a table never changes, so it is read once however often all is looked at."""
    known = item.__dict__.get("_plain")
    if known is None:
        known = item.__dict__["_plain"] = plain(item.to_json()["Attributes"])
    return dict(known)


def plain(attributes: Mapping[str, Any]) -> Json:
    """DynamoDB's typed attributes as what they mean."""
    return {name: _value(*next(iter(typed.items()))) for name, typed in attributes.items()}


def _value(kind: str, value: Any) -> Any:
    if kind == "B":
        return (value if isinstance(value, bytes) else base64.b64decode(value)).decode("latin-1")
    if kind == "N":
        return _number(value)
    if kind == "M":
        return plain(value)
    if kind == "L":
        return [_value(*next(iter(one.items()))) for one in value]
    if kind in ("SS", "NS", "BS"):
        return [_value(kind[0], one) for one in value]
    return None if kind == "NULL" else value


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _tables() -> Iterator[tuple[str, Any]]:
    yield from dynamodb_backends[ACCOUNT][REGION].tables.items()


def _shards() -> Iterator[tuple[str, Any]]:
    return ((name, table.stream_shard) for name, table in _tables() if table.stream_shard is not None)


def _record(found: Any) -> Json:
    """Nor does a record of a stream, in what is shown of it here."""
    known = found.__dict__.get("_plain")
    if known is None:
        known = found.__dict__["_plain"] = _plain_record(found.record)
    return dict(known)


def _plain_record(record: Mapping[str, Any]) -> Json:
    change = record["dynamodb"]
    images = {name: plain(change[name]) for name in ("Keys", "OldImage", "NewImage") if name in change}
    return {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "at": _rfc3339(change["ApproximateCreationDateTime"]),
        "SequenceNumber": change["SequenceNumber"],
        **images,
    }


def _buckets() -> Iterator[Any]:
    yield from s3_backends[ACCOUNT]["aws"].buckets.values()


def _objects(bucket: Any) -> Iterator[Json]:
    for name in bucket.keys:
        for version in bucket.keys.getlist(name):
            yield {
                "key": name,
                "body": _body(version),
                "metadata": {key: value for key, value in version.metadata.items() if key.lower() != "content-type"},
                "content_type": version.metadata.get("Content-Type"),
                "last_modified": _rfc3339(version.last_modified),
                **({"version_id": version.version_id} if bucket.is_versioned else {}),
            }


def _body(thing: Any) -> str:
    return thing.value.decode("latin-1") if hasattr(thing, "value") else ""  # a delete marker has none


def _uploads(bucket: Any) -> Iterator[Json]:
    for upload in bucket.multiparts.values():
        yield {
            "bucket": bucket.name,
            "key": upload.key_name,
            "upload_id": upload.id,
            "metadata": dict(upload.metadata),
            "parts": [_body(part) for part in upload.parts.values()],
        }


def _queues() -> Iterator[tuple[str, Any]]:
    yield from sqs_backends[ACCOUNT][REGION].queues.items()


def _message(message: Any) -> Json:
    return {
        "message_id": message.id,
        "body": message.body,
        "attributes": {name: _attribute(value) for name, value in message.message_attributes.items()},
        "sent_at": _rfc3339(datetime.fromtimestamp(message.sent_timestamp / 1000, UTC)),
        "receive_count": message.approximate_receive_count,
    }


def _attribute(value: Mapping[str, Any]) -> Any:
    raw = value.get("BinaryValue")
    return raw.decode("latin-1") if isinstance(raw, bytes) else value.get("StringValue", raw)


def _unsent() -> Iterator[Json]:
    """Messages that nobody may receive yet: delayed, or in somebody's hands and not done with."""
    for name, queue in _queues():
        for message in queue._messages:
            if message.delayed or not message.visible:
                yield {"queue": name, **_message(message)}


def _endpoint(endpoint: Any) -> Json:
    return {"arn": endpoint.arn, "attributes": {**endpoint.attributes, "CustomUserData": endpoint.custom_user_data}}


def _identities() -> list[str]:
    return sorted({*ses_backends[ACCOUNT][REGION].email_identities})


def _rfc3339(at: datetime) -> str:
    """moto's instants are UTC without saying so."""
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat().replace("+00:00", "Z")


def as_json(world: Json) -> bytes:
    return json.dumps(world).encode()
