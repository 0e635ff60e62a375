"""An engine to ask in tests, and a table in it."""

from __future__ import annotations

import json
from typing import Any

from tests.engine.engine import Engine
from tests.engine.items import as_json


class Refused(Exception):
    """`kind` is DynamoDB's word for it, `told` the whole answer."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["message"])
        self.kind, self.told = told["__type"].rpartition("#")[2], told


class Asking:
    """Operations as methods of an engine's: `asking.GetItem(Key=…)`, of the table T where none is named."""

    def __init__(self) -> None:
        self.engine = Engine()

    def __getattr__(self, operation: str) -> Any:
        def ask(**asked: Any) -> dict[str, Any]:
            if (
                not operation.startswith(("Batch", "Transact", "List"))
                and not {"StreamArn", "ShardIterator"} & asked.keys()
            ):
                asked.setdefault("TableName", "T")
            status, text = self.engine.answer(f"DynamoDB_20120810.{operation}", as_json(asked))
            told: dict[str, Any] = json.loads(text)
            if status != 200:
                raise Refused(told)
            return told

        return ask

    def table(self, name: str = "T", *, sort: str | None = "S", **more: Any) -> None:
        kinds = [("pk", "S", "HASH"), *([("sk", sort, "RANGE")] if sort else [])]
        self.CreateTable(
            TableName=name,
            KeySchema=[{"AttributeName": key, "KeyType": role} for key, _, role in kinds],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": kind} for key, kind, _ in kinds],
            **more,
        )

    def put(self, sk: str, pk: str = "a", **attributes: Any) -> None:
        self.PutItem(Item={**key(sk, pk), **attributes})

    def found(self, sk: str, pk: str = "a") -> dict[str, Any] | None:
        item: dict[str, Any] | None = self.GetItem(Key=key(sk, pk)).get("Item")
        return item

    def all(self) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.Scan()["Items"]
        return items


def key(sk: str, pk: str = "a") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
