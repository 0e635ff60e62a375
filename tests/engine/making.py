"""Making tables and looking at them. What is said of TTL and backups is kept and told again; nothing is reaped."""

from __future__ import annotations

import itertools
from typing import Any

from tests.engine.refusals import Refusal, invalid
from tests.engine.requests import Json, Operation, Request, operation
from tests.engine.tables import Stream, Table

_labels = itertools.count(1)


def _create_table(request: Request) -> Json:
    asked, name = request.asked, request.asked["TableName"]
    if name in request.tables:
        raise Refusal("ResourceInUseException", f"Table already exists: {name}")
    kinds = {one["AttributeName"]: one["AttributeType"] for one in asked["AttributeDefinitions"]}
    schema = [(one["AttributeName"], one["KeyType"]) for one in asked["KeySchema"]]
    if [role for _, role in schema] not in (["HASH"], ["HASH", "RANGE"]):
        raise invalid("Invalid KeySchema: the first is HASH, the second RANGE")
    if {key for key, _ in schema} != set(kinds):
        raise invalid("One or more parameter values were invalid: Some AttributeDefinitions are not used")
    table = Table(name, [(key, kinds[key]) for key, _ in schema], _stream(request, name))
    request.tables[name] = table
    return {"TableDescription": _described(request, table)}


def _stream(request: Request, name: str) -> Stream | None:
    wanted = request.asked.get("StreamSpecification") or {}
    if not wanted.get("StreamEnabled"):
        return None
    return Stream(f"{_arn(request, name)}/stream/{next(_labels):06d}", wanted["StreamViewType"])


def _describe_table(request: Request) -> Json:
    return {"Table": _described(request, request.table())}


def _delete_table(request: Request) -> Json:
    table = request.table()
    del request.tables[table.name]
    return {"TableDescription": {**_described(request, table), "TableStatus": "DELETING"}}


def _list_tables(request: Request) -> Json:
    names = sorted(name for name in request.tables if name > request.asked.get("ExclusiveStartTableName", ""))
    limit = request.asked.get("Limit", 100)
    return {"TableNames": names[:limit]} | ({"LastEvaluatedTableName": names[limit - 1]} if len(names) > limit else {})


def _described(request: Request, table: Table) -> Json:
    told: Json = {
        "TableName": table.name,
        "TableArn": _arn(request, table.name),
        "TableStatus": "ACTIVE",
        "ItemCount": table.count,
        "KeySchema": [
            {"AttributeName": name, "KeyType": role}
            for (name, _), role in zip(table.keys, ("HASH", "RANGE"), strict=False)
        ],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": kind} for name, kind in table.keys],
        "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"},
    }
    if table.stream is not None:
        told["LatestStreamArn"] = table.stream.arn
        told["LatestStreamLabel"] = table.stream.arn.rpartition("/")[2]
        told["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": table.stream.view}
    return told


def _update_time_to_live(request: Request) -> Json:
    specification = request.asked["TimeToLiveSpecification"]
    request.table().told["TimeToLive"] = specification
    return {"TimeToLiveSpecification": specification}


def _describe_time_to_live(request: Request) -> Json:
    told = request.table().told.get("TimeToLive", {"Enabled": False})
    if not told["Enabled"]:
        return {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}
    return {"TimeToLiveDescription": {"TimeToLiveStatus": "ENABLED", "AttributeName": told["AttributeName"]}}


def _update_continuous_backups(request: Request) -> Json:
    request.table().told["Recovery"] = request.asked["PointInTimeRecoverySpecification"]
    return _describe_continuous_backups(request)


def _describe_continuous_backups(request: Request) -> Json:
    told: dict[str, Any] = request.table().told.get("Recovery", {"PointInTimeRecoveryEnabled": False})
    status = "ENABLED" if told["PointInTimeRecoveryEnabled"] else "DISABLED"
    recovery = {"PointInTimeRecoveryStatus": status}
    if "RecoveryPeriodInDays" in told:
        recovery["RecoveryPeriodInDays"] = told["RecoveryPeriodInDays"]
    described = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
    return {"ContinuousBackupsDescription": described}


def _arn(request: Request, name: str) -> str:
    return f"arn:aws:dynamodb:{request.where}:table/{name}"


_FURNISHED = "BillingMode ProvisionedThroughput StreamSpecification SSESpecification"
OPERATIONS: dict[str, Operation] = {
    "CreateTable": operation(_create_table, "TableName KeySchema AttributeDefinitions", _FURNISHED),
    "DescribeTable": operation(_describe_table, "TableName"),
    "DeleteTable": operation(_delete_table, "TableName"),
    "ListTables": operation(_list_tables, "", "Limit ExclusiveStartTableName"),
    "UpdateTimeToLive": operation(_update_time_to_live, "TableName TimeToLiveSpecification"),
    "DescribeTimeToLive": operation(_describe_time_to_live, "TableName"),
    "UpdateContinuousBackups": operation(_update_continuous_backups, "TableName PointInTimeRecoverySpecification"),
    "DescribeContinuousBackups": operation(_describe_continuous_backups, "TableName"),
}
