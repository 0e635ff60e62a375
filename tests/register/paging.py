"""A store of the tests' own that only pages and counts: the main table and the bucket, as far as an erasure reads and
deletes them. What it does not know it hands on.

It keeps rows and names in lists, and knows of each whether it was deleted, so that a million cost little. To delete
what is not there is an error.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from chalicelib.aws import clients, json_calls, s3
from chalicelib.aws.json_calls import Service
from chalicelib.settings import settings
from chalicelib.store import raw_items

Row = dict[str, Any]
# As AWS does.
_MOST_OBJECTS = 1000
_MOST_IN_A_BATCH = 25


class Paging:
    """`calls` counts each operation; `rows` and `objects` are what is left."""

    def __init__(self, items: list[Row], objects: list[str]) -> None:
        self._partitions: dict[str, dict[str, Row]] = {}
        for item in sorted(items, key=lambda one: (one["pk"]["S"], one["sk"]["S"])):
            self._partitions.setdefault(item["pk"]["S"], {})[item["sk"]["S"]] = item
        self._names = {pk: list(partition) for pk, partition in self._partitions.items()}
        self._objects = sorted(objects)
        self._left = set(objects)
        self.calls: Counter[str] = Counter()

    @property
    def rows(self) -> int:
        return sum(map(len, self._partitions.values()))

    @property
    def objects(self) -> int:
        return len(self._left)

    def installed(self, patch: pytest.MonkeyPatch) -> Paging:
        """In the place of the main table and the bucket, for whoever pages and deletes."""
        bucket = _Bucket(self)
        patch.setattr(s3, "client", lambda service, *at: bucket if service == "s3" else clients.client(service, *at))
        patch.setattr(raw_items, "call", _Table(self).call)
        return self

    def page(self, pk: str, after: str | None, limit: int) -> tuple[list[Row], str | None]:
        partition, names = self._partitions.get(pk, {}), self._names.get(pk, [])
        first = 0 if after is None else bisect_right(names, after)
        found: list[Row] = []
        for place in range(first, len(names)):
            if names[place] in partition:
                found.append(partition[names[place]])
            if len(found) == limit:
                return found, names[place]
        return found, None

    def delete_rows(self, keys: list[Row]) -> None:
        assert len(keys) <= _MOST_IN_A_BATCH
        for key in keys:
            del self._partitions[key["pk"]["S"]][key["sk"]["S"]]

    def list(self, prefix: str, after: str) -> tuple[list[str], bool]:
        found: list[str] = []
        place = bisect_right(self._objects, max(prefix, after))
        while place < len(self._objects) and self._objects[place].startswith(prefix):
            if self._objects[place] in self._left:
                found.append(self._objects[place])
            if len(found) == _MOST_OBJECTS:
                return found, True
            place += 1
        return found, False

    def delete_objects(self, keys: list[str]) -> None:
        assert len(keys) <= _MOST_OBJECTS
        for key in keys:
            self._left.remove(key)


class _Table:
    def __init__(self, store: Paging) -> None:
        self._store = store
        self._own = {"Query": self._query, "BatchWriteItem": self._batch_write_item}

    def call(self, service: Service, operation: str, request: Mapping[str, Any]) -> bytes:
        # A whole partition is asked for by who pages through it; what records ask is between two sort keys.
        if operation in self._own and request.get("KeyConditionExpression", "pk = :pk") == "pk = :pk":
            return msgspec.json.encode(self._own[operation](request))
        return json_calls.call(service, operation, request)

    def _query(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        assert asked["TableName"] == settings.items_table
        self._store.calls["query"] += 1
        after = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        found, last = self._store.page(asked["ExpressionAttributeValues"][":pk"]["S"], after, asked["Limit"])
        if last is None:
            return {"Items": found}
        return {"Items": found, "LastEvaluatedKey": {name: found[-1][name] for name in ("pk", "sk")}}

    def _batch_write_item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        self._store.calls["batch_write_item"] += 1
        (requests,) = asked["RequestItems"].values()
        self._store.delete_rows([request["DeleteRequest"]["Key"] for request in requests])
        return {}


class _Bucket:
    def __init__(self, store: Paging) -> None:
        self._store = store

    def __getattr__(self, operation: str) -> Any:
        return getattr(clients.client("s3"), operation)

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        if asked.get("Delimiter"):
            return {"IsTruncated": False}
        self._store.calls["list_objects_v2"] += 1
        found, is_truncated = self._store.list(asked["Prefix"], asked.get("ContinuationToken", ""))
        contents = [{"Key": key, "Size": 1, "LastModified": None, "ETag": ""} for key in found]
        more = {"NextContinuationToken": found[-1]} if is_truncated else {}
        return {"Contents": contents, "IsTruncated": is_truncated, **more}

    def delete_objects(self, **asked: Any) -> dict[str, Any]:
        self._store.calls["delete_objects"] += 1
        self._store.delete_objects([one["Key"] for one in asked["Delete"]["Objects"]])
        return {}
