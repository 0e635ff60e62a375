"""DynamoDB elsewhere: its calls take effect at an endpoint, and moto's tables are a copy of what is there.

The copy is what the pollers, the dump, TTL, lifecycle and the snapshots look at; it is brought up to date when they
look. The world's clock is not the endpoint's: TTL and request tokens stay here, and an endpoint that verifies
signatures is none for this.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table

from . import trace
from .faults import Answer
from .transactions import Tokens
from .validations import decode
from .writes import Change, putting, store

Json = dict[str, Any]
# What is asked (an X-Amz-Target, a body) to the status and body of the answer.
Send = Callable[[str, str], tuple[int, str]]

# Read once and early: within a world nothing of the developer's own AWS is in the environment.
URL = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB")
STREAMS_URL = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB_STREAMS") or URL

_READS = {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
_HEADERS = {
    "Content-Type": "application/x-amz-json-1.0",
    "Authorization": "AWS4-HMAC-SHA256 Credential=AKIASTRICTMOTO000000/20260105/us-east-1/dynamodb/aws4_request, "
    "SignedHeaders=host, Signature=0",
}
_ANSWER_HEADERS = {"content-type": "application/x-amz-json-1.0"}
# Keys of mappings from a table's name, in requests and answers.
_BY_TABLE = ("RequestItems", "Responses", "UnprocessedKeys", "UnprocessedItems")
_PATIENCE_SECONDS = 30
# A server closes what is idle for some seconds, and who sends just then does not know whether it took effect.
_KEPT_IDLE_SECONDS = 1


def given() -> Endpoint | None:
    """The endpoint that the environment names, if it does."""
    return Endpoint(over_http(URL), over_http(STREAMS_URL)) if URL and STREAMS_URL else None


class Endpoint:
    """Its tables bear a prefix of their own, for others use it at the same time; none is left behind."""

    def __init__(self, send: Send, send_to_streams: Send | None = None) -> None:
        self._send, self._send_to_streams = send, send_to_streams or send
        self._prefix = f"strict-{secrets.token_hex(4)}-"
        self._streams: dict[str, _Stream | None] = {}
        self._items_behind: set[str] = set()
        self._stream_behind: set[str] = set()

    def answer(self, request: AWSPreparedRequest, tokens: Tokens) -> Answer | None:
        """None for what stays with moto: all but items, and the making and dropping of tables, which moto copies."""
        target = request.headers.get("X-Amz-Target", "")
        text = target.decode() if isinstance(target, bytes) else target
        service, _, operation = text.partition(".")
        if service == "DynamoDBStreams_20120810":
            self.listen()
        if service != "DynamoDB_20120810":
            return None
        if operation in _READS | _WRITES:
            return self._answer(operation, json.loads(request.body), tokens)
        if operation in ("CreateTable", "DeleteTable"):
            return self._answer_too(operation, json.loads(request.body))
        return None

    def look(self) -> None:
        """Bring the copy up to date."""
        for name in self._items_behind & tables().keys():
            table = tables()[name]
            table.items = defaultdict(dict)
            for item in self._items(table):
                store(Change(table, item.hash_key, item.range_key, None, item))
        self._items_behind.clear()
        self.listen()

    def listen(self) -> None:
        """Bring the copy of the streams up to date."""
        for name in self._stream_behind & tables().keys():
            table = tables()[name]
            for record in self._news(name):
                table.stream_shard.add(*(_image(table, record, image) for image in ("OldImage", "NewImage")))
        self._stream_behind.clear()

    def carry_out(self, change: Change) -> None:
        """Carry out a deletion of AWS's own."""
        table = change.table
        assert change.old is not None
        self._do("DeleteItem", {"TableName": table.name, "Key": _key(table, change.old)})
        store(change)
        self._stream_behind.add(table.name)
        self.listen()

    def known(self) -> dict[str, Any]:
        """The items of each table whose copy is as the endpoint has it."""
        return {name: table.items for name, table in tables().items() if name not in self._items_behind}

    def load(self, table: Table) -> None:
        """Make one table there as its copy is, of which nobody hears."""
        self._rewrite(table)
        self._news(table.name)

    def match(self, known: Mapping[str, Any]) -> None:
        """Make the endpoint as the copy is, which was put back; `known` is what it was before."""
        copies = tables()
        for name in self._streams.keys() - copies.keys():
            self._drop(name)
        for name in copies.keys() - self._streams.keys():
            self._do("CreateTable", _declaration(copies[name]))
            self._watch(name)
        changed = [table for name, table in copies.items() if name not in known or known[name] != table.items]
        for table in changed:
            self._rewrite(table)
        # Nobody shall hear of the rewriting.
        for name in self._stream_behind | {table.name for table in changed}:
            self._news(name)
        self._items_behind.clear()
        self._stream_behind.clear()

    def leave(self) -> None:
        for name in list(self._streams):
            self._drop(name)

    def _answer(self, operation: str, parameters: Json, tokens: Tokens) -> Answer:
        token = parameters.get("ClientRequestToken")
        try:
            if token and tokens.is_done(token, parameters):
                return 200, _ANSWER_HEADERS, "{}"
        except JsonRESTError as error:
            return error.code, _ANSWER_HEADERS, error.description
        wanted = {name: value for name, value in parameters.items() if name != "ClientRequestToken"}
        status, answer = self._ask(operation, {**wanted, "ReturnConsumedCapacity": "TOTAL"})
        if operation in _WRITES:
            self._items_behind |= set(_named_in(parameters))
            self._stream_behind |= {name for name in _named_in(parameters) if self._streams.get(name)}
        if status == 200:
            _charge(operation, answer, keep="ReturnConsumedCapacity" in parameters)
            if token:
                tokens.remember(token, parameters)
        return status, _ANSWER_HEADERS, json.dumps(answer)

    def _answer_too(self, operation: str, parameters: Json) -> Answer | None:
        status, answer = self._ask(operation, parameters)
        if status != 200:
            return status, _ANSWER_HEADERS, json.dumps(answer)
        if operation == "CreateTable":
            self._watch(parameters["TableName"])
        else:
            del self._streams[parameters["TableName"]]
        return None

    def _ask(self, operation: str, parameters: Json) -> tuple[int, Json]:
        renamed = _renamed(parameters, lambda name: self._prefix + name)
        status, text = self._send(f"DynamoDB_20120810.{operation}", as_json(renamed))
        return status, _renamed(json.loads(text), lambda name: name.removeprefix(self._prefix))

    def _do(self, operation: str, parameters: Json) -> Json:
        status, answer = self._ask(operation, parameters)
        if status != 200:
            raise RuntimeError(f"{operation} at the DynamoDB endpoint: {answer}")
        return answer

    def _watch(self, name: str) -> None:
        """From the table's beginning, which is as soon as it is there."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (table := self._do("DescribeTable", {"TableName": name})["Table"])["TableStatus"] != "ACTIVE":
            if time.monotonic() > deadline:
                raise RuntimeError(f"the DynamoDB endpoint does not get a table ready: {table}")
            time.sleep(0.05)
        # A stream that was disabled leaves its name behind.
        is_streamed = table.get("StreamSpecification", {}).get("StreamEnabled")
        self._streams[name] = _Stream(table["LatestStreamArn"], self._send_to_streams) if is_streamed else None

    def _drop(self, name: str) -> None:
        del self._streams[name]
        self._do("DeleteTable", {"TableName": name})

    def _news(self, name: str) -> list[Json]:
        stream = self._streams.get(name)
        return stream.news() if stream else []

    def _items(self, table: Table) -> Iterator[Item]:
        start: Json = {}
        while True:
            page = self._do("Scan", {"TableName": table.name, "ConsistentRead": True, **start})
            for raw in decode(json.dumps(page["Items"])):
                item = putting(table, raw).new
                assert item is not None
                yield item
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _rewrite(self, table: Table) -> None:
        there, wanted = _by_key(self._items(table)), _by_key(table.all_items())
        surplus = [{"DeleteRequest": {"Key": _key(table, there[key])}} for key in there.keys() - wanted.keys()]
        missing = [
            {"PutRequest": {"Item": item.to_json()["Attributes"]}}
            for key, item in wanted.items()
            if key not in there or there[key] != item
        ]
        writes = surplus + missing
        for first in range(0, len(writes), 25):
            pending = writes[first : first + 25]
            while pending:
                answer = self._do("BatchWriteItem", {"RequestItems": {table.name: pending}})
                pending = answer["UnprocessedItems"].get(table.name, [])


class _Stream:
    """A stream, read from its beginning, whatever shards it has."""

    def __init__(self, arn: str, send: Send) -> None:
        self._arn, self._send = arn, send
        self._seen: set[str] = set()
        self._iterators: list[str] = []
        self._open()

    def news(self) -> list[Json]:
        """The records since the last time."""
        records: list[Json] = []
        while found := self._turn():
            records += found
        return records

    def _turn(self) -> list[Json]:
        answers = [self._do("GetRecords", {"ShardIterator": iterator}) for iterator in self._iterators]
        self._iterators = [one["NextShardIterator"] for one in answers if one.get("NextShardIterator")]
        if len(self._iterators) < len(answers) or not answers:
            self._open()
        return [record for one in answers for record in one["Records"]]

    def _open(self) -> None:
        parameters = {"StreamArn": self._arn}
        for shard in self._do("DescribeStream", parameters)["StreamDescription"]["Shards"]:
            if shard["ShardId"] not in self._seen:
                self._seen.add(shard["ShardId"])
                where = {**parameters, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
                self._iterators.append(self._do("GetShardIterator", where)["ShardIterator"])

    def _do(self, operation: str, parameters: Json) -> Json:
        status, text = self._send(f"DynamoDBStreams_20120810.{operation}", json.dumps(parameters))
        if status != 200:
            raise RuntimeError(f"{operation} at the DynamoDB endpoint: {text}")
        answer: Json = json.loads(text)
        return answer


def over_http(url: str) -> Send:
    """One connection is enough: the layer lets one call through at a time."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=_PATIENCE_SECONDS)
    used_at = 0.0

    def send(target: str, body: str) -> tuple[int, str]:
        nonlocal used_at
        if time.monotonic() - used_at > _KEPT_IDLE_SECONDS:
            connection.close()
        try:
            connection.request("POST", parts.path or "/", body.encode(), {**_HEADERS, "X-Amz-Target": target})
            answer = connection.getresponse()
            found = answer.status, answer.read().decode()
        except BaseException:
            connection.close()  # or the next answer would be to this question
            raise
        used_at = time.monotonic()
        return found

    return send


def tables() -> dict[str, Table]:
    """moto's own, by their names, which are one of a kind in all regions."""
    return {
        name: table
        for _, _, backend in dynamodb_backends.iter_backends()
        for name, table in backend.tables.items()  # type: ignore[attr-defined]
    }


def _renamed(document: Json, rename: Callable[[str], str]) -> Json:
    """The same with other names of tables, wherever a request or an answer names one."""
    renamed = dict(document)
    if "TableName" in document:
        renamed["TableName"] = rename(document["TableName"])
    for field in _BY_TABLE:
        if isinstance(document.get(field), dict):
            renamed[field] = {rename(name): value for name, value in document[field].items()}
    if "TransactItems" in document:
        renamed["TransactItems"] = [
            {verb: _renamed(action, rename) for verb, action in entry.items()} for entry in document["TransactItems"]
        ]
    if consumed := document.get("ConsumedCapacity"):
        renamed["ConsumedCapacity"] = (
            [_renamed(one, rename) for one in consumed] if isinstance(consumed, list) else _renamed(consumed, rename)
        )
    return renamed


def _named_in(parameters: Json) -> Iterator[str]:
    if "TableName" in parameters:
        yield parameters["TableName"]
    yield from parameters.get("RequestItems", ())
    for entry in parameters.get("TransactItems", ()):
        yield from (action["TableName"] for action in entry.values())


def _charge(operation: str, answer: Json, *, keep: bool) -> None:
    """The trace has the endpoint's own figures; of what was refused there are none."""
    consumed = answer.get("ConsumedCapacity") or []
    for one in consumed if isinstance(consumed, list) else [consumed]:
        charge = trace.current().has_read if operation in _READS else trace.current().has_written
        charge(one["TableName"], one["CapacityUnits"])
    if not keep:
        answer.pop("ConsumedCapacity", None)


def _image(table: Table, record: Json, name: str) -> Item | None:
    raw = record["dynamodb"].get(name)
    return putting(table, decode(json.dumps(raw))).new if raw else None


def _key(table: Table, item: Item) -> Json:
    return {name: item.attrs[name].to_json() for name in table.table_key_attrs}


def _by_key(items: Iterable[Item]) -> dict[Any, Item]:
    return {(item.hash_key, item.range_key): item for item in items}


def _declaration(table: Table) -> Json:
    declared: Json = {
        "TableName": table.name,
        "KeySchema": table.schema,
        "AttributeDefinitions": table.attr,
        "BillingMode": "PAY_PER_REQUEST",
    }
    stream = table.stream_specification or {}
    return declared | ({"StreamSpecification": stream} if stream.get("StreamEnabled") else {})


def as_json(parameters: Json) -> str:
    return json.dumps(parameters, default=lambda binary: base64.b64encode(binary).decode())
