"""Each operation does what DynamoDB's does, costs what it costs, and refuses what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from infra.strict_moto.tests.scene import steps_of
from tests.engine.asking import Asking, Refused, key
from tests.engine.items import Item

KB = 1024
OF_A = {"KeyConditionExpression": "pk = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}


def refused(kind: str = "ValidationException", because: str = "") -> Any:
    return pytest.raises(Refused, check=lambda refusal: refusal.kind == kind and because in str(refusal))


def of_size(size: int, sk: str = "1") -> Item:
    """An item that weighs so much."""
    item = {**key(sk), "x": {"S": ""}}
    item["x"]["S"] = "x" * (size - len("pkaskx") - len(sk))
    return item


def places(answer: dict[str, Any]) -> list[str]:
    return [item["sk"].get("S") or item["sk"]["N"] for item in answer["Items"]]


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("pk = :a", ["a1", "a2", "b1", "b2", "c"]),
        ("pk = :a AND sk = :b1", ["b1"]),
        ("pk = :a AND sk < :b1", ["a1", "a2"]),
        ("pk = :a AND sk <= :b1", ["a1", "a2", "b1"]),
        ("pk = :a AND sk > :b1", ["b2", "c"]),
        ("pk = :a AND sk >= :b1", ["b1", "b2", "c"]),
        ("(pk = :a AND sk BETWEEN :a AND :b1)", ["a1", "a2", "b1"]),
        ("begins_with(sk, :b) AND pk = :a", ["b1", "b2"]),
        ("pk = :b1", []),
    ],
)
@pytest.mark.parametrize("forward", [True, False])
def test_a_query_finds_a_range_of_a_partition(asking: Asking, condition: str, found: list[str], forward: bool) -> None:
    for sk in ("b2", "a1", "c", "a2", "b1"):
        asking.put(sk)
        asking.put(sk, pk="other")
    values = {
        name: {"S": name[1:]}
        for name in (":a", ":b", ":b1")
        if f"{name} " in f"{condition.replace(')', ' ').replace(',', ' ')} "
    }
    answer = asking.Query(
        KeyConditionExpression=condition, ExpressionAttributeValues=values, ScanIndexForward=forward, Limit=50
    )
    assert places(answer) == (found if forward else found[::-1])
    assert answer["Count"] == answer["ScannedCount"] == len(found)


def test_numbers_are_sorted_as_numbers() -> None:
    asking = Asking()
    asking.table(sort="N")
    for number in ("10", "9", "-1.5", "1e1"):
        asking.PutItem(Item={"pk": {"S": "a"}, "sk": {"N": number}})
    assert places(asking.Query(**OF_A)) == ["-1.5", "9", "10"]


@pytest.mark.parametrize("forward", [True, False])
def test_pages_follow_each_other_and_a_full_last_page_has_a_next_one(asking: Asking, forward: bool) -> None:
    for sk in "abcd":
        asking.put(sk)
    pages, start = [], {}
    while True:
        answer = asking.Query(**OF_A, Limit=2, ScanIndexForward=forward, **start)
        pages.append(places(answer))
        if "LastEvaluatedKey" not in answer:
            break
        start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}
    assert pages == ([["a", "b"], ["c", "d"], []] if forward else [["d", "c"], ["b", "a"], []])


def test_a_page_is_of_a_megabyte_at_most(asking: Asking) -> None:
    for sk in "abcd":
        asking.PutItem(Item=of_size(350 * KB, sk))
    first = asking.Query(**OF_A)
    assert (places(first), first["LastEvaluatedKey"]) == (["a", "b"], key("b"))
    assert places(asking.Query(**OF_A, ExclusiveStartKey=key("b"))) == ["c", "d"]


def test_what_a_filter_hides_is_paid_for(asking: Asking) -> None:
    for sk in "abcd":
        asking.PutItem(Item=of_size(3 * KB, sk))
    values = {":a": {"S": "a"}, ":x": {"S": "y"}}
    answer = asking.Query(
        KeyConditionExpression="pk = :a", FilterExpression="x = :x", ExpressionAttributeValues=values,
        ReturnConsumedCapacity="TOTAL",
    )  # fmt: skip
    assert (answer["Items"], answer["Count"], answer["ScannedCount"]) == ([], 0, 4)
    assert answer["ConsumedCapacity"]["CapacityUnits"] == 1.5


def test_a_projection_a_count(asking: Asking) -> None:
    asking.put("1", n={"N": "1"})
    assert asking.Query(**OF_A, ProjectionExpression="n")["Items"] == [{"n": {"N": "1"}}]
    assert asking.GetItem(Key=key("1"), ProjectionExpression="n")["Item"] == {"n": {"N": "1"}}
    counted = asking.Query(**OF_A, Select="COUNT")
    assert (counted["Count"], "Items" in counted) == (1, False)


@pytest.mark.parametrize(
    ("condition", "because"),
    [
        ("sk = :a", "missed key schema element: pk"),
        ("pk < :a", "missed key schema element: pk"),
        ("pk = :a AND n = :a", "not supported"),
        ("pk = :a AND pk = :a", "one condition per key"),
        ("pk = :a AND sk <> :a", "Invalid operator"),
        ("pk = :a OR sk = :a", "Invalid operator"),
        ("pk = :a AND contains(sk, :a)", "Invalid operator"),
        ("pk = sk AND sk = :a", "one condition per key"),
        ("pk.deep = :a", "not supported"),
        ("pk = :a AND sk = :n", "does not match schema type"),
        ("pk = :a AND sk BETWEEN :b AND :a", "upper bound"),
    ],
)
def test_no_key_condition(asking: Asking, condition: str, because: str) -> None:
    given = {":a": {"S": "a"}, ":b": {"S": "b"}, ":n": {"N": "1"}}
    values = {name: value for name, value in given.items() if name in condition}
    with refused(because=because):
        asking.Query(KeyConditionExpression=condition, ExpressionAttributeValues=values)


def test_a_scan_sees_everything_page_by_page(asking: Asking) -> None:
    wanted = {(pk, sk) for pk in "xyz" for sk in "123"}
    for pk, sk in wanted:
        asking.put(sk, pk)
    seen, start = [], {}
    while True:
        page = asking.Scan(Limit=2, **start)
        seen += [(item["pk"]["S"], item["sk"]["S"]) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
    assert (set(seen), len(seen)) == (wanted, 9)


def test_a_batch_of_reads_goes_over_tables(asking: Asking) -> None:
    asking.table("U", sort=None)
    asking.put("1")
    asking.PutItem(TableName="U", Item={"pk": {"S": "u"}})
    wanted = {"T": {"Keys": [key("1"), key("2")]}, "U": {"Keys": [{"pk": {"S": "u"}}], "ConsistentRead": True}}
    answer = asking.BatchGetItem(RequestItems=wanted, ReturnConsumedCapacity="TOTAL")
    assert answer["Responses"] == {"T": [key("1")], "U": [{"pk": {"S": "u"}}]}
    assert {one["TableName"]: one["CapacityUnits"] for one in answer["ConsumedCapacity"]} == {"T": 1.0, "U": 1.0}


def test_what_is_too_much_for_one_answer_is_named(asking: Asking) -> None:
    keys = [key(f"{n:02d}") for n in range(50)]
    for one in keys:
        asking.PutItem(Item=of_size(390 * KB, one["sk"]["S"]))
    answer = asking.BatchGetItem(RequestItems={"T": {"Keys": keys}})
    left = answer["UnprocessedKeys"]["T"]["Keys"]
    assert len(answer["Responses"]["T"]) == 16 * KB // 390
    assert keys == [{name: item[name] for name in ("pk", "sk")} for item in answer["Responses"]["T"]] + left


def test_a_batch_of_reads_is_limited(asking: Asking) -> None:
    with refused(because="Too many items"):
        asking.BatchGetItem(RequestItems={"T": {"Keys": [key(str(n)) for n in range(101)]}})
    with refused(because="duplicates"):
        asking.BatchGetItem(RequestItems={"T": {"Keys": [key("1"), key("1")]}})


def test_a_transaction_of_reads_is_paid_twice(asking: Asking) -> None:
    asking.PutItem(Item=of_size(5 * KB))
    wanted = [{"Get": {"TableName": "T", "Key": key(sk)}} for sk in "12"]
    answer = asking.TransactGetItems(TransactItems=wanted, ReturnConsumedCapacity="TOTAL")
    assert [one.get("Item", {}).get("sk") for one in answer["Responses"]] == [{"S": "1"}, None]
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 2 * (2 + 1)
    with refused(because="less than or equal to 100"):
        asking.TransactGetItems(TransactItems=wanted * 51)


@pytest.mark.parametrize(("size", "consistent", "units"), [(4096, True, 1), (4097, True, 2), (4097, False, 1)])
def test_a_read_is_paid_by_four_kilobytes(asking: Asking, size: int, consistent: bool, units: float) -> None:
    asking.PutItem(Item=of_size(size))
    answer = asking.GetItem(Key=key("1"), ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units


def test_a_query_takes_no_longer_for_what_others_have(asking: Asking) -> None:
    def steps() -> int:
        return steps_of(lambda: asking.Query(**OF_A))

    asking.put("1")
    asking.Query(**OF_A)
    alone = steps()
    for n in range(5000):
        asking.engine.tables["T"].load({"pk": {"S": f"other{n}"}, "sk": {"S": "1"}})
    assert steps() == alone
    for n in range(5000):
        asking.engine.tables["T"].load({"pk": {"S": "a"}, "sk": {"S": f"later{n}"}})
    asking.Query(**OF_A, Limit=1)
    within = {"KeyConditionExpression": "pk = :a AND sk < :b"}
    values = {"ExpressionAttributeValues": {":a": {"S": "a"}, ":b": {"S": "2"}}}
    assert steps_of(lambda: asking.Query(**within, **values)) < alone + 100


# ── Writing ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_condition_that_fails_changes_nothing_and_shows_what_is_there(asking: Asking) -> None:
    asking.put("1", n={"N": "1"})
    failing = {
        "ConditionExpression": "n = :two", "ExpressionAttributeValues": {":two": {"N": "2"}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip
    there = {**key("1"), "n": {"N": "1"}}
    for ask, asked in (
        (asking.PutItem, {"Item": key("1")}),
        (asking.DeleteItem, {"Key": key("1")}),
        (asking.UpdateItem, {"Key": key("1"), "UpdateExpression": "REMOVE n"}),
    ):
        with refused("ConditionalCheckFailedException") as refusal:
            ask(**asked, **failing)
        assert refusal.value.told["Item"] == there
        assert asking.found("1") == there
    del failing["ReturnValuesOnConditionCheckFailure"]
    with refused("ConditionalCheckFailedException") as refusal:
        asking.DeleteItem(Key=key("1"), **failing)
    assert "Item" not in refusal.value.told


def test_an_update_makes_what_is_not_there(asking: Asking) -> None:
    asking.UpdateItem(Key=key("1"), UpdateExpression="ADD n :one", ExpressionAttributeValues={":one": {"N": "1"}})
    assert asking.found("1") == {**key("1"), "n": {"N": "1"}}
    asking.UpdateItem(Key=key("2"))
    assert asking.found("2") == key("2")


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ("NONE", None),
        ("ALL_OLD", {**key("1"), "n": {"N": "1"}, "o": {"N": "5"}}),
        ("ALL_NEW", {**key("1"), "n": {"N": "2"}, "o": {"N": "5"}}),
        ("UPDATED_OLD", {"n": {"N": "1"}}),
        ("UPDATED_NEW", {"n": {"N": "2"}}),
    ],
)
def test_an_update_tells_what_it_is_asked_to(asking: Asking, wanted: str, told: Item | None) -> None:
    asking.put("1", n={"N": "1"}, o={"N": "5"})
    one = {":one": {"N": "1"}}
    answer = asking.UpdateItem(
        Key=key("1"), UpdateExpression="SET n = n + :one", ExpressionAttributeValues=one, ReturnValues=wanted
    )
    assert answer.get("Attributes") == told


def test_puts_and_deletes_tell_only_the_old(asking: Asking) -> None:
    asking.put("1", n={"N": "1"})
    assert asking.PutItem(Item=key("1"), ReturnValues="ALL_OLD")["Attributes"]["n"] == {"N": "1"}
    assert asking.DeleteItem(Key=key("1"), ReturnValues="ALL_OLD")["Attributes"] == key("1")
    assert asking.DeleteItem(Key=key("1"), ReturnValues="ALL_OLD") == {}
    with refused(because="Return values"):
        asking.PutItem(Item=key("1"), ReturnValues="ALL_NEW")
    assert asking.found("1") is None


@pytest.mark.parametrize(
    ("item", "because"),
    [
        ({"pk": {"S": "a"}}, "Missing the key sk"),
        ({"pk": {"S": "a"}, "sk": {"N": "1"}}, "Type mismatch"),
        ({"pk": {"S": "a"}, "sk": {"S": ""}}, "empty string"),
        ({"pk": {"S": "a"}, "sk": {"S": "x" * 1025}}, "1024 bytes"),
        ({"pk": {"S": "a" * 2049}, "sk": {"S": "x"}}, "2048 bytes"),
        (of_size(400 * KB + 1), "maximum allowed size"),
        ({**key("1"), "n": {"N": "1" * 39}}, "38 significant digits"),
        ({**key("1"), "n": {"N": "one"}}, "numeric value"),
        ({**key("1"), "s": {"SS": ["x", "x"]}}, "duplicates"),
        ({**key("1"), "s": {"SS": []}}, "may not be empty"),
    ],
)
def test_no_item(asking: Asking, item: Item, because: str) -> None:
    with refused(because=because):
        asking.PutItem(Item=item)
    assert asking.all() == []


def test_an_item_of_just_400_kilobytes(asking: Asking) -> None:
    asking.PutItem(Item=of_size(400 * KB))
    with refused(because="to update"):
        asking.UpdateItem(Key=key("1"), UpdateExpression="SET y = :x", ExpressionAttributeValues={":x": {"S": "x"}})


@pytest.mark.parametrize(
    "bad", [{"pk": {"S": "a"}}, {**key("1"), "n": {"N": "1"}}, {"pk": {"S": "a"}, "sk": {"N": "1"}}]
)
def test_no_key(asking: Asking, bad: Item) -> None:
    for ask in (asking.GetItem, asking.DeleteItem, asking.UpdateItem):
        with refused(because="does not match the schema"):
            ask(Key=bad)
    with refused(because="does not match the schema"):
        asking.Query(**OF_A, ExclusiveStartKey=bad)


def test_a_key_is_not_updated(asking: Asking) -> None:
    with refused(because="part of the key"):
        asking.UpdateItem(Key=key("1"), UpdateExpression="SET sk = :x", ExpressionAttributeValues={":x": {"S": "x"}})


@pytest.mark.parametrize(
    ("old", "new", "units"), [(None, 1024, 1), (None, 1025, 2), (3 * KB, 100, 3), (100, 3 * KB, 3)]
)
def test_a_write_is_paid_by_the_larger_of_old_and_new(asking: Asking, old: int | None, new: int, units: float) -> None:
    if old:
        asking.PutItem(Item=of_size(old))
    answer = asking.PutItem(Item=of_size(new), ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"]["CapacityUnits"] == units


def test_a_refused_write_is_paid_too(asking: Asking) -> None:
    asking.PutItem(Item=of_size(3 * KB))
    asking.engine.meter.clear()
    with refused("ConditionalCheckFailedException"):
        asking.PutItem(Item=key("1"), ConditionExpression="attribute_not_exists(pk)")
    assert (asking.engine.meter.requests["PutItem"], asking.engine.meter.written["PutItem"]) == (1, 3)


def test_a_batch_of_writes(asking: Asking) -> None:
    asking.put("1")
    writes = [{"DeleteRequest": {"Key": key("1")}}, {"PutRequest": {"Item": key("2")}}]
    asking.BatchWriteItem(RequestItems={"T": writes})
    assert asking.all() == [key("2")]


@pytest.mark.parametrize(
    ("writes", "because"),
    [
        ([{"PutRequest": {"Item": key(str(n))}} for n in range(26)], "Too many items"),
        ([], "cannot be null or empty"),
        ([{"PutRequest": {"Item": key("1")}}, {"DeleteRequest": {"Key": key("1")}}], "duplicates"),
        ([{"PutRequest": {"Item": key("1")}}, {"PutRequest": {"Item": {"pk": {"S": "a"}}}}], "Missing the key"),
        ([{"PutRequest": {"Item": key("1")}}, {"PutRequest": {"Item": of_size(401 * KB, "2")}}], "allowed size"),
    ],
)
def test_no_batch_of_writes(asking: Asking, writes: list[dict[str, Any]], because: str) -> None:
    with refused(because=because):
        asking.BatchWriteItem(RequestItems={"T": writes})
    assert asking.all() == []


# ── Transactions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def step(verb: str, sk: str, **more: Any) -> dict[str, Any]:
    what = {"Item": key(sk)} if verb == "Put" else {"Key": key(sk)}
    return {verb: {"TableName": "T", **what, **more}}


ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
PRESENT = {"ConditionExpression": "attribute_exists(pk)"}
COUNTED = {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}


def test_a_transaction_does_all(asking: Asking) -> None:
    asking.put("1")
    asking.put("2")
    steps = [
        step("Delete", "1"),
        step("ConditionCheck", "2", **PRESENT),
        step("Update", "3", **COUNTED),
        step("Put", "4"),
    ]
    answer = asking.TransactWriteItems(TransactItems=steps, ReturnConsumedCapacity="TOTAL")
    assert asking.all() == [key("2"), {**key("3"), "n": {"N": "1"}}, key("4")]
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 4 * 2


def test_or_nothing_and_says_why(asking: Asking) -> None:
    asking.put("1", n={"S": "no number"})
    steps = [
        step("Put", "2"),
        step("Put", "1", **ABSENT, ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        step("ConditionCheck", "3", **PRESENT),
    ]
    with refused("TransactionCanceledException", "[None, ConditionalCheckFailed, ConditionalCheckFailed]") as refusal:
        asking.TransactWriteItems(TransactItems=steps)
    there = {**key("1"), "n": {"S": "no number"}}
    failed = {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}
    assert refusal.value.told["CancellationReasons"] == [{"Code": "None"}, {**failed, "Item": there}, failed]
    assert asking.all() == [there]
    with refused("TransactionCanceledException", "[None, ValidationError]"):
        asking.TransactWriteItems(TransactItems=[step("Put", "2"), step("Update", "1", **COUNTED)])
    assert asking.all() == [there]


@pytest.mark.parametrize(
    ("steps", "because"),
    [
        ([], "less than or equal to 100"),
        ([step("Put", str(n)) for n in range(101)], "less than or equal to 100"),
        ([step("Put", "1"), step("Delete", "1")], "multiple operations on one item"),
        ([step("Put", "1"), {**step("Put", "2"), **step("Delete", "3")}], "can only contain one"),
        ([step("Put", "1"), step("ConditionCheck", "2")], "missing: ConditionExpression"),
        ([step("Put", "1"), step("Put", "2", ReturnValues="ALL_OLD")], "not played here: ReturnValues"),
        ([step("Put", str(n), Item=of_size(399 * KB, str(n))) for n in range(11)], "4 MB"),
    ],
)
def test_no_transaction(asking: Asking, steps: list[dict[str, Any]], because: str) -> None:
    with refused(because=because):
        asking.TransactWriteItems(TransactItems=steps)
    assert asking.all() == []


def test_a_transaction_is_done_once_under_its_token(asking: Asking) -> None:
    steps = [step("Update", "1", **COUNTED)]
    for _ in range(2):
        answer = asking.TransactWriteItems(
            TransactItems=steps, ClientRequestToken="token", ReturnConsumedCapacity="TOTAL"
        )
    assert asking.found("1") == {**key("1"), "n": {"N": "1"}}
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 2
    with refused("IdempotentParameterMismatchException"):
        asking.TransactWriteItems(TransactItems=[step("Put", "2")], ClientRequestToken="token")
    asking.TransactWriteItems(TransactItems=steps, ClientRequestToken="another")
    assert asking.found("1") == {**key("1"), "n": {"N": "2"}}


# ── Tables and streams ───────────────────────────────────────────────────────────────────────────────────────────────


def records(asking: Asking, kind: str = "TRIM_HORIZON", **more: Any) -> list[dict[str, Any]]:
    arn = asking.ListStreams(TableName="T")["Streams"][0]["StreamArn"]
    (shard,) = asking.DescribeStream(StreamArn=arn)["StreamDescription"]["Shards"]
    start = asking.GetShardIterator(StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType=kind, **more)
    answer = asking.GetRecords(ShardIterator=start["ShardIterator"])
    assert asking.GetRecords(ShardIterator=answer["NextShardIterator"])["Records"] == []
    found: list[dict[str, Any]] = answer["Records"]
    return found


def test_a_stream_tells_every_change_in_order_and_nothing_else(asking: Asking) -> None:
    asking.put("1")
    asking.put("1")
    asking.put("1", n={"N": "1"})
    asking.DeleteItem(Key=key("1"))
    asking.DeleteItem(Key=key("1"))
    told = [
        (one["eventName"], one["dynamodb"].get("OldImage"), one["dynamodb"].get("NewImage")) for one in records(asking)
    ]
    new = {**key("1"), "n": {"N": "1"}}
    assert told == [("INSERT", None, key("1")), ("MODIFY", key("1"), new), ("REMOVE", new, None)]


def test_a_stream_is_read_from_a_place(asking: Asking) -> None:
    for sk in "123":
        asking.put(sk)
    second = records(asking)[1]["dynamodb"]["SequenceNumber"]

    def told(kind: str, **more: Any) -> list[str]:
        return [one["dynamodb"]["Keys"]["sk"]["S"] for one in records(asking, kind, **more)]

    assert told("AT_SEQUENCE_NUMBER", SequenceNumber=second) == ["2", "3"]
    assert told("AFTER_SEQUENCE_NUMBER", SequenceNumber=second) == ["3"]
    assert told("LATEST") == []


def test_a_shard_that_is_not_there_has_no_iterator(asking: Asking) -> None:
    arn = asking.ListStreams(TableName="T")["Streams"][0]["StreamArn"]
    with refused("ResourceNotFoundException", "Shard: other"):
        asking.GetShardIterator(StreamArn=arn, ShardId="other", ShardIteratorType="LATEST")


def test_what_a_stream_has_forgotten_is_not_there(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.engine.tables.RECORDS_KEPT", 4)
    asking.put("1")
    first = records(asking)[0]["dynamodb"]["SequenceNumber"]
    for sk in "23456":
        asking.put(sk)
    assert [one["dynamodb"]["Keys"]["sk"]["S"] for one in records(asking)] == ["3", "4", "5", "6"]
    with refused("TrimmedDataAccessException"):
        records(asking, "AT_SEQUENCE_NUMBER", SequenceNumber=first)


@pytest.mark.parametrize(
    ("view", "images"), [("KEYS_ONLY", set()), ("NEW_IMAGE", {"NewImage"}), ("OLD_IMAGE", {"OldImage"})]
)
def test_a_stream_shows_what_it_was_made_to(view: str, images: set[str]) -> None:
    asking = Asking()
    asking.table(StreamSpecification={"StreamEnabled": True, "StreamViewType": view})
    asking.put("1")
    asking.put("1", n={"N": "1"})
    assert {name for name in records(asking)[1]["dynamodb"] if name.endswith("Image")} == images


def test_a_table_says_what_it_was_told(asking: Asking) -> None:
    asking.UpdateTimeToLive(TimeToLiveSpecification={"Enabled": True, "AttributeName": "ends"})
    described = asking.DescribeTimeToLive()["TimeToLiveDescription"]
    assert described == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ends"}
    recovery = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
    asking.UpdateContinuousBackups(PointInTimeRecoverySpecification=recovery)
    backups = asking.DescribeContinuousBackups()["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert backups == {"PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 7}
    asking.put("1")
    assert asking.DescribeTable()["Table"]["ItemCount"] == 1


def test_tables_come_and_go(asking: Asking) -> None:
    asking.table("U")
    assert asking.ListTables()["TableNames"] == ["T", "U"]
    assert asking.ListTables(Limit=1) == {"TableNames": ["T"], "LastEvaluatedTableName": "T"}
    with refused("ResourceInUseException"):
        asking.table("U")
    asking.DeleteTable(TableName="U")
    with refused("ResourceNotFoundException"):
        asking.DescribeTable(TableName="U")


@pytest.mark.parametrize(
    ("operation", "asked", "kind", "because"),
    [
        ("ExecuteStatement", {"Statement": "SELECT"}, "UnknownOperationException", "ExecuteStatement"),
        ("GetItem", {"Key": key("1"), "AttributesToGet": ["n"]}, "ValidationException", "AttributesToGet"),
        ("GetItem", {}, "ValidationException", "missing: Key"),
        ("Query", {**OF_A, "IndexName": "i"}, "ValidationException", "IndexName"),
        ("Query", {**OF_A, "Limit": 0}, "ValidationException", "Limit"),
        ("Scan", {"TotalSegments": 2, "Segment": 0}, "ValidationException", "Segment, TotalSegments"),
        ("GetItem", {"TableName": "V", "Key": key("1")}, "ResourceNotFoundException", "V"),
        ("DescribeStream", {"StreamArn": "none"}, "ResourceNotFoundException", "none"),
        ("GetItem", {"Key": key("1"), "ExpressionAttributeNames": {"#n": "n"}}, "ValidationException", "unused"),
    ],
)
def test_what_is_not_known_is_refused(
    asking: Asking, operation: str, asked: dict[str, Any], kind: str, because: str
) -> None:
    with refused(kind, because):
        getattr(asking, operation)(**asked)


@pytest.mark.parametrize(
    ("schema", "kinds"),
    [
        ([("pk", "RANGE")], {"pk": "S"}),
        ([("pk", "HASH"), ("sk", "HASH")], {"pk": "S", "sk": "S"}),
        ([("pk", "HASH")], {"pk": "S", "sk": "S"}),
    ],
)
def test_no_table(asking: Asking, schema: list[tuple[str, str]], kinds: dict[str, str]) -> None:
    with refused():
        asking.CreateTable(
            TableName="V",
            KeySchema=[{"AttributeName": name, "KeyType": role} for name, role in schema],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in kinds.items()],
        )
