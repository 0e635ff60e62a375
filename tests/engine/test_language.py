"""Expressions say what DynamoDB's say, and what is no expression is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.items import Item
from tests.engine.language import Language
from tests.engine.meaning import holds, projected, updated
from tests.engine.refusals import Refusal

ITEM: Item = {
    "pk": {"S": "a"},
    "n": {"N": "9"},
    "t": {"S": "apple"},
    "b": {"B": b"\x01\x02\xff"},
    "yes": {"BOOL": True},
    "words": {"SS": ["x", "y"]},
    "numbers": {"NS": ["1", "2.5"]},
    "l": {"L": [{"S": "x"}, {"N": "1"}, {"M": {"deep": {"N": "7"}}}]},
    "m": {"M": {"in": {"S": "side"}, "l": {"L": [{"N": "0"}]}}},
}
NAMES = {"#in": "in", "#l": "l"}
VALUES: Item = {
    ":nine": {"N": "9"}, ":ten": {"N": "10"}, ":two": {"N": "2"}, ":one": {"N": "1"}, ":a": {"S": "a"},
    ":app": {"S": "app"}, ":x": {"S": "x"}, ":z": {"S": "z"}, ":xy": {"SS": ["y", "x"]}, ":S": {"S": "S"},
    ":side": {"S": "side"}, ":l": {"L": [{"S": "new"}]}, ":ns": {"NS": ["2.5", "3"]}, ":ff": {"B": b"\xff"},
    ":nine_exactly": {"N": "9.0"}, ":sz": {"SS": ["z"]}, ":seven": {"N": "7"},
}  # fmt: skip


def truth(text: str, item: Item = ITEM) -> bool:
    return holds(Language(NAMES, VALUES).condition(text), item)


@pytest.mark.parametrize(
    "text",
    [
        "n = :nine", "n = :nine_exactly", "n < :ten", "n <= :nine", "n > :two", "n >= :nine", "n <> :ten", "t <> :nine",
        "gone <> :nine", "n BETWEEN :two AND :ten", "n BETWEEN :nine AND :nine", "t IN (:a, :app, :x) OR n IN (:nine)",
        "attribute_exists(t)", "attribute_not_exists(gone)", "attribute_exists(m.#in)", "attribute_exists(#l[2].deep)",
        "attribute_not_exists(#l[3])", "attribute_not_exists(t.deep)", "attribute_type(t, :S)", "begins_with(t, :app)",
        "contains(t, :app)", "contains(words, :x)", "contains(#l, :one)", "contains(b, :ff)", "words = :xy",
        "size(t) < :nine", "size(words) = :two", "size(m) = :two", "m.#in = :side", "#l[1] = :one",
        "n = :nine AND t = :app OR n = :nine", "n = :nine OR n = :nine AND n = :ten", "NOT n = :ten AND n = :nine",
        "NOT (n = :nine AND n = :ten)", "(((n = :nine)))", ":nine = n", "n = n", "size(b) > :two",
        "#l[2].deep = :seven",
    ],
)  # fmt: skip
def test_true(text: str) -> None:
    assert truth(text)


@pytest.mark.parametrize(
    "text",
    [
        "n = :ten", "t = :nine", "gone = :nine", "gone < :ten", "t < :ten", "n <> :nine_exactly",
        "n BETWEEN :ten AND :two", "gone BETWEEN :two AND :ten", "t IN (:a, :x)", "attribute_exists(gone)",
        "attribute_not_exists(t)", "attribute_type(n, :S)", "begins_with(t, :x)",
        "contains(t, :z)", "contains(words, :one)", "contains(n, :nine)", "contains(gone, :x)", "size(n) = :one",
        "yes < :nine", "begins_with(n, :app)", "words < :app", "NOT n = :nine",
        "n = :nine AND n = :ten", "(n = :nine OR n = :ten) AND n = :ten",
        "contains(numbers, :x)", "gone = absent",
    ],
)  # fmt: skip
def test_not_true(text: str) -> None:
    assert not truth(text)


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("", "can not be empty"),
        ("n", "<EOF>"),
        ("n = ", "<EOF>"),
        ("n = :nine extra", "Syntax error"),
        ("n ! :nine", "Syntax error"),
        ("n = :unknown", "attribute value: :unknown"),
        ("#unknown = :nine", "attribute name: #unknown"),
        ("name = :nine", "reserved keyword: name"),
        ("m.name = :nine", "reserved keyword: name"),
        ("_n = :nine", "Syntax error"),
        ("9 = :nine", "Syntax error"),
        ("upper(n) = :nine", "Invalid function name"),
        ("if_not_exists(n, :nine) = :nine", "Invalid function name"),
        ("attribute_exists(n, t)", "Incorrect number of operands"),
        ("begins_with(t)", "Incorrect number of operands"),
        ("size(n)", "<EOF>"),
        ("words < :xy", "Incorrect operand type"),
        ("n BETWEEN :xy AND :ten", "Incorrect operand type"),
        ("begins_with(n, :nine)", "Incorrect operand type"),
        ("attribute_type(n, :nine)", "Incorrect operand type"),
        ("n BETWEEN :two OR :ten", "Syntax error"),
        ("n IN :two", "Syntax error"),
        ("n upper", "Syntax error"),
        ("(n = :nine", "<EOF>"),
        ("#l[x] = :nine", "Syntax error"),
        ("#l[1 = :nine", "Syntax error"),
    ],
)
def test_no_condition(text: str, because: str) -> None:
    with pytest.raises(Refusal, match=r"Invalid ConditionExpression: ") as refusal:
        truth(text)
    assert because in str(refusal.value)


@pytest.mark.parametrize(("names", "values"), [({"#more": "x"}, {}), ({}, {":more": {"N": "1"}})])
def test_what_is_given_must_be_used(names: dict[str, str], values: Item) -> None:
    language = Language({"#n": "n", **names}, {":one": {"N": "1"}, **values})
    language.condition("#n = :one")
    with pytest.raises(Refusal, match=r"unused in expressions: keys: {[#:]more}"):
        language.end()


def test_what_is_used_is_enough() -> None:
    language = Language({"#n": "n"}, {":one": {"N": "1"}})
    language.update("SET #n = :one")
    language.end()


def after(text: str) -> Item:
    return updated(ITEM, Language(NAMES, VALUES).update(text))


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("SET n = :ten", {"n": {"N": "10"}}),
        ("set fresh = :ten", {"fresh": {"N": "10"}}),
        ("SET n = n + :one", {"n": {"N": "10"}}),
        ("SET n = :one - n", {"n": {"N": "-8"}}),
        ("SET n = if_not_exists(n, :one) + :one", {"n": {"N": "10"}}),
        ("SET fresh = if_not_exists(fresh, :one) + :one", {"fresh": {"N": "2"}}),
        ("SET fresh = t, t = :x", {"fresh": {"S": "apple"}, "t": {"S": "x"}}),
        ("SET fresh = list_append(:l, m.#l)", {"fresh": {"L": [{"S": "new"}, {"N": "0"}]}}),
        ("SET m.#in = :x", {"m": {"M": {"in": {"S": "x"}, "l": {"L": [{"N": "0"}]}}}}),
        ("SET m.#l[0] = :x", {"m": {"M": {"in": {"S": "side"}, "l": {"L": [{"S": "x"}]}}}}),
        ("SET m.#l[9] = :x", {"m": {"M": {"in": {"S": "side"}, "l": {"L": [{"N": "0"}, {"S": "x"}]}}}}),
        ("REMOVE #l[0], #l[1]", {"l": {"L": [{"M": {"deep": {"N": "7"}}}]}}),
        ("REMOVE gone, m.gone", {}),
        ("ADD n :one", {"n": {"N": "10"}}),
        ("ADD fresh :one", {"fresh": {"N": "1"}}),
        ("ADD words :sz", {"words": {"SS": ["x", "y", "z"]}}),
        ("ADD words :xy", {}),
        ("ADD numbers :ns", {"numbers": {"NS": ["1", "2.5", "3"]}}),
        ("DELETE words :sz", {}),
        ("SET fresh = :one REMOVE gone ADD n :one DELETE words :sz", {"fresh": {"N": "1"}, "n": {"N": "10"}}),
    ],
)
def test_an_update_changes_this_and_nothing_else(text: str, changed: dict[str, Any]) -> None:
    assert after(text) == {**ITEM, **changed}


def test_an_attribute_is_removed() -> None:
    assert after("REMOVE t") == {name: value for name, value in ITEM.items() if name != "t"}


def test_a_set_without_members_is_gone() -> None:
    assert "words" not in after("DELETE words :xy")


def test_an_update_leaves_the_item_that_it_was_made_from() -> None:
    before = repr(ITEM)
    after("SET m.#in = :x, #l[0] = :x REMOVE m.#l[0] ADD words :sz")
    assert repr(ITEM) == before


def test_a_number_keeps_38_digits() -> None:
    changes = Language({}, {":least": {"N": "0." + "0" * 36 + "1"}}).update("ADD n :least")
    assert updated({"n": {"N": "3"}}, changes)["n"] == {"N": "3." + "0" * 36 + "1"}


@pytest.mark.parametrize(
    ("text", "because"),
    [
        ("SET n :ten", "Syntax error"),
        ("n = :ten", "Syntax error"),
        ("SET n = :ten SET t = :x", "Syntax error"),
        ("SET n = :ten, n = :one", "overlap"),
        ("SET m.#in = :ten REMOVE m", "overlap"),
        ("SET n = contains(n, :one)", "Invalid function name"),
        ("SET n = gone", "does not exist in the item"),
        ("SET n = gone + :one", "does not exist in the item"),
        ("SET n = t + :one", "incorrect data type"),
        ("SET t = list_append(t, :l)", "incorrect data type"),
        ("SET gone.deep = :one", "document path"),
        ("SET t.deep = :one", "document path"),
        ("SET t[0] = :one", "document path"),
        ("REMOVE gone.deep", "document path"),
        ("ADD n t", "attribute value"),
        ("SET n = n + :x", "Incorrect operand type"),
        ("SET n = list_append(n, :x)", "Incorrect operand type"),
        ("ADD t :x", "Incorrect operand type"),
        ("ADD t :one", "incorrect data type"),
        ("DELETE n :one", "Incorrect operand type"),
        ("DELETE numbers :xy", "incorrect data type"),
    ],
)
def test_no_update(text: str, because: str) -> None:
    with pytest.raises(Refusal) as refusal:
        after(text)
    assert because in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pk, n, gone", {"pk": {"S": "a"}, "n": {"N": "9"}}),
        ("m.#in", {"m": {"M": {"in": {"S": "side"}}}}),
        ("#l[2].deep, #l[0]", {"l": {"L": [{"S": "x"}, {"M": {"deep": {"N": "7"}}}]}}),
        ("m.gone, t.deep, n[0]", {}),
    ],
)
def test_a_projection_shows_only_what_it_names(text: str, shown: Item) -> None:
    assert projected(ITEM, Language(NAMES, {}).projection(text)) == shown


def test_a_projection_names_nothing_twice() -> None:
    with pytest.raises(Refusal, match="overlap"):
        Language(NAMES, {}).projection("m, m.#in")
