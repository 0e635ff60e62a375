"""What DynamoDB answers is decoded as botocore and PynamoDB would, and what a record does not declare is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.parsers import JSONParser
from msgspec import Raw
from pynamodb.attributes import (
    BinaryAttribute,
    BooleanAttribute,
    NumberAttribute,
    NumberSetAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.models import Model

from chalicelib.aws.attempts import CallRefused
from chalicelib.aws.clients import client
from chalicelib.aws.json_calls import call
from chalicelib.register import catalogue
from chalicelib.store import decoding
from chalicelib.store.decoding import NotAsDeclared, form_of
from chalicelib.store.records import BASES, Item, Record
from chalicelib.store.tags import plain
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
KEY = {"pk": {"S": "thing#t"}, "sk": {"S": "part#1"}}


def read_by_botocore(operation: str, body: bytes) -> Any:
    told = {"status_code": 200, "headers": {}, "body": body, "context": {"operation_name": operation}}
    shape = client("dynamodb").meta.service_model.operation_model(operation).output_shape
    return JSONParser().parse(told, shape)


# ── As they lie there ────────────────────────────────────────────────────────────────────────────────────────────────


def test_one_item_is_what_botocore_reads(world: LocalCloud) -> None:
    body = json.dumps({"Item": ITEM, "ConsumedCapacity": {"TableName": "Items", "CapacityUnits": 0.5}}).encode()
    found = decoding.one(body)
    assert found is not None and decoding.item(found) == read_by_botocore("GetItem", body)["Item"]
    assert decoding.one(b"{}") is None


def test_a_page_is_what_botocore_reads(world: LocalCloud) -> None:
    body = json.dumps({"Items": [ITEM, {}, ITEM], "Count": 3, "ScannedCount": 4, "LastEvaluatedKey": KEY}).encode()
    page, theirs = decoding.page(body), read_by_botocore("Query", body)
    assert [decoding.item(one) for one in page.items] == theirs["Items"] and page.last == theirs["LastEvaluatedKey"]
    assert decoding.page(b'{"Items": [], "Count": 0}') == decoding.Items([], None)


def test_a_batch_is_what_botocore_reads(world: LocalCloud) -> None:
    left = {"Items": {"Keys": [KEY], "ConsistentRead": True}}
    body = json.dumps({"Responses": {"Items": [ITEM], "BS-": []}, "UnprocessedKeys": left}).encode()
    batch, theirs = decoding.batch(body), read_by_botocore("BatchGetItem", body)
    assert {name: list(map(decoding.item, items)) for name, items in batch.items.items()} == theirs["Responses"]
    assert batch.left == theirs["UnprocessedKeys"]


@pytest.mark.parametrize("decode", [decoding.one, decoding.page, decoding.batch, form_of(Thing).decode_page])
def test_a_garbled_answer_is_no_empty_one(decode: Callable[[bytes], Any]) -> None:
    # Whoever asked would decide on "there is nothing".
    for garbled in (b'{"Item": {"pk": {"S": "ac', b'{"Items": [{"pk"', b"", b"<html>"):
        with pytest.raises(ValueError):
            decode(garbled)


def test_an_answer_without_its_list_is_no_empty_one() -> None:
    for decode in (decoding.page, decoding.batch, form_of(Thing).decode_page):
        with pytest.raises((ValueError, NotAsDeclared)):
            decode(b"{}")


def test_a_failed_condition_brings_the_item_that_stood_in_the_way_with_its_bytes(world: LocalCloud) -> None:
    item = {**KEY, "blob": {"B": b"\x00\xff"}}
    again = {
        "TableName": Thing.Meta.table_name, "Item": item, "ConditionExpression": "attribute_not_exists(pk)",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip
    call("dynamodb", "PutItem", again)
    with pytest.raises(CallRefused) as alone:
        call("dynamodb", "PutItem", again)
    assert alone.value.code == "ConditionalCheckFailedException" and alone.value.status == 400
    assert decoding.with_bytes(alone.value.body["Item"]) == item
    with pytest.raises(CallRefused) as together:
        call("dynamodb", "TransactWriteItems", {"TransactItems": [{"Put": again}]})
    (reason,) = together.value.body["CancellationReasons"]
    assert reason["Code"] == "ConditionalCheckFailed" and decoding.with_bytes(reason["Item"]) == item


# ── As records ───────────────────────────────────────────────────────────────────────────────────────────────────────


def values(record: Record) -> dict[str, Any]:
    """What is there, with the type of each."""
    held = {name: record.attribute_values.get(name) for name in record.get_attributes()}
    return {name: (type(value), value) for name, value in held.items() if value is not None}


def by_pynamodb(kind: type[Record], item: dict[str, Any]) -> Record:
    made: Record = Model.from_raw_data.__func__(kind, item)
    return made


def test_every_record_that_any_door_reads_is_what_pynamodb_makes_of_it(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]
) -> None:
    snapshot, copy = _home
    seen: set[type[Record]] = set()
    for route in all_routes():
        one_cloud.restore(snapshot)
        home = copy()
        with replies() as heard:
            request_for(route, home).send(home)
            home.world.settle()
        for operation, (status, _, body) in heard:
            for raw in items_in(operation, body) if status == 200 else ():
                compare(raw, seen)
    assert len(seen) > 40


def items_in(operation: str, body: bytes) -> Iterator[Raw]:
    if operation == "GetItem" and (found := decoding.one(body)) is not None:
        yield found
    elif operation == "BatchGetItem":
        for items in decoding.batch(body).items.values():
            yield from items
    elif operation == "Query":
        yield from decoding.page(body).items


def compare(raw: Raw, seen: set[type[Record]]) -> None:
    item = decoding.item(raw)
    kind = next((kind for base in BASES if (kind := known(base, item))), None)
    if kind is not None:
        theirs = values(by_pynamodb(kind, item))
        assert values(form_of(kind).decode(raw)) == values(kind.from_raw_data(item)) == theirs
        seen.add(kind)


def known(base: type[Record], item: dict[str, Any]) -> type[Record] | None:
    try:
        return catalogue.kind_of(base, item)
    except RuntimeError:
        return None


NUMBERS = [
    "0", "-0", "12", "-12", "12.5", "-0.001", "1764460800", "1764460800.123456", "1E+2", "1e2", "1.5E-7",
    "9007199254740993", "18446744073709551616", "-99999999999999999999999999999999999999", "1E+126", "0.1",
]  # fmt: skip


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_is_what_pynamodb_makes_of_it(number: str) -> None:
    found = form_of(Thing).decode(raw_of(count={"N": number})).count
    theirs = NumberAttribute().deserialize(number)
    assert (type(found), found) == (type(theirs), theirs)


@pytest.mark.parametrize("text", ["null", "true", "12", "", "NaN"])
def test_text_that_looks_like_something_else_is_text(text: str) -> None:
    thing = form_of(Thing).decode(raw_of(name={"S": text}, marks={"SS": [text or "-"]}))
    assert (thing.name, thing.marks) == (text, {text or "-"})
    assert Thing.from_raw_data({**KEY, "name": {"S": text}}).name == text


def test_what_is_not_there_is_none_and_what_is_not_declared_is_passed_over() -> None:
    thing = form_of(Thing).decode(raw_of(stranger={"M": {"S": {"N": "1"}}}))
    assert (thing.own_key.sk, thing.name, thing.expires_at, thing.schema_version) == ("part#1", None, None, None)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("count", {"S": "12"}),
        ("count", {"N": "twelve"}),
        ("count", {"N": "null"}),
        ("count", {"N": None}),
        ("name", {"N": "12"}),
        ("name", {"NULL": True}),
        ("name", {"SS": ["a"]}),
        ("name", {"S": 12}),
        ("marks", {"S": "a"}),
        ("marks", {"NS": ["1"]}),
        ("marks", {"SS": "a"}),
        ("pk", {"B": "AA=="}),
        ("commit_id", {}),
    ],
)
def test_what_is_not_as_declared_is_refused_by_name_and_without_its_value(name: str, value: dict[str, Any]) -> None:
    raw = raw_of(**{name: value})
    page = b'{"Items": [' + bytes(raw) + b"]}"
    for decode in (
        lambda: form_of(Thing).decode(raw),
        lambda: form_of(Thing).decode_page(page),
        lambda: Thing.from_raw_data({**KEY, name: value}),
    ):
        with pytest.raises(NotAsDeclared, match=rf"^Thing: .*\.{name}\b") as refused:
            decode()
        assert "twelve" not in str(refused.value)


def raw_of(**attributes: Any) -> Raw:
    return Raw(json.dumps({**KEY, **attributes}).encode())


@pytest.mark.parametrize(
    "attribute",
    [
        UTCDateTimeAttribute(),
        BooleanAttribute(),
        BinaryAttribute(legacy_encoding=True),
        NumberAttribute(default=0),
        NumberSetAttribute(),
    ],
    ids=lambda attribute: type(attribute).__name__,
)
def test_an_attribute_that_is_read_by_a_way_of_its_own_cannot_be_declared(attribute: Any) -> None:
    with pytest.raises(decoding.NotDecodable, match=r"Strange\.value"):
        type("Strange", (Item,), {"value": plain(attribute, why="whatever"), "pk_prefix": "t", "sk_prefix": "t"})
