"""The shape of a request to DynamoDB: it tells what its cost can grow with, however much there is of it today."""

from __future__ import annotations

import math
import re

from infra.strict_moto import Call

BY_KEYS, A_PAGE, A_RANGE, A_TABLE = "by keys", "a page", "a range", "a table"
# Each finds whole items by their keys, of which it can name a hundred.
_KEYED = {
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem", "BatchWriteItem", "TransactGetItems",
    "TransactWriteItems",
}  # fmt: skip
_OF_A_PARTITION = re.compile(r"pk = :pk( AND sk BETWEEN :low AND :high)?")
_LARGEST_PAGE = 1002


def shape_of(call: Call) -> str:
    """What it looks at: its keys, at most so many items of a partition, or all that lie between two sort keys of one;
    anything else may look at a table. Of what kind a page or a range is stands behind it."""
    if call.operation in _KEYED:
        return BY_KEYS
    condition = call.params.get("KeyConditionExpression", "")
    if call.operation != "Query" or not _OF_A_PARTITION.fullmatch(condition) or "IndexName" in call.params:
        return A_TABLE
    is_page = call.params.get("Limit", math.inf) <= _LARGEST_PAGE
    return f"{A_PAGE if is_page else A_RANGE} of {_kind_of(call)}"


def _kind_of(query: Call) -> str:
    """By the first words of its keys."""
    values = query.params["ExpressionAttributeValues"]
    keys = [values[":pk"]["S"], values.get(":low", {"S": ""})["S"]]
    return "/".join(key.partition("#")[0] for key in keys)
