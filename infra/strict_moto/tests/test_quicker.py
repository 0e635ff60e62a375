"""What the strict layer does in a shorter way than moto has the same outcome as moto's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import pytest
from moto.core.exceptions import JsonRESTError
from moto.dynamodb.comparisons import get_filter_expression
from moto.dynamodb.models import utilities
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.parsing.executors import UpdateExpressionExecutor
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import UpdateExpressionValidator

from .. import comparing, expressions, plain, sns
from .conftest import nothing_else

NAMES = {"#n": "name", "#c": "count", "#d": "deep"}
VALUES = {
    ":text": {"S": "said"}, ":one": {"N": "1"}, ":set": {"SS": ["b"]}, ":list": {"L": [{"S": "z"}]},
    ":empty": {"S": ""},
}  # fmt: skip
STORED = {
    "pk": {"S": "a#1"}, "sk": {"S": "b#1"}, "name": {"S": "was"}, "count": {"N": "3"}, "tags": {"SS": ["a", "b"]},
    "few": {"L": [{"S": "x"}, {"S": "y"}, {"N": "2"}]}, "deep": {"M": {"in": {"M": {"er": {"N": "7"}}}}},
}  # fmt: skip
UPDATES = [
    "SET #n = :text",
    "SET #n = :text, #c = #c + :one, extra = if_not_exists(extra, :one)",
    "SET #n = if_not_exists(#n, :text), twice = #n REMOVE #c",
    "SET #c = #c - :one ADD seen :one DELETE tags :set",
    "SET #d.below = :text, #d.#n = :one, few[1] = :text",
    "SET few = list_append(few, :list), more = list_append(:list, few)",
    "REMOVE few[0], few[2], #d",
    "ADD #c :one, tags :set",
    "DELETE tags :set",
    # What is refused.
    "SET #n = :nobody",
    "SET #nobody = :text",
    "SET #n = absent1",
    "SET absent1.deeper = :text",
    "SET #n = #n + :one",
    "SET pk = :text",
    "SET #n = :text, #n = :one",
    "SET #d = :text, #d.below = :one",
    "SET few = list_append(absent1, :list)",
    "SET #n = :text SET #c = :one",
    "ADD #n :one",
    "DELETE #n :set",
    "SET list = :one",
]
CONDITIONS = [
    "attribute_exists(pk)",
    "attribute_not_exists(pk) OR #c >= :one AND #n <> :text",
    "#n = :text or not (#c BETWEEN :one AND :one)",
    "#c IN (:one, :text) AND size(#n) > :one",
    "begins_with(pk, :text) AND contains(tags, :set)",
    "#d.below = :text",
    "(#n = :text)",
    # What is refused.
    "((#n = :text))",
    "#n = :nobody",
    "#nobody = :text",
    "#n ! :text",
    "#n = ",
    "name = :text",
]


@contextmanager
def _in_place(replacements: list[tuple[Any, str, Any]]) -> Iterator[None]:
    with ExitStack() as stack:
        for owner, name, replacement in replacements:
            stack.enter_context(patch.object(owner, name, replacement))
        yield


def _table() -> Table:
    schema = [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]
    kinds = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
    return Table("a-table", "123456789012", "eu-central-1", schema=schema, attr=kinds)


def _item(attributes: dict[str, Any]) -> Item:
    return Item(DynamoType(attributes["pk"]), DynamoType(attributes["sk"]), attributes)


def _updated(expression: str) -> Any:
    """What becomes of an item, and then of another with other values: a parsed tree serves all who say the same."""
    items = _item(STORED), _item(STORED)
    try:
        tree = UpdateExpressionParser.make(expression)
        for item, values in zip(items, (VALUES, {**VALUES, ":text": {"S": "else"}, ":one": {"N": "5"}}), strict=True):
            found = UpdateExpressionValidator(tree, NAMES, values, item, _table()).validate()
            found.normalize()
            UpdateExpressionExecutor(found, item, NAMES).execute()
    except (JsonRESTError, KeyError, AssertionError, ValueError) as error:
        return type(error), str(error)
    return [item.to_json() for item in items]


def _holds(expression: str) -> Any:
    try:
        return bool(get_filter_expression(expression, NAMES, VALUES).expr(_item(STORED)))
    except (JsonRESTError, KeyError, ValueError, TypeError) as error:
        return type(error), str(error)


@pytest.mark.parametrize("expression", UPDATES)
def test_an_update_ends_as_motos_own(expression: str) -> None:
    with nothing_else():
        motos = _updated(expression)
        with _in_place(expressions.REPLACEMENTS):
            assert _updated(expression) == motos


@pytest.mark.parametrize("expression", CONDITIONS)
def test_a_condition_holds_as_motos_own(expression: str) -> None:
    with nothing_else():
        motos = _holds(expression)
        with _in_place(expressions.REPLACEMENTS):
            assert _holds(expression) == motos
            assert _holds(expression) == motos  # read once, and known


def test_the_examples_are_of_both_kinds() -> None:
    with nothing_else():
        for ends in (list(map(_updated, UPDATES)), list(map(_holds, CONDITIONS))):
            assert 4 < sum(isinstance(one, tuple) for one in ends) < len(ends) - 5


def test_items_lie_in_motos_order() -> None:
    table = _table()
    for pk, sk in [("b", "2"), ("a", "9"), ("b", "10"), ("ä", "1"), ("a", "1"), ("B", "1"), ("a", "")]:
        item = _item({"pk": {"S": pk}, "sk": {"S": sk}})
        table.items[item.hash_key][item.range_key] = item
    with nothing_else():
        motos = table.all_items()
        with _in_place(comparing.REPLACEMENTS):
            assert [id(one) for one in table.all_items()] == [id(one) for one in motos]


def test_values_are_equal_where_motos_are() -> None:
    kinds: list[dict[str, Any]] = [
        {"S": "a"}, {"S": "b"}, {"B": b"a"}, {"N": "1"}, {"N": "1.0"}, {"N": "2"}, {"NULL": True}, {"BOOL": True},
        {"SS": ["a", "b"]}, {"SS": ["b", "a"]}, {"L": [{"S": "a"}]}, {"M": {"a": {"S": "a"}}}, {"S": "1"},
    ]  # fmt: skip
    pairs = [(DynamoType(one), DynamoType(other)) for one in kinds for other in kinds]
    hashable = [DynamoType(one) for one in kinds if next(iter(one)) in ("S", "N", "B", "BOOL")]
    with nothing_else():
        motos, hashes = [one == other for one, other in pairs], list(map(hash, hashable))
        with _in_place(comparing.REPLACEMENTS):
            assert [one == other for one, other in pairs] == motos
            assert list(map(hash, hashable)) == hashes


def test_answers_are_written_from_what_moto_makes_of_items() -> None:
    kinds: list[Any] = [
        {"S": "a"}, {"B": "YQ=="}, {"N": "1"}, {"NULL": True}, {"BOOL": False}, {"SS": ["a"]}, {"NS": ["1", "2"]},
        {"BS": ["YQ=="]}, {"L": [{"S": "a"}, {"B": "YQ=="}]}, {"M": {"a": {"L": [{"N": "1"}]}, "b": {"B": "YQ=="}}},
    ]  # fmt: skip
    item = _item({**STORED, **{f"a{number}": one for number, one in enumerate(kinds)}})
    answer = {"Item": dict(item.attrs), "Items": [item, {}], "Count": 2, "Units": 0.5, "At": datetime.now(UTC)}
    with nothing_else():
        motos = utilities.dynamo_to_dict(answer)
        with _in_place(plain.REPLACEMENTS):
            assert utilities.dynamo_to_dict(answer) == motos
    assert motos["Item"]["a1"] == {"B": b"a"}


def test_one_key_signs_what_is_told_to_all_who_subscribed() -> None:
    assert sns.private_key(object()) is sns.private_key(object())  # type: ignore[arg-type]
