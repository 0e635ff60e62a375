"""Requests in the form of DynamoDB's API, of records and of PynamoDB's expressions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pynamodb.expressions.update import Action, Update

from chalicelib.store.keys import RawItem

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition

    from chalicelib.store.records import Record

Request = dict[str, Any]
# The item that makes a condition fail comes back with the refusal.
_ALL_OLD = "ALL_OLD"


def put(record: Record, when: Condition | None) -> Request:
    return _request(record, {"Item": record.serialize()}, when, ())


def update(record: Record, actions: tuple[Action, ...], when: Condition | None) -> Request:
    return _request(record, {"Key": record.own_key.raw()}, when, actions)


def of_key(record: Record, when: Condition | None) -> Request:
    """A deletion, or a check of a condition."""
    return _request(record, {"Key": record.own_key.raw()}, when, ())


def put_if_absent(table: str, item: RawItem) -> Request:
    return {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}


def partition(
    table: str, pk: str, *, between: tuple[str, str] | None, limit: int | None, newest_first: bool = False
) -> Request:
    """A consistent Query of a partition, or of its sort keys `between` these."""
    condition, values = "pk = :pk", {":pk": {"S": pk}}
    if between is not None:
        condition += " AND sk BETWEEN :low AND :high"
        values |= {":low": {"S": between[0]}, ":high": {"S": between[1]}}
    request: Request = {
        "TableName": table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": values,
        "ConsistentRead": True,
    }
    if limit is not None:
        request["Limit"] = limit
    if newest_first:
        request["ScanIndexForward"] = False
    return request


def filtered(condition: Condition) -> Request:
    """The part of a Scan that says which items are wanted."""
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    return {"FilterExpression": condition.serialize(names, values)} | _placeholders(names, values)


def _request(record: Record, what: Request, when: Condition | None, actions: tuple[Action, ...]) -> Request:
    names: dict[str, str] = {}
    values: dict[str, Any] = {}
    request = {"TableName": type(record).Meta.table_name, **what, "ReturnValuesOnConditionCheckFailure": _ALL_OLD}
    if when is not None:
        request["ConditionExpression"] = when.serialize(names, values)
    if actions:
        request["UpdateExpression"] = Update(*actions).serialize(names, values)
    return request | _placeholders(names, values)


def _placeholders(names: dict[str, str], values: dict[str, Any]) -> Request:
    found: Request = {}
    if names:
        found["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if values:
        found["ExpressionAttributeValues"] = values
    return found
