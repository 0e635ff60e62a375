"""Reading: by key, by partition, or, at the cost of the whole table, by Scan."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from infra.strict_moto.sizes import attributes_bytes
from tests.engine.items import Item, is_same, kind_of, ordered
from tests.engine.language import Call, Constant, Language, Path
from tests.engine.meaning import holds, projected
from tests.engine.refusals import invalid
from tests.engine.requests import Json, Operation, Request, operation
from tests.engine.tables import Range, Table

PAGE_BYTES = 1024 * 1024
BATCH_BYTES = 16 * 1024 * 1024

_RANGES: dict[str, Callable[..., Range]] = {
    "=": lambda value: Range(low=value, high=value),
    "<": lambda value: Range(high=value, with_high=False),
    "<=": lambda value: Range(high=value),
    ">": lambda value: Range(low=value, with_low=False),
    ">=": lambda value: Range(low=value),
    "BETWEEN": lambda low, high: Range(low=low, high=high),
    "begins_with": lambda start: Range(start=start),
}


def _get_item(request: Request) -> Json:
    asked = request.asked
    return _got(request, request.table(), asked, asked["Key"], consistent=bool(asked.get("ConsistentRead")))


def _got(request: Request, table: Table, asked: Json, key: Item, *, consistent: bool, times: int = 1) -> Json:
    language = Language(asked.get("ExpressionAttributeNames"), None)
    paths = language.projection(asked["ProjectionExpression"]) if "ProjectionExpression" in asked else None
    language.end()
    table.check_key(key)
    found = table.get(key)
    request.bill.reads(table.name, attributes_bytes(found or {}), consistent, times)
    return {} if found is None else {"Item": found if paths is None else projected(found, paths)}


def _batch_get_item(request: Request) -> Json:
    wanted = request.asked["RequestItems"]
    if sum(len(one["Keys"]) for one in wanted.values()) > 100:
        raise invalid("Too many items requested for the BatchGetItem call")
    answer: Json = {"Responses": {name: [] for name in wanted}, "UnprocessedKeys": {}}
    size = 0
    for name, asked in wanted.items():
        refuse_twins(asked["Keys"])
        for place, key in enumerate(asked["Keys"]):
            consistent = bool(asked.get("ConsistentRead"))
            found = _got(request, request.table(name), asked, key, consistent=consistent).get("Item")
            size += attributes_bytes(found or {})
            if size > BATCH_BYTES:
                answer["UnprocessedKeys"][name] = {**asked, "Keys": asked["Keys"][place:]}
                break
            answer["Responses"][name] += [found] if found else []
    return answer


def refuse_twins(keys: list[Item]) -> None:
    if any(is_same({"M": key}, {"M": other}) for place, key in enumerate(keys) for other in keys[:place]):
        raise invalid("Provided list of item keys contains duplicates")


def _transact_get_items(request: Request) -> Json:
    wanted = [one["Get"] for one in request.asked["TransactItems"]]
    if not 1 <= len(wanted) <= 100:
        raise invalid("Member must have length less than or equal to 100")
    return {
        "Responses": [
            _got(request, request.table(one["TableName"]), one, one["Key"], consistent=True, times=2) for one in wanted
        ]
    }


def _query(request: Request) -> Json:
    table, asked = request.table(), request.asked
    language = Language(asked.get("ExpressionAttributeNames"), asked.get("ExpressionAttributeValues"))
    condition = language.condition(asked["KeyConditionExpression"], "KeyConditionExpression")
    hashed, within = _sought(table, condition)
    forward, after = bool(asked.get("ScanIndexForward", True)), asked.get("ExclusiveStartKey")
    return _page(request, table, language, table.of_partition(hashed, within, after, forward))


def _scan(request: Request) -> Json:
    table, asked = request.table(), request.asked
    language = Language(asked.get("ExpressionAttributeNames"), asked.get("ExpressionAttributeValues"))
    return _page(request, table, language, table.all(asked.get("ExclusiveStartKey")))


def _page(request: Request, table: Table, language: Language, items: Iterator[Item]) -> Json:
    """What is looked at is charged for, before the filter hides some of it."""
    asked = request.asked
    text, shown = asked.get("FilterExpression"), asked.get("ProjectionExpression")
    condition = language.condition(text, "FilterExpression") if text is not None else None
    paths = language.projection(shown) if shown is not None else None
    language.end()
    if "ExclusiveStartKey" in asked:
        table.check_key(asked["ExclusiveStartKey"])
    looked_at, size, last = _looked_at(items, asked.get("Limit"))
    request.bill.reads(table.name, size, bool(asked.get("ConsistentRead")))
    found = [item for item in looked_at if condition is None or holds(condition, item)]
    answer: Json = {"Count": len(found), "ScannedCount": len(looked_at)}
    if asked.get("Select") != "COUNT":
        answer["Items"] = found if paths is None else [projected(item, paths) for item in found]
    return answer if last is None else {**answer, "LastEvaluatedKey": table.key_of(last)}


def _looked_at(items: Iterator[Item], limit: int | None) -> tuple[list[Item], int, Item | None]:
    """At most a megabyte; who stops at the limit does not know whether anything follows."""
    if limit is not None and limit < 1:
        raise invalid("Limit must be greater than or equal to 1")
    found: list[Item] = []
    size = 0
    for item in items:
        weight = attributes_bytes(item)
        if found and size + weight > PAGE_BYTES:
            return found, size, found[-1]
        found.append(item)
        size += weight
        if len(found) == limit:
            return found, size, item
    return found, size, None


def _sought(table: Table, condition: Call) -> tuple[Any, Range]:
    """The partition that is equal to a value, and the sort keys within it."""
    by_name: dict[str, Call] = {}
    for one in _conjuncts(condition):
        name, kind = _of_key(table, one)
        if name in by_name or not all(isinstance(other, Constant) for other in one.operands[1:]):
            raise invalid("KeyConditionExpressions must only contain one condition per key")
        if any(kind_of(other.value) != kind for other in one.operands[1:]):
            wrong = "Condition parameter type does not match schema type"
            raise invalid(f"One or more parameter values were invalid: {wrong}")
        by_name[name] = one
    (partition, _), *_ = table.keys
    if partition not in by_name or by_name[partition].name != "=":
        raise invalid(f"Query condition missed key schema element: {partition}")
    hashed = ordered(by_name.pop(partition).operands[1].value)
    return hashed, _range(*by_name.values()) if by_name else Range()


def _conjuncts(condition: Call) -> Iterator[Call]:
    if condition.name != "AND":
        yield condition
        return
    for one in condition.operands:
        yield from _conjuncts(one)


def _of_key(table: Table, condition: Call) -> tuple[str, str]:
    kinds = dict(table.keys)
    first = condition.operands[0]
    if condition.name not in _RANGES:
        raise invalid("Invalid operator used in KeyConditionExpression")
    if not isinstance(first, Path) or len(first.steps) != 1 or first.steps[0] not in kinds:
        raise invalid("Query key condition not supported")
    return str(first.steps[0]), kinds[str(first.steps[0])]


def _range(condition: Call) -> Range:
    values = [ordered(one.value) for one in condition.operands[1:]]
    if condition.name == "BETWEEN" and values[0] > values[1]:
        raise invalid(
            "Invalid KeyConditionExpression: The BETWEEN operator requires upper bound to be greater than or equal to "
            "lower bound"
        )
    return _RANGES[condition.name](*values)


_SHOWN = "ProjectionExpression ExpressionAttributeNames ConsistentRead"
_PAGED = f"{_SHOWN} ExpressionAttributeValues FilterExpression Limit ExclusiveStartKey Select"
OPERATIONS: dict[str, Operation] = {
    "GetItem": operation(_get_item, "TableName Key", _SHOWN),
    "BatchGetItem": operation(_batch_get_item, "RequestItems"),
    "TransactGetItems": operation(_transact_get_items, "TransactItems"),
    "Query": operation(_query, "TableName KeyConditionExpression", f"{_PAGED} ScanIndexForward"),
    "Scan": operation(_scan, "TableName", _PAGED),
}
