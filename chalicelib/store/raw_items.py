"""Items as they lie in the tables: read by their keys or page by page, and deleted; what they are, records say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Raw

from chalicelib import clock
from chalicelib.aws.json_calls import call
from chalicelib.errors import Unavailable
from chalicelib.store import decoding, requests
from chalicelib.store.decoding import Items
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.requests import Request

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

    from chalicelib.store.records import Record

_TRIES = 5
_MOST_TOGETHER = 100
MOST_DELETED_TOGETHER = 25
_Item = TypeVar("_Item")


def get(by_table: dict[str, list[Key[Record]]]) -> dict[str, list[RawItem]]:
    """The items of these keys, by the name of their table, past their end or not; one consistent call for each
    hundred."""
    found: dict[str, list[RawItem]] = {name: [] for name in by_table}
    for name, item in encoded(by_table):
        found[name].append(decoding.item(item))
    return found


def get_one(table: str, key: Key[Record]) -> RawItem | None:
    """The item of this key in a table of any name."""
    return next((decoding.item(item) for _, item in _get_one(table, key.raw())), None)


def encoded(by_table: dict[str, list[Key[Record]]]) -> Iterator[tuple[str, Raw]]:
    """The same as they came, each with the name of its table."""
    together = [(name, key.raw()) for name, wanted in by_table.items() for key in wanted]
    if len(together) == 1:
        yield from _get_one(*together[0])
        return
    for first in range(0, len(together), _MOST_TOGETHER):
        yield from _get_batch(together[first : first + _MOST_TOGETHER])


def _get_one(table: str, key: RawItem) -> Iterator[tuple[str, Raw]]:
    item = decoding.one(call("dynamodb", "GetItem", {"TableName": table, "Key": key, "ConsistentRead": True}))
    if item is not None:
        yield table, item


def _get_batch(together: list[tuple[str, RawItem]]) -> Iterator[tuple[str, Raw]]:
    pending: dict[str, Any] = {}
    for name, key in together:
        pending.setdefault(name, {"Keys": [], "ConsistentRead": True})["Keys"].append(key)
    for turn in range(_TRIES):
        answer = decoding.batch(call("dynamodb", "BatchGetItem", {"RequestItems": pending}))
        for name, items in answer.items.items():
            for item in items:
                yield name, item
        pending = answer.left
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
    request = requests.partition(base.Meta.table_name, pk, between=between, limit=limit)
    for items in answers("Query", request, decoding.page):
        yield [decoding.item(item) for item in items]


def scan(
    table: str, *, after: RawItem | None = None, limit: int | None = None, when: Condition | None = None
) -> Iterator[list[RawItem]]:
    """All items of a table behind one with this key, page by page, of so many items at most."""
    request: Request = {"TableName": table, "ConsistentRead": True}
    if limit is not None:
        request["Limit"] = limit
    if after is not None:
        request["ExclusiveStartKey"] = after
    if when is not None:
        request |= requests.filtered(when)
    for items in answers("Scan", request, decoding.page):
        yield [decoding.item(item) for item in items]


def answers(
    operation: str, request: Request, decode: Callable[[bytes], Items[_Item]]
) -> Iterator[list[_Item]]:
    """The pages of a Query or a Scan that hold anything; the next is only asked for when one was dealt with."""
    while True:
        page = decode(call("dynamodb", operation, request))
        if page.items:
            yield page.items
        if page.last is None:
            return
        request = {**request, "ExclusiveStartKey": page.last}


def delete(base: type[Record], items: list[RawItem]) -> None:
    """Delete these items outright, 25 to a call."""
    name = base.Meta.table_name
    for first in range(0, len(items), MOST_DELETED_TOGETHER):
        deletions: list[dict[str, object]] = [
            {"DeleteRequest": {"Key": {part: item[part] for part in ("pk", "sk") if part in item}}}
            for item in items[first : first + MOST_DELETED_TOGETHER]
        ]
        _delete_together(name, deletions)


def _delete_together(name: str, deletions: list[dict[str, object]]) -> None:
    for turn in range(_TRIES):
        answer = msgspec.json.decode(call("dynamodb", "BatchWriteItem", {"RequestItems": {name: deletions}}))
        deletions = (answer.get("UnprocessedItems") or {}).get(name, [])
        if not deletions:
            return
        clock.sleep(0.05 * 2**turn)
    raise Unavailable
