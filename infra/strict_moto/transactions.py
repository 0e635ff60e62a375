"""TransactWriteItems as one step: every condition first, then every write, or none and the reasons why."""

import json
import time
from dataclasses import dataclass
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.dynamodb.exceptions import (
    AttributeDoesNotExist,
    ConditionalCheckFailed,
    IncorrectDataType,
    InvalidUpdateExpressionInvalidDocumentPath,
    ItemSizeToUpdateTooLarge,
    MultipleTransactionsException,
    TooManyTransactionsException,
    TransactionCanceledException,
    TransactWriteSingleOpException,
)
from moto.dynamodb.models import DynamoDBBackend

from . import trace
from .sizes import LARGEST_TRANSACTION, item_bytes, read_units
from .validations import check_result, refusal
from .writes import Change, Condition, apply, charge, deleting, looking, putting, update

TOKEN_SECONDS = 10 * 60

# What depends on the item that is there becomes a reason of the cancellation; what is wrong in itself refuses it all.
_FOUND_WRONG = (
    AttributeDoesNotExist,
    IncorrectDataType,
    InvalidUpdateExpressionInvalidDocumentPath,
    ItemSizeToUpdateTooLarge,
)

Reason = tuple[str | None, str | None, dict[str, Any] | None]
FINE: Reason = (None, None, None)


@dataclass(slots=True)
class Step:
    verb: str
    action: dict[str, Any]
    change: Change

    def evaluate(self) -> Reason:
        old = self.change.old
        tell_old = self.action.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD"
        names = self.action.get("ExpressionAttributeNames") or {}
        values = self.action.get("ExpressionAttributeValues") or {}
        try:
            Condition(self.action.get("ConditionExpression"), names, values).require(old)
            if self.verb == "Update":
                update(self.change, self.action["Key"], self.action["UpdateExpression"], names, values, None)
        except ConditionalCheckFailed as failure:
            seen = old.to_json()["Attributes"] if tell_old and old else None
            return "ConditionalCheckFailed", str(failure.message), seen
        except _FOUND_WRONG as failure:
            return "ValidationError", str(failure.message), None
        return FINE


def transact_write_items(self: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """In the place of moto's: that one copies whole tables, and puts the copies back over what others wrote."""
    if not transact_items:
        raise refusal("1 validation error detected: Value at 'transactItems' must have length at least 1")
    if len(transact_items) > 100:
        raise TooManyTransactionsException()
    steps = [_step(self, entry) for entry in transact_items]
    if len({step.change.target for step in steps}) < len(steps):
        raise MultipleTransactionsException()
    reasons = [step.evaluate() for step in steps]
    changes = [step.change for step in steps]
    if sum(max(item_bytes(change.old), item_bytes(change.new)) for change in changes) > LARGEST_TRANSACTION:
        raise refusal("The aggregate size of the items in the transaction cannot exceed 4 MB")
    cancelled = any(reason is not FINE for reason in reasons)
    for change in changes:
        charge(change, 2, failed=cancelled)
    if cancelled:
        raise TransactionCanceledException(reasons)
    for change in changes:
        apply(change)


def _step(backend: DynamoDBBackend, entry: dict[str, Any]) -> Step:
    if len(entry) != 1:
        raise TransactWriteSingleOpException()
    verb, action = next(iter(entry.items()))
    table = backend.get_table(action["TableName"])
    if verb == "Put":
        change = putting(table, action["Item"])
        assert change.new is not None
        check_result(table, change.new, updated=False)
    elif verb == "Delete":
        change = deleting(table, action["Key"])
    elif verb in ("Update", "ConditionCheck"):
        change = looking(table, action["Key"])
    else:
        raise refusal(f"TransactItems cannot contain {verb}")
    return Step(verb, action, change)


class IdempotentParameterMismatch(JsonRESTError):
    def __init__(self) -> None:
        super().__init__(
            "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",
            "The provided token was already used with different request parameters",
        )


class Tokens:
    """The request tokens of the transactions that were done in the last ten minutes, and what they asked for."""

    def __init__(self) -> None:
        self._done: dict[str, tuple[float, str]] = {}

    def is_done(self, token: str, params: dict[str, Any]) -> bool:
        until, parameters = self._done.get(token, (0.0, ""))
        if until <= time.time():
            return False
        if parameters != _canonical(params):
            raise IdempotentParameterMismatch
        return True

    def remember(self, token: str, params: dict[str, Any]) -> None:
        now = time.time()
        self._done = {known: entry for known, entry in self._done.items() if entry[0] > now}
        self._done[token] = (now + TOKEN_SECONDS, _canonical(params))

    def copy(self) -> dict[str, tuple[float, str]]:
        return dict(self._done)

    def restore(self, done: dict[str, tuple[float, str]]) -> None:
        self._done = dict(done)


def charge_for_repeat(backend: DynamoDBBackend, params: dict[str, Any]) -> None:
    """The second time a transaction is required under its token, its items are only read."""
    for entry in params["TransactItems"]:
        action = next(iter(entry.values()))
        table = backend.get_table(action["TableName"])
        key = action.get("Key") or {name: action["Item"][name] for name in table.table_key_attrs}
        found = looking(table, key).old
        trace.current().has_read(table.name, 2 * read_units(item_bytes(found), consistent=True))


def _canonical(params: dict[str, Any]) -> str:
    """How the answer shall be reported (ReturnConsumedCapacity) is not part of what was asked."""
    parameters = {name: value for name, value in params.items() if not name.startswith("Return")}
    return json.dumps(parameters, sort_keys=True, default=lambda binary: binary.hex())
