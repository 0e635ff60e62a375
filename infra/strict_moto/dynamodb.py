"""DynamoDB's data operations, straight from the request to moto's handlers: half the time of moto's own way in."""

import base64
import itertools
import json
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.models import DynamoDBBackend, dynamodb_backends
from moto.dynamodb.responses import DynamoHandler

from . import reads, trace
from .faults import Answer
from .transactions import Tokens, charge_for_repeat
from .validations import check_batch_write, decode, refusal

Params = dict[str, Any]

METHODS = {
    "GetItem": "get_item",
    "PutItem": "put_item",
    "UpdateItem": "update_item",
    "DeleteItem": "delete_item",
    "Query": "query",
    "Scan": "scan",
    "BatchGetItem": "batch_get_item",
    "BatchWriteItem": "batch_write_item",
    "TransactGetItems": "transact_get_items",
    "TransactWriteItems": "transact_write_items",
}


def _check_batch_write(backend: DynamoDBBackend, params: Params) -> None:
    requests = params["RequestItems"]
    check_batch_write({name: backend.get_table(name) for name in requests}, requests)


BEFORE: dict[str, Callable[[DynamoDBBackend, Params], None]] = {
    "GetItem": reads.charge_for_get,
    "BatchGetItem": reads.charge_for_batch_get,
    "TransactGetItems": reads.charge_for_transact_get,
    "BatchWriteItem": _check_batch_write,
}

# They would change items where they lie, past everything here.
NOT_PLAYED = {"ExecuteStatement", "ExecuteTransaction", "BatchExecuteStatement"}

_request_numbers = itertools.count(1)


def operation_of(request: AWSPreparedRequest) -> str | None:
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return None
    text = target.decode() if isinstance(target, bytes) else target
    name = text.rpartition("DynamoDB_20120810.")[2]
    if name in NOT_PLAYED:
        raise NotImplementedError(f"DynamoDB's {name} is not played here")
    return name if name in METHODS else None


def answer(operation: str, request: AWSPreparedRequest, tokens: Tokens) -> Answer:
    headers = {"content-type": "application/x-amz-json-1.0", "x-amzn-requestid": f"LOCAL{next(_request_numbers):047d}"}
    try:
        result = _perform(operation, decode(request.body), _region(request), tokens)
    except JsonRESTError as error:
        return error.code, headers, error.description
    except KeyError as missing:
        return 400, headers, _undefined(missing).description
    return 200, headers, json.dumps(result, default=_binary)


def _undefined(missing: KeyError) -> JsonRESTError:
    """moto stumbles over a placeholder that an expression uses and nobody defined."""
    name = str(missing.args[0])
    if not name.startswith(("#", ":")):
        raise missing
    kind = "name" if name.startswith("#") else "value"
    return refusal(f"An expression attribute {kind} used in expression is not defined; attribute {kind}: {name}")


def _perform(operation: str, params: Params, region: str, tokens: Tokens) -> Params:
    handler = DynamoHandler()
    handler.current_account, handler.region = DEFAULT_ACCOUNT_ID, region
    handler.body = handler.params = params
    backend = dynamodb_backends[DEFAULT_ACCOUNT_ID][region]
    token = params.get("ClientRequestToken")
    if token and tokens.is_done(region + token, params):
        charge_for_repeat(backend, params)
        return _with_capacity(operation, params, {})
    if operation in BEFORE:
        BEFORE[operation](backend, params)
    result = getattr(handler, METHODS[operation])().result
    if token:
        tokens.remember(region + token, params)
    return _with_capacity(operation, params, result)


def _with_capacity(operation: str, params: Params, result: Params) -> Params:
    """moto's figures are made up; ours are those of the trace."""
    for made_up in ("ConsumedCapacity", "ConsumedCapacityUnits"):
        result.pop(made_up, None)
    if params.get("ReturnConsumedCapacity", "NONE") == "NONE":
        return result
    consumed = [
        {"TableName": table, "CapacityUnits": read + written, "Table": {"CapacityUnits": read + written}}
        for table, (read, written) in trace.current().units_by_table.items()
    ]
    many = operation.startswith(("Batch", "Transact"))
    return {**result, "ConsumedCapacity": consumed if many else consumed[0]}


def _region(request: AWSPreparedRequest) -> str:
    """From the signature's scope: the host is whatever endpoint was configured."""
    authorization = request.headers["Authorization"]
    text = authorization.decode() if isinstance(authorization, bytes) else authorization
    return str(text.split("/")[2])


def _binary(value: Any) -> str:
    return base64.b64encode(value).decode()
