"""What DynamoDB and S3 answer is read as botocore reads it, only with less ado."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import JSONParser, ResponseParserFactory, RestXMLParser

from chalicelib.aws import clients, s3
from chalicelib.aws.clients import client, session
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.bench.recorded import replies
from tests.conftest import Home
from tests.routes import all_routes, request_for
from tests.store.things import Thing

ITEM: dict[str, Any] = {
    "text": {"S": "żółw"},
    "nothing": {"S": ""},
    "number": {"N": "-12.50"},
    "bytes": {"B": "AAEC/w=="},
    "no bytes": {"B": ""},
    "true": {"BOOL": True},
    "null": {"NULL": True},
    "texts": {"SS": ["a", "b"]},
    "numbers": {"NS": ["1", "2.5"]},
    "many bytes": {"BS": ["AA==", "/w=="]},
    "list": {"L": [{"S": "a"}, {"B": "AA=="}, {"L": [{"BS": ["AQ=="]}]}, {"M": {}}]},
    "empty list": {"L": []},
    "map": {"M": {"B": {"B": "AA=="}, "BS": {"BS": ["AA=="]}, "S": {"S": "B"}, "deep": {"M": {"B": {"S": "AA=="}}}}},
    # Attributes that are called as types are.
    "B": {"S": "text"},
    "BS": {"L": [{"S": "text"}]},
    "L": {"B": "AA=="},
}
KEY = {"pk": {"B": "AA=="}, "sk": {"N": "1"}}
CANCELLED = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed", "Item": ITEM},
    ],
}
REFUSED = {
    "__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",
    "message": "The conditional request failed",
    "Item": ITEM,
}
BUSY = {"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "Slow down"}
CAPACITY = {"TableName": "Items", "CapacityUnits": 0.5, "Table": {"CapacityUnits": 0.5}}

ANSWERS: list[tuple[str, int, Any]] = [
    ("GetItem", 200, {"Item": ITEM}),
    ("GetItem", 200, {"Item": ITEM, "ConsumedCapacity": CAPACITY}),
    ("GetItem", 200, {}),
    ("GetItem", 200, {"Item": {}}),
    ("Query", 200, {"Items": [ITEM, {}, ITEM], "Count": 3, "ScannedCount": 4, "LastEvaluatedKey": KEY}),
    ("Query", 200, {"Items": [], "Count": 0, "ScannedCount": 0}),
    ("BatchGetItem", 200, {"Responses": {"Items": [ITEM], "BS-": []}, "UnprocessedKeys": {}}),
    (
        "BatchGetItem",
        200,
        {
            "Responses": {},
            "UnprocessedKeys": {
                "Items": {"Keys": [KEY], "ConsistentRead": True, "ExpressionAttributeNames": {"#B": "B"}}
            },
            "ConsumedCapacity": [CAPACITY],
        },
    ),
    ("PutItem", 200, {"Attributes": ITEM}),
    ("UpdateItem", 200, {"Attributes": ITEM}),
    ("DeleteItem", 200, {}),
    ("BatchWriteItem", 200, {"UnprocessedItems": {"Items": [{"DeleteRequest": {"Key": KEY}}]}}),
    ("TransactWriteItems", 200, {}),
    ("TransactWriteItems", 400, CANCELLED),
    ("PutItem", 400, REFUSED),
    ("UpdateItem", 400, REFUSED),
    ("Query", 400, BUSY),
    ("GetItem", 500, {"__type": "InternalServerError", "message": "Internal error"}),
]


def read_by(parser: JSONParser, operation: str, status: int, headers: dict[str, str], body: bytes) -> Any:
    """The answer as a caller gets it; for a refusal, with the fields that its error is described to have."""
    service = client("dynamodb").meta.service_model
    told = {"status_code": status, "headers": headers, "body": body, "context": {"operation_name": operation}}
    read = parser.parse(told, service.operation_model(operation).output_shape)
    shape = service.shape_for_error_code(read["Error"]["Code"]) if status >= 300 else None
    return read if shape is None else {**read, **parser.parse(told, shape)}


def both(operation: str, status: int, headers: dict[str, str], body: bytes) -> tuple[Any, Any]:
    ours = session().get_component("response_parser_factory").create_parser("json")
    assert type(ours) is not JSONParser
    return tuple(read_by(parser, operation, status, headers, body) for parser in (ours, JSONParser()))  # type: ignore[return-value]


@pytest.mark.parametrize(("operation", "status", "said"), ANSWERS)
def test_every_form_of_answer_is_read_as_botocore_reads_it(
    world: LocalCloud, operation: str, status: int, said: Any
) -> None:
    ours, theirs = both(operation, status, {"x-amzn-RequestId": "R1"}, json.dumps(said).encode())
    assert ours == theirs
    assert ours["ResponseMetadata"]["HTTPStatusCode"] == status


@pytest.mark.parametrize(("status", "body"), [(503, b"<html><b>Unavailable</b></html>"), (500, b""), (400, b"?")])
def test_what_is_no_json_is_refused_as_botocore_refuses_it(world: LocalCloud, status: int, body: bytes) -> None:
    ours, theirs = both("Query", status, {}, body)
    assert ours == theirs


def test_everything_that_any_door_is_answered_is_read_as_botocore_reads_it(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]
) -> None:
    snapshot, copy = _home
    seen = set()
    for route in all_routes():
        one_cloud.restore(snapshot)
        home = copy()
        with replies() as heard:
            request_for(route, home).send(home)
            home.world.settle()
        for operation, reply in heard:
            if operation in client("dynamodb").meta.service_model.operation_names:
                ours, theirs = both(operation, *reply)
                assert ours == theirs, operation
                seen.add(operation)
    assert {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "TransactWriteItems"} <= seen


def test_other_services_are_read_by_botocore(world: LocalCloud) -> None:
    key_id = client("kms").create_key()["KeyMetadata"]["KeyId"]
    made = client("kms").generate_data_key(KeyId=key_id, KeySpec="AES_256")
    assert isinstance(made["Plaintext"], bytes) and len(made["Plaintext"]) == 32
    factory = session().get_component("response_parser_factory")
    assert type(factory.create_parser("query")) is type(ResponseParserFactory().create_parser("query"))


def test_listings_are_read_as_botocore_reads_them_but_for_what_nobody_asks(world: LocalCloud) -> None:
    keys = ["a/1", "a/ü&<>", "a/b/2", " c+d%20"]
    for key in keys:
        client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=b"12", ContentType="text/plain")
    for asked in ({}, {"Delimiter": "/"}, {"MaxKeys": 2}, {"Prefix": "nothing"}):
        ours = client("s3").list_objects_v2(Bucket=settings.media_bucket, **asked)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(clients._XMLParser, "_handle_structure", RestXMLParser._handle_structure)
            theirs = client("s3").list_objects_v2(Bucket=settings.media_bucket, **asked)
        asked_for = [
            {name: one[name] for name in ("Key", "Size", "LastModified", "ETag")} for one in theirs.get("Contents", ())
        ]
        assert ours.get("Contents", []) == asked_for
        assert _around(ours) == _around(theirs)
    assert [one.key for one in s3.below("")] == sorted(keys)
    assert all(one.modified_at.tzinfo is UTC and one.size_bytes == 2 for one in s3.below(""))


def _around(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("Contents", "ResponseMetadata")}


def test_a_garbled_answer_is_no_empty_one(world: LocalCloud) -> None:
    # botocore would make "there is nothing" of it, and whoever asked would decide on that.
    with pytest.raises(ValueError):
        both("GetItem", 200, {}, b'{"Item": {"pk": {"S": "ac')


def test_a_failed_condition_brings_the_item_that_stood_in_the_way_with_its_bytes(world: LocalCloud) -> None:
    item = {**_nobody()["Key"], "blob": {"B": b"\x00\xff"}}
    table = _nobody()["TableName"]
    client("dynamodb").put_item(TableName=table, Item=item)
    again = {
        "TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip
    with pytest.raises(ClientError) as alone:
        client("dynamodb").put_item(**again)
    assert alone.value.response["Item"]["blob"] == {"B": b"\x00\xff"}
    with pytest.raises(ClientError) as together:
        client("dynamodb").transact_write_items(TransactItems=[{"Put": again}])
    (reason,) = together.value.response["CancellationReasons"]
    assert (reason["Code"], reason["Item"]["blob"]) == ("ConditionalCheckFailed", {"B": b"\x00\xff"})


def _nobody() -> dict[str, Any]:
    where = Thing.key("nobody", "here")
    return {"TableName": Thing.Meta.table_name, "Key": where.raw(), "ConsistentRead": True}
