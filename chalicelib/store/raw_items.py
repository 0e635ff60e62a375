"""Items as they lie in the tables: read by their keys or page by page, and deleted; what they are, records say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chalicelib import clock
from chalicelib.aws.clients import client
from chalicelib.errors import Unavailable
from chalicelib.store.keys import Key, RawItem

if TYPE_CHECKING:
    from chalicelib.store.records import Record

_TRIES = 5
_MOST_TOGETHER = 100
MOST_DELETED_TOGETHER = 25


def get(by_table: dict[str, list[Key[Record]]]) -> dict[str, list[RawItem]]:
    """The items of these keys, by the name of their table, past their end or not; one consistent call for each
    hundred."""
    keys_of = list(by_table.items())
    if not keys_of:
        return {}
    if len(keys_of) == 1 and len(keys_of[0][1]) == 1:
        name, (key,) = keys_of[0]
        item = client("dynamodb").get_item(TableName=name, Key=key.raw(), ConsistentRead=True).get("Item")
        return {name: [item] if item else []}
    found: dict[str, list[RawItem]] = {name: [] for name in by_table}
    together = [(name, key.raw()) for name, wanted in keys_of for key in wanted]
    for first in range(0, len(together), _MOST_TOGETHER):
        _get_batch(together[first : first + _MOST_TOGETHER], found)
    return found


def _get_batch(together: list[tuple[str, RawItem]], found: dict[str, list[RawItem]]) -> None:
    pending: dict[str, Any] = {}
    for name, key in together:
        pending.setdefault(name, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
    for turn in range(_TRIES):
        answer = client("dynamodb").batch_get_item(RequestItems=pending)
        for name, items in answer["Responses"].items():
            found[name] += items
        pending = answer.get("UnprocessedKeys") or {}
        if not pending:
            return
        clock.sleep(0.05 * 2**turn)
    # A decision on half of what decides would be a hole.
    raise Unavailable


def pages(
    base: type[Record], pk: str, limit: int | None = None, *, between: tuple[str, str] | None = None
) -> Iterator[list[RawItem]]:
    """The items of a partition page by page, known kind or not, expired or not: of so many items at most, and only
    those with sort keys `between` these. The next is only asked for when one was dealt with, and perhaps deleted."""
    condition, values = "pk = :pk", {":pk": {"S": pk}}
    if between is not None:
        condition += " AND sk BETWEEN :low AND :high"
        values |= {":low": {"S": between[0]}, ":high": {"S": between[1]}}
    more: dict[str, Any] = {} if limit is None else {"Limit": limit}
    while True:
        answer = client("dynamodb").query(
            TableName=base.Meta.table_name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=values,
            ConsistentRead=True,
            **more,
        )
        if answer["Items"]:
            yield answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        more["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def delete(base: type[Record], items: list[RawItem]) -> None:
    """Delete these items outright, 25 to a call."""
    name = base.Meta.table_name
    for first in range(0, len(items), MOST_DELETED_TOGETHER):
        requests: list[dict[str, object]] = [
            {"DeleteRequest": {"Key": {part: item[part] for part in ("pk", "sk") if part in item}}}
            for item in items[first : first + MOST_DELETED_TOGETHER]
        ]
        _delete_together(name, requests)


def _delete_together(name: str, requests: list[dict[str, object]]) -> None:
    for turn in range(_TRIES):
        answer = client("dynamodb").batch_write_item(RequestItems={name: requests})
        requests = (answer.get("UnprocessedItems") or {}).get(name, [])
        if not requests:
            return
        clock.sleep(0.05 * 2**turn)
    raise Unavailable
