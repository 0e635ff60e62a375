"""What DynamoDB says when it does not do what it was asked."""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError

from tests.engine.items import as_json


class Refusal(Exception):
    """A 400 with DynamoDB's word for it; `told` is what the answer says beside its message."""

    def __init__(self, kind: str, message: str, **told: Any) -> None:
        super().__init__(message)
        self.kind, self.told = kind, told

    def body(self) -> str:
        return as_json({"__type": f"com.amazonaws.dynamodb.v20120810#{self.kind}", "message": str(self), **self.told})


def invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)


def condition_failed(item: dict[str, Any] | None) -> Refusal:
    """The item is told where it was asked for."""
    told = {"Item": item} if item else {}
    return Refusal("ConditionalCheckFailedException", "The conditional request failed", **told)


def cancelled(reasons: list[dict[str, Any]]) -> Refusal:
    codes = ", ".join(reason["Code"] for reason in reasons)
    message = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{codes}]"
    return Refusal("TransactionCanceledException", message, Message=message, CancellationReasons=reasons)


def not_found(what: str) -> Refusal:
    return Refusal("ResourceNotFoundException", f"Requested resource not found: {what}")


def of_the_layer(error: JsonRESTError) -> Refusal:
    """What the strict layer's own code refuses with."""
    return Refusal(error.error_type.rpartition("#")[2], str(json.loads(error.description)["message"]))
