"""Every call is seen once, with what it was asked, what became of it, and what DynamoDB would have charged."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.dynamo_type import DynamoType, Item

from .. import StrictAWS, sizes
from .scene import ON_MOTO, REGION, Thing, client, key, make_table


def text_of(kilobytes: float) -> dict[str, str]:
    """So much that the whole item of key("a") weighs exactly that."""
    bare = len("pk") + 1 + len("sk") + 1 + len("text")
    return {"S": "x" * (int(kilobytes * 1024) - bare)}


def test_the_capacity_told_is_that_of_the_items(strict_or_bare: Any) -> None:
    dynamodb = make_table()
    item = {**key("a"), "text": text_of(9.5)}
    written = dynamodb.put_item(TableName="Things", Item=item, ReturnConsumedCapacity="TOTAL")
    read = dynamodb.get_item(TableName="Things", Key=key("a"), ConsistentRead=True, ReturnConsumedCapacity="TOTAL")
    assert written["ConsumedCapacity"] == {"TableName": "Things", "CapacityUnits": 10, "Table": {"CapacityUnits": 10}}
    assert read["ConsumedCapacity"]["CapacityUnits"] == 3


def test_every_call_is_traced_with_its_parameters_and_error(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    strict_aws.trace.clear()
    dynamodb.put_item(TableName="Things", Item=key("a"))
    with pytest.raises(ClientError):
        dynamodb.delete_item(TableName="Things", Key=key("a"), ConditionExpression="attribute_not_exists(pk)")
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket="bucket", Key="k", Body=b"1")
    client("sqs").create_queue(QueueName="q")
    assert strict_aws.trace.names() == [
        "dynamodb.PutItem",
        "dynamodb.DeleteItem",
        "s3.CreateBucket",
        "s3.PutObject",
        "sqs.CreateQueue",
    ]
    put, refused, _, stored, _ = strict_aws.trace
    assert put.params == {"TableName": "Things", "Item": key("a")} and put.error is None
    assert refused.error == "ConditionalCheckFailedException"
    assert stored.params["Key"] == "k" and stored.units == 0


def test_what_the_sdk_refuses_by_itself_was_never_a_call(strict_aws: StrictAWS) -> None:
    with pytest.raises(Exception, match="Parameter validation"):
        client("dynamodb").get_item(TableName="Things")
    assert strict_aws.trace.calls == []


def test_calls_of_the_world_outside_are_not_the_programs(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    strict_aws.trace.clear()
    with strict_aws.outside():
        dynamodb.put_item(TableName="Things", Item=key("a"))
    assert strict_aws.trace.calls == []


@pytest.mark.parametrize(
    ("kilobytes", "consistent", "units"),
    [(0.1, False, 0.5), (0.1, True, 1), (4, True, 1), (4.01, True, 2), (4.01, False, 1), (9, False, 1.5)],
)
def test_a_read_costs_its_size_in_steps_of_four_kilobytes(
    strict_aws: StrictAWS, kilobytes: float, consistent: bool, units: float
) -> None:
    dynamodb = make_table()
    dynamodb.put_item(TableName="Things", Item={**key("a"), "text": text_of(kilobytes)})
    strict_aws.trace.clear()
    dynamodb.get_item(TableName="Things", Key=key("a"), ConsistentRead=consistent)
    assert [(call.read_units, call.write_units) for call in strict_aws.trace] == [(units, 0)]


def test_a_read_of_nothing_costs_a_unit_too(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    strict_aws.trace.clear()
    dynamodb.get_item(TableName="Things", Key=key("none"))
    dynamodb.get_item(TableName="Things", Key=key("none"), ConsistentRead=True)
    question = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "none"}}}
    dynamodb.query(TableName="Things", **question)
    assert [call.read_units for call in strict_aws.trace] == [0.5, 1, 0.5]


def test_a_write_costs_the_larger_of_before_and_after(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    strict_aws.trace.clear()
    dynamodb.put_item(TableName="Things", Item={**key("a"), "text": text_of(1)})
    dynamodb.put_item(TableName="Things", Item={**key("a"), "text": text_of(2.5)})
    dynamodb.update_item(
        TableName="Things", Key=key("a"), UpdateExpression="REMOVE #t", ExpressionAttributeNames={"#t": "text"}
    )
    dynamodb.delete_item(TableName="Things", Key=key("a"))
    dynamodb.delete_item(TableName="Things", Key=key("a"))
    assert [call.write_units for call in strict_aws.trace] == [1, 3, 3, 1, 1]


@ON_MOTO
def test_a_refused_write_costs_what_is_there(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    dynamodb.put_item(TableName="Things", Item={**key("a"), "text": text_of(3)})
    strict_aws.trace.clear()
    with pytest.raises(ClientError):
        dynamodb.put_item(TableName="Things", Item=key("a"), ConditionExpression="attribute_not_exists(pk)")
    assert strict_aws.trace.calls[0].write_units == 3


def test_a_query_costs_the_sum_of_what_it_looks_at_even_if_a_filter_hides_it(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    for number in range(10):
        dynamodb.put_item(TableName="Things", Item={**key("a", str(number)), "text": text_of(1)})
    dynamodb.put_item(TableName="Things", Item={**key("b"), "text": text_of(100)})
    strict_aws.trace.clear()
    found = dynamodb.query(
        TableName="Things",
        KeyConditionExpression="pk = :pk",
        FilterExpression="sk = :last",
        ExpressionAttributeValues={":pk": {"S": "a"}, ":last": {"S": "9"}},
        ConsistentRead=True,
    )
    assert (found["Count"], found["ScannedCount"]) == (1, 10)
    assert strict_aws.trace.calls[0].read_units == 3  # 10 KB


def test_a_batch_rounds_each_item_and_a_transaction_costs_double(strict_aws: StrictAWS) -> None:
    dynamodb = make_table()
    strict_aws.trace.clear()
    things = [{**key("a", str(number)), "text": text_of(1.5)} for number in range(3)]
    dynamodb.batch_write_item(RequestItems={"Things": [{"PutRequest": {"Item": item}} for item in things]})
    dynamodb.batch_get_item(RequestItems={"Things": {"Keys": [key("a", "0"), key("a", "1"), key("a", "none")]}})
    dynamodb.transact_get_items(TransactItems=[{"Get": {"TableName": "Things", "Key": key("a", "0")}}])
    check = {"TableName": "Things", "Key": key("a", "0"), "ConditionExpression": "attribute_exists(pk)"}
    put = {"TableName": "Things", "Item": {**key("a", "9"), "text": text_of(1.5)}}
    dynamodb.transact_write_items(TransactItems=[{"ConditionCheck": check}, {"Put": put}])
    assert [(call.read_units, call.write_units) for call in strict_aws.trace] == [(0, 6), (1.5, 0), (2, 0), (0, 8)]


@ON_MOTO
def test_an_index_is_written_when_its_view_of_the_item_moves(strict_aws: StrictAWS) -> None:
    names = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "colour")]
    index = {
        "IndexName": "by_colour",
        "KeySchema": [{"AttributeName": "colour", "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "KEYS_ONLY"},
    }
    client("dynamodb").create_table(
        TableName="Things",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=names,
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
    )
    strict_aws.trace.clear()
    for colour, note in [(None, "a"), ("red", "a"), ("red", "b"), ("blue", "b"), (None, "b")]:
        item = {"pk": {"S": "1"}, "note": {"S": note}, **({"colour": {"S": colour}} if colour else {})}
        client("dynamodb").put_item(TableName="Things", Item=item)
    assert [call.write_units for call in strict_aws.trace] == [1, 2, 1, 3, 2]


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "ä"}, 2),
        ({"N": "0"}, 1),
        ({"N": "100"}, 2),
        ({"N": "-12345"}, 5),
        ({"N": "1" * 38}, 20),
        ({"B": b"1234"}, 4),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["a", "bc"]}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 3 + 2 + 3),
        ({"M": {"ab": {"S": "c"}}}, 3 + 1 + 2 + 1),
    ],
)
def test_an_attribute_weighs_what_dynamodb_says(value: dict[str, Any], size: int) -> None:
    item = Item(DynamoType({"S": "k"}), None, {"pk": {"S": "k"}, "a": value})
    assert sizes.item_bytes(item) == len("pk") + 1 + len("a") + size


def test_pynamodb_is_seen_the_same_way(strict_aws: StrictAWS) -> None:
    make_table()
    strict_aws.trace.clear()
    Thing("a", "0", text="x" * 5000, hits=3).save()
    assert Thing.get("a", "0", consistent_read=True).hits == 3
    assert len(list(Thing.query("a"))) == 1
    assert [(call.operation, call.units) for call in strict_aws.trace] == [("PutItem", 5), ("GetItem", 2), ("Query", 1)]
