"""What DynamoDB refuses and moto lets through."""

import functools
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from .. import StrictAWS
from .scene import ON_MOTO, REGION, client, key, make_table, read, stream_records

A = key("a")


def puts(*items: dict[str, Any]) -> dict[str, Any]:
    return {"RequestItems": {"Things": [{"PutRequest": {"Item": item}} for item in items]}}


LENIENT: dict[str, tuple[str, dict[str, Any]]] = {
    "26 writes in a batch": ("batch_write_item", puts(*(key(str(number)) for number in range(26)))),
    "one item twice in a batch": ("batch_write_item", puts(A, {**A, "x": {"S": "y"}})),
    "39 digits": ("put_item", {"Item": {**A, "n": {"N": "1" * 39}}}),
    "a string twice in a set": ("put_item", {"Item": {**A, "s": {"SS": ["x", "y", "x"]}}}),
    "a number twice in a set": ("put_item", {"Item": {**A, "s": {"NS": ["1", "1.0"]}}}),
    "a twin inside a map": ("put_item", {"Item": {**A, "m": {"M": {"s": {"SS": ["x", "x"]}}}}}),
    "a twin in an update": (
        "update_item",
        {"Key": A, "UpdateExpression": "SET s = :s", "ExpressionAttributeValues": {":s": {"SS": ["x", "x"]}}},
    ),
    "an empty key value in a delete": ("delete_item", {"Key": key("")}),
    "an empty key value in an update": ("update_item", {"Key": key("a", ""), "UpdateExpression": "REMOVE x"}),
    "a key of the wrong type in a delete": ("delete_item", {"Key": {"pk": {"N": "1"}, "sk": {"S": "0"}}}),
}

REFUSED_BY_BOTH: dict[str, tuple[str, dict[str, Any]]] = {
    "101 keys in a batch": (
        "batch_get_item",
        {"RequestItems": {"Things": {"Keys": [key(str(n)) for n in range(101)]}}},
    ),
    "an item over 400 KB": ("put_item", {"Item": {**A, "x": {"S": "x" * 409_600}}}),
    "an empty hash key": ("put_item", {"Item": key("")}),
    "an empty range key": ("put_item", {"Item": key("a", "")}),
    "an empty set": ("put_item", {"Item": {**A, "s": {"SS": []}}}),
    "half a key": ("get_item", {"Key": {"pk": {"S": "a"}}}),
    "an extra key attribute": ("get_item", {"Key": {**A, "x": {"S": "y"}}}),
    "words for a number": ("put_item", {"Item": {**A, "n": {"N": "many"}}}),
    "infinity": ("put_item", {"Item": {**A, "n": {"N": "Infinity"}}}),
    "a reserved word": ("update_item", {"Key": A, "UpdateExpression": "REMOVE name"}),
}


def make_indexed_table() -> None:
    client("dynamodb").create_table(
        TableName="Things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk", "colour")],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_colour",
                "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def require_refusal(operation: str, params: dict[str, Any]) -> None:
    if not operation.startswith("batch"):
        params = {"TableName": "Things", **params}
    with pytest.raises(ClientError) as caught:
        getattr(client("dynamodb"), operation)(**params)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("case", LENIENT)
def test_moto_lets_through_what_dynamodb_refuses(strict_or_bare: Any, case: str) -> None:
    make_table()
    require_refusal(*LENIENT[case])


@ON_MOTO
def test_a_key_of_an_index_is_of_its_type(strict_or_bare: Any) -> None:
    make_indexed_table()
    require_refusal("put_item", {"Item": {**A, "colour": {"N": "1"}}})


@pytest.mark.parametrize("case", REFUSED_BY_BOTH)
def test_what_moto_refuses_is_still_refused(strict_aws: StrictAWS, case: str) -> None:
    make_table()
    require_refusal(*REFUSED_BY_BOTH[case])


def test_the_limits_themselves_are_allowed(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    dynamodb.batch_write_item(**puts(*(key(str(number)) for number in range(25))))
    dynamodb.batch_get_item(RequestItems={"Things": {"Keys": [key(str(number)) for number in range(100)]}})
    dynamodb.put_item(TableName="Things", Item={**A, "n": {"N": "1" * 38}, "z": {"N": "1" + "0" * 60}})
    full = {**A, "x": {"S": "x" * (409_600 - len("pk") - 1 - len("sk") - 1 - len("x"))}}
    dynamodb.put_item(TableName="Things", Item=full)
    assert read("a") == full


def test_every_kind_of_value_comes_back_as_it_was(strict_aws: StrictAWS) -> None:
    make_table()
    item = {
        **A,
        "b": {"B": b"\x00\xff"},
        "bs": {"BS": [b"\x01", b"\x02"]},
        "ss": {"SS": ["x", "y"]},
        "ns": {"NS": ["1", "2"]},
        "n": {"N": "-1.5"},
        "t": {"BOOL": True},
        "o": {"NULL": True},
        "l": {"L": [{"S": "ä"}, {"B": b"\x03"}]},
        "m": {"M": {"B": {"S": "a map's own attribute named like a type"}, "deep": {"M": {"S": {"N": "1"}}}}},
    }
    client("dynamodb").put_item(TableName="Things", Item=item)
    assert read("a") == item
    found = client("dynamodb").query(
        TableName="Things", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}
    )
    assert found["Items"] == [item]


def test_an_update_that_creates_is_told_of_once(strict_or_bare: Any) -> None:
    make_table(stream=True)
    client("dynamodb").update_item(
        TableName="Things",
        Key=A,
        UpdateExpression="SET x = :x",
        ExpressionAttributeValues={":x": {"S": "1"}},
    )
    records = stream_records()
    assert [record["eventName"] for record in records] == ["INSERT"]
    assert records[0]["dynamodb"]["NewImage"] == {**A, "x": {"S": "1"}}


def test_a_refused_update_leaves_nothing_behind(strict_or_bare: Any) -> None:
    make_table()
    grow = {"UpdateExpression": "SET x = :x, y = :x", "ExpressionAttributeValues": {":x": {"S": "x" * 300_000}}}
    with pytest.raises(ClientError):
        client("dynamodb").update_item(TableName="Things", Key=A, **grow)
    assert read("a") is None


NEITHER_MAP_NOR_LIST: list[dict[str, Any]] = [{"S": "x"}, {"N": "1"}, {"BOOL": True}, {"NULL": True}, {"SS": ["x"]}]


@ON_MOTO  # MiniStack lets some of it pass
@pytest.mark.parametrize("value", [*NEITHER_MAP_NOR_LIST, {"L": [{"S": "x"}]}])
def test_a_path_leads_through_maps(strict_or_bare: Any, value: dict[str, Any]) -> None:
    make_table().put_item(TableName="Things", Item={**A, "t": value})
    with pytest.raises(ClientError, match="document path"):
        change_below("SET t.#in = :v", {":v": {"S": "new"}})
    assert read("a") == {**A, "t": value}


@ON_MOTO
@pytest.mark.parametrize("value", [*NEITHER_MAP_NOR_LIST, {"M": {"in": {"S": "x"}}}])
def test_a_place_in_a_list_is_of_a_list(strict_aws: StrictAWS, value: dict[str, Any]) -> None:
    make_table().put_item(TableName="Things", Item={**A, "t": value})
    for expression, values in (("SET t[0] = :v", {":v": {"S": "new"}}), ("REMOVE t[0]", {})):
        with pytest.raises(ClientError, match="document path"):
            change_below(expression, values)
    assert read("a") == {**A, "t": value}
    if "M" not in value:
        with pytest.raises(ClientError, match="document path"):
            change_below("REMOVE t.#in", {})


def change_below(expression: str, values: dict[str, Any]) -> None:
    names = {"ExpressionAttributeNames": {"#in": "in"}} if "#in" in expression else {}
    given = {"ExpressionAttributeValues": values} if values else {}
    client("dynamodb").update_item(TableName="Things", Key=A, UpdateExpression=expression, **names, **given)


def test_a_write_that_changes_nothing_is_not_told_of(strict_or_bare: Any) -> None:
    dynamodb = make_table(stream=True)
    for _ in range(2):
        dynamodb.put_item(TableName="Things", Item={**A, "n": {"N": "1"}})
    assert len(stream_records()) == 1


def test_a_full_last_page_has_a_next_one(strict_or_bare: Any) -> None:
    """DynamoDB stops at the limit without looking whether anything follows."""
    dynamodb = make_table()
    dynamodb.put_item(TableName="Things", Item=A)
    question = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "a"}}}
    page = dynamodb.query(TableName="Things", Limit=1, **question)
    assert page.get("LastEvaluatedKey") == A
    page = dynamodb.query(TableName="Things", Limit=1, ExclusiveStartKey=page["LastEvaluatedKey"], **question)
    assert page["Items"] == [] and "LastEvaluatedKey" not in page


def test_pages_backwards_and_filters_come_out_right(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    for number in range(10):
        dynamodb.put_item(TableName="Things", Item={**key("a", str(number)), "even": {"BOOL": number % 2 == 0}})
    dynamodb.put_item(TableName="Things", Item=key("b", "5"))
    found, start = [], {}
    while True:
        page = dynamodb.query(
            TableName="Things",
            KeyConditionExpression="pk = :pk AND sk > :from",
            FilterExpression="even = :yes",
            ProjectionExpression="sk",
            ExpressionAttributeValues={":pk": {"S": "a"}, ":from": {"S": "1"}, ":yes": {"BOOL": True}},
            ScanIndexForward=False,
            Limit=3,
            **start,
        )
        found += [item["sk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert found == ["8", "6", "4", "2"]


@ON_MOTO
def test_a_table_in_another_region_is_another_table(strict_aws: StrictAWS) -> None:
    make_table()
    elsewhere = boto3.client("dynamodb", region_name="us-east-1")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        elsewhere.get_item(TableName="Things", Key=A)


def test_a_stream_is_found_at_the_accounts_own_address(strict_or_bare: Any) -> None:
    make_table(stream=True)
    streams = boto3.client("dynamodbstreams", region_name=REGION)
    arn = streams.list_streams(TableName="Things")["Streams"][0]["StreamArn"]
    try:
        assert streams.describe_stream(StreamArn=arn)["StreamDescription"]["TableName"] == "Things"
    except ClientError as error:
        pytest.fail(str(error))


def test_two_names_for_one_value_are_two_values(strict_or_bare: Any) -> None:
    make_table()
    change = functools.partial(client("dynamodb").update_item, TableName="Things", Key=A)
    value = {":v": {"M": {"x": {"S": "old"}}}}
    change(UpdateExpression="SET a = :v", ExpressionAttributeValues=value)
    change(UpdateExpression="SET b = a")
    change(UpdateExpression="SET a.x = :v", ExpressionAttributeValues={":v": {"S": "new"}})
    assert read("a") == {**A, "a": {"M": {"x": {"S": "new"}}}, "b": value[":v"]}


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("1.0", "1"),
        ("007", "7"),
        ("+5", "5"),
        ("-0.50", "-0.5"),
        ("1E+3", "1000"),
        ("1e-3", "0.001"),
        ("0.00", "0"),
        ("100", "100"),
    ],
)
def test_numbers_come_back_as_dynamodb_writes_them(strict_aws: StrictAWS, given: str, kept: str) -> None:
    make_table()
    client("dynamodb").put_item(TableName="Things", Item={**A, "n": {"N": given}, "s": {"NS": [given]}})
    assert read("a") == {**A, "n": {"N": kept}, "s": {"NS": [kept]}}


@ON_MOTO
def test_a_table_restored_to_a_point_in_time_is_a_table_like_any_other(strict_aws: StrictAWS) -> None:
    dynamodb = make_table(stream=True)
    dynamodb.put_item(TableName="Things", Item={**A, "x": {"S": "old"}})
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName="Things", PointInTimeRecoverySpecification=recovery)
    dynamodb.restore_table_to_point_in_time(
        SourceTableName="Things", TargetTableName="Restored", UseLatestRestorableTime=True
    )
    snapshot = strict_aws.snapshot()
    change = {"UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": "new"}}}
    dynamodb.update_item(TableName="Restored", Key=A, **change)
    assert read("a") == {**A, "x": {"S": "old"}}
    strict_aws.restore(snapshot)
    assert read("a", table="Restored") == {**A, "x": {"S": "old"}}
