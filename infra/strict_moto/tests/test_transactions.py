"""Transactions are all or nothing, once per token, refused where AWS refuses them, and cost what they touch."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from .. import StrictAWS
from .scene import (
    ACCESS_KEY,
    ON_MOTO,
    REGION,
    SECRET,
    Thing,
    client,
    key,
    make_table,
    read,
    steps_of,
    stream_records,
)

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)


def put(pk: str, **attributes: Any) -> dict[str, Any]:
    return {"Put": {"TableName": "Things", "Item": {**key(pk), **attributes}}}


def add(pk: str, amount: int = 1, **more: Any) -> dict[str, Any]:
    values = {":amount": {"N": str(amount)}}
    return {
        "Update": {
            "TableName": "Things",
            "Key": key(pk),
            "UpdateExpression": "ADD hits :amount",
            "ExpressionAttributeValues": values,
            **more,
        }
    }


def check(pk: str, expression: str = "attribute_exists(pk)", **more: Any) -> dict[str, Any]:
    return {"ConditionCheck": {"TableName": "Things", "Key": key(pk), "ConditionExpression": expression, **more}}


def delete(pk: str, **more: Any) -> dict[str, Any]:
    return {"Delete": {"TableName": "Things", "Key": key(pk), **more}}


def transact(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return client("dynamodb").transact_write_items(TransactItems=list(actions), **more)  # type: ignore[no-any-return]


def refused(*actions: dict[str, Any], **more: Any) -> Any:
    with pytest.raises(ClientError) as caught:
        transact(*actions, **more)
    return caught.value.response


def test_all_actions_take_effect_together(strict_aws: StrictAWS) -> None:
    make_table(stream=True)
    transact(put("gone"), put("there"))
    transact(put("new", text={"S": "x"}), add("counter", 2), check("there"), delete("gone"))
    assert read("new") == {**key("new"), "text": {"S": "x"}}
    assert read("counter") == {**key("counter"), "hits": {"N": "2"}}
    assert read("gone") is None
    assert [record["eventName"] for record in stream_records()] == ["INSERT"] * 4 + ["REMOVE"]


def test_a_cancelled_transaction_leaves_nothing_and_says_why_in_order(strict_aws: StrictAWS) -> None:
    make_table(stream=True)
    transact(put("a", owner={"S": "ada"}))
    answer = refused(
        put("b"),
        check("a", "attribute_not_exists(pk)", ReturnValuesOnConditionCheckFailure="ALL_OLD"),
        add("c"),
        check("d"),
    )
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert answer["Error"]["Message"].endswith("[None, ConditionalCheckFailed, None, ConditionalCheckFailed]")
    assert answer["CancellationReasons"] == [
        {"Code": "None"},
        {
            "Code": "ConditionalCheckFailed",
            "Message": "The conditional request failed",
            "Item": {**key("a"), "owner": {"S": "ada"}},
        },
        {"Code": "None"},
        {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"},
    ]
    assert read("b") is None and read("c") is None
    assert len(stream_records()) == 1


def test_what_an_update_finds_wrong_in_the_item_cancels_with_a_reason(strict_or_bare: Any) -> None:
    make_table()
    transact(put("a", hits={"S": "many"}))
    answer = refused(add("b"), add("a"))
    assert answer["Error"]["Code"] == "TransactionCanceledException"
    assert [reason["Code"] for reason in answer["CancellationReasons"]] == ["None", "ValidationError"]
    assert read("b") is None


def test_pynamodb_sees_reasons_and_old_items(strict_aws: StrictAWS) -> None:
    make_table()
    Thing("a", "0", hits=5).save()
    connection = Connection(region=REGION)
    connection.session.set_credentials(ACCESS_KEY, SECRET)
    with pytest.raises(TransactWriteError) as caught, TransactWrite(connection=connection) as transaction:
        transaction.save(Thing("b", "0"))
        transaction.save(Thing("a", "0"), condition=Thing.pk.does_not_exist(), return_values="ALL_OLD")
    first, second = caught.value.cancellation_reasons
    assert first is None
    assert second is not None and second.code == "ConditionalCheckFailed"
    assert second.raw_item is not None and second.raw_item["hits"] == {"N": "5"}


TOO_MUCH = {"S": "x" * 399_000}


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        ([put(f"a{number}") for number in range(101)], "less than or equal to 100"),
        ([put("a"), check("a")], "multiple operations on one item"),
        ([{**put("a"), **delete("b")}], "only contain one of"),
        ([put(f"a{number}", text=TOO_MUCH) for number in range(11)], "4 MB"),
        ([put("a", text={"S": "x" * 409_700})], "Item size has exceeded"),
        ([put("")], "empty string"),
        ([{"Put": {"TableName": "Things", "Item": {"pk": {"S": "a"}}}}], "Missing the key sk"),
        ([{"Delete": {"TableName": "Things", "Key": {"pk": {"S": "a"}}}}], "does not match the schema"),
        ([add("a", ConditionExpression="#b = :amount")], "not defined; attribute name: #b"),
        ([add("a"), add("b", ExpressionAttributeNames={"#unused": "x"})], "unused"),
    ],
)
def test_what_is_wrong_in_itself_is_refused_whole(strict_aws: StrictAWS, actions: list[Any], message: str) -> None:
    make_table(stream=True)
    with pytest.raises(ClientError) as caught:
        transact(*actions)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert message in caught.value.response["Error"]["Message"]
    assert stream_records() == []


def test_more_than_four_megabytes_are_refused(strict_or_bare: Any) -> None:
    make_table()
    with pytest.raises(ClientError):
        transact(*(put(f"a{number}", text=TOO_MUCH) for number in range(11)))


def test_a_hundred_actions_just_under_four_megabytes_are_done(strict_aws: StrictAWS) -> None:
    make_table()
    transact(*(put(f"a{number}", text={"S": "x" * 41_000}) for number in range(100)))
    assert read("a99") is not None


# --- tokens ---


def test_the_same_token_twice_takes_effect_once(strict_or_bare: Any) -> None:
    make_table()
    for _ in range(2):
        transact(add("a"), ClientRequestToken="token")
    assert read("a") == {**key("a"), "hits": {"N": "1"}}


@ON_MOTO
def test_a_repeat_is_charged_as_a_read(strict_aws: StrictAWS) -> None:
    make_table()
    strict_aws.trace.clear()
    for _ in range(2):
        transact(add("a"), ClientRequestToken="token")
    assert [(call.read_units, call.write_units) for call in strict_aws.trace] == [(0, 2), (2, 0)]


def test_the_same_token_for_something_else_is_refused(strict_or_bare: Any) -> None:
    make_table()
    transact(add("a"), ClientRequestToken="token")
    answer = refused(add("a", 2), ClientRequestToken="token")
    assert answer["Error"]["Code"] == "IdempotentParameterMismatchException"
    assert read("a") == {**key("a"), "hits": {"N": "1"}}


@ON_MOTO
def test_how_the_answer_is_told_does_not_make_it_another_request(strict_aws: StrictAWS) -> None:
    make_table()
    transact(add("a"), ClientRequestToken="token")
    answer = transact(add("a"), ClientRequestToken="token", ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 2
    assert read("a") == {**key("a"), "hits": {"N": "1"}}


def test_a_token_is_forgotten_after_ten_minutes(strict_aws: StrictAWS) -> None:
    make_table()
    with time_machine.travel(NOON, tick=False) as clock:
        transact(add("a"), ClientRequestToken="token")
        clock.shift(599)
        transact(add("a"), ClientRequestToken="token")
        assert read("a") == {**key("a"), "hits": {"N": "1"}}
        clock.shift(1)
        transact(add("a", 10), ClientRequestToken="token")
    assert read("a") == {**key("a"), "hits": {"N": "11"}}


def test_a_cancelled_transaction_does_not_use_its_token_up(strict_aws: StrictAWS) -> None:
    make_table()
    refused(check("a"), ClientRequestToken="token")
    transact(put("a"))
    transact(check("a"), ClientRequestToken="token")


# --- cost ---


def fill(rows: int) -> None:
    for start in range(0, rows, 25):
        entries = [{"PutRequest": {"Item": key(f"row{number}")}} for number in range(start, start + 25)]
        client("dynamodb").batch_write_item(RequestItems={"Things": entries})


def a_transaction() -> None:
    transact(add("a"), check("a2", "attribute_not_exists(pk)"))


def a_cancelled_transaction() -> None:
    refused(put("b"), check("c"))


def a_query() -> None:
    client("dynamodb").query(
        TableName="Things", KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": {"S": "a"}}
    )


@pytest.mark.parametrize("deed", [a_transaction, a_cancelled_transaction, a_query])
def test_cost_does_not_grow_with_the_table(strict_or_bare: Any, deed: Callable[[], None]) -> None:
    make_table()
    deed()
    small = steps_of(deed)
    fill(1000)
    assert steps_of(deed) < 1.2 * small


def test_ten_thousand_rows_cost_a_transaction_what_none_cost_it(strict_aws: StrictAWS) -> None:
    make_table(stream=True)
    a_transaction()
    small = steps_of(a_transaction)
    fill(10_000)
    assert steps_of(a_transaction) < 1.05 * small
