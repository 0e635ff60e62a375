"""Writing: each write is worked out first, its condition looked at, and then done in one step, alone or with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from infra.strict_moto.sizes import LARGEST_ITEM, LARGEST_TRANSACTION, attributes_bytes
from tests.engine.items import Item
from tests.engine.language import Call, Change, Language
from tests.engine.meaning import holds, projected, updated
from tests.engine.reads import refuse_twins
from tests.engine.refusals import Refusal, cancelled, condition_failed, invalid
from tests.engine.requests import EXPRESSIONS, Json, Operation, Request, check_names, operation
from tests.engine.tables import Table

_CONDITION = f"ConditionExpression {' '.join(EXPRESSIONS)} ReturnValuesOnConditionCheckFailure"
_OF_UPDATES = ("ALL_NEW", "UPDATED_OLD", "UPDATED_NEW")
_NEEDS = {
    "Put": frozenset({"TableName", "Item"}),
    "Update": frozenset({"TableName", "Key", "UpdateExpression"}),
    "Delete": frozenset({"TableName", "Key"}),
    "ConditionCheck": frozenset({"TableName", "Key", "ConditionExpression"}),
}


@dataclass
class Write:
    """All that can be known of it without looking at the item."""

    verb: str
    table: Table
    key: Item
    item: Item | None
    changes: list[Change]
    condition: Call | None
    tells_old: bool

    def old(self) -> Item | None:
        return self.table.get(self.key)

    def worked_out(self) -> Item | None:
        """The item as it would be. Raises what stands in the way."""
        old = self.old()
        if self.condition is not None and not holds(self.condition, old or {}):
            raise condition_failed(old if self.tells_old else None)
        if self.verb == "ConditionCheck":
            return old
        new = updated(old or self.key, self.changes) if self.verb == "Update" else self.item
        _check_size(new or {}, "to update ")
        return new


def _check_size(item: Item, when: str = "") -> None:
    if attributes_bytes(item) > LARGEST_ITEM:
        raise invalid(f"Item size {when}has exceeded the maximum allowed size")


def _prepared(request: Request, verb: str, asked: Json) -> Write:
    table = request.table(asked["TableName"])
    language = Language(asked.get("ExpressionAttributeNames"), asked.get("ExpressionAttributeValues"))
    text, change = asked.get("ConditionExpression"), asked.get("UpdateExpression")
    condition = language.condition(text) if text is not None else None
    changes = language.update(change) if change is not None else []
    language.end()
    for one in changes:
        if one.path.steps[0] in dict(table.keys):
            wrong = f"Cannot update attribute {one.path.steps[0]}. This attribute is part of the key"
            raise invalid(f"One or more parameter values were invalid: {wrong}")
    item = asked.get("Item")
    if item is not None:
        table.check_item(item)
        _check_size(item)
    else:
        table.check_key(asked["Key"])
    tells_old = asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
    return Write(verb, table, table.key_of(item) if item else asked["Key"], item, changes, condition, tells_old)


def _alone(verb: str, request: Request) -> Json:
    write = _prepared(request, verb, request.asked)
    wanted = request.asked.get("ReturnValues", "NONE")
    if wanted not in ("NONE", "ALL_OLD", *(_OF_UPDATES if verb == "Update" else ())):
        raise invalid(f"Return values set to invalid value: {wanted}")
    old = write.old()
    try:
        new = write.worked_out()
    except Refusal:
        # A refused write costs what the item that is there weighs.
        request.bill.writes(write.table.name, old, old)
        raise
    request.bill.writes(write.table.name, old, new)
    write.table.change(write.key, new)
    told = _returned(write, wanted, old, new)
    return {"Attributes": told} if told else {}


def _returned(write: Write, wanted: str, old: Item | None, new: Item | None) -> Item | None:
    if wanted == "NONE":
        return None
    whole = old if wanted.endswith("OLD") else new
    if wanted.startswith("ALL") or whole is None:
        return whole
    return projected(whole, [change.path for change in write.changes])


def _batch_write_item(request: Request) -> Json:
    wanted = request.asked["RequestItems"]
    if sum(map(len, wanted.values())) > 25:
        raise invalid("Too many items requested for the BatchWriteItem call")
    if not wanted or not all(wanted.values()):
        raise invalid("The batch write request list for a table cannot be null or empty")
    writes: list[Write] = []
    for name, entries in wanted.items():
        of_table = [_prepared(request, *_entry(name, entry)) for entry in entries]
        refuse_twins([write.key for write in of_table])
        writes += of_table
    for write in writes:
        new = write.worked_out()
        request.bill.writes(write.table.name, write.old(), new)
        write.table.change(write.key, new)
    return {"UnprocessedItems": {}}


def _entry(name: str, entry: Json) -> tuple[str, Json]:
    ((verb, asked),) = entry.items()
    return verb.removesuffix("Request"), {"TableName": name, **asked}


def _transact_write_items(request: Request) -> Json:
    entries = request.asked["TransactItems"]
    if not 1 <= len(entries) <= 100:
        raise invalid("Member must have length less than or equal to 100")
    writes = [_step(request, entry) for entry in entries]
    targets = {(write.table.name, *write.table.where(write.key)) for write in writes}
    if len(targets) < len(writes):
        raise invalid("Transaction request cannot include multiple operations on one item")
    outcomes = [_outcome(write) for write in writes]
    refused = any(reason["Code"] != "None" for reason, _ in outcomes)
    pairs = [(write, write.old() if refused else new) for write, (_, new) in zip(writes, outcomes, strict=True)]
    weights = [max(attributes_bytes(one or {}) for one in (write.old(), new)) for write, new in pairs]
    if sum(weights) > LARGEST_TRANSACTION:
        raise invalid("The aggregate size of the items in the transaction cannot exceed 4 MB")
    for write, new in pairs:
        request.bill.writes(write.table.name, write.old(), new, times=2)
    if refused:
        raise cancelled([reason for reason, _ in outcomes])
    for write, new in pairs:
        if write.verb != "ConditionCheck":
            write.table.change(write.key, new)
    return {}


def _step(request: Request, entry: Json) -> Write:
    if len(entry) != 1 or not entry.keys() <= _NEEDS.keys():
        raise invalid("TransactItems can only contain one of Check, Put, Update or Delete")
    ((verb, asked),) = entry.items()
    check_names(asked, _NEEDS[verb], frozenset(_CONDITION.split()))
    return _prepared(request, verb, asked)


def _outcome(write: Write) -> tuple[dict[str, Any], Item | None]:
    try:
        return {"Code": "None"}, write.worked_out()
    except Refusal as refusal:
        failed = refusal.kind == "ConditionalCheckFailedException"
        code = "ConditionalCheckFailed" if failed else "ValidationError"
        return {"Code": code, "Message": str(refusal), **refusal.told}, None


def repeat(request: Request) -> None:
    """The second time a transaction is asked for under its token, its items are only read."""
    for entry in request.asked["TransactItems"]:
        write = _step(request, entry)
        request.bill.reads(write.table.name, attributes_bytes(write.old() or {}), True, times=2)


OPERATIONS: dict[str, Operation] = {
    "PutItem": operation(lambda request: _alone("Put", request), "TableName Item", f"{_CONDITION} ReturnValues"),
    "UpdateItem": operation(
        lambda request: _alone("Update", request), "TableName Key", f"{_CONDITION} ReturnValues UpdateExpression"
    ),
    "DeleteItem": operation(lambda request: _alone("Delete", request), "TableName Key", f"{_CONDITION} ReturnValues"),
    "BatchWriteItem": operation(_batch_write_item, "RequestItems"),
    "TransactWriteItems": operation(_transact_write_items, "TransactItems", "ClientRequestToken"),
}
