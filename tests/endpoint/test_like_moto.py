"""Asked the same, MiniStack and moto under the strict layer say the same: two readings of DynamoDB's manual, apart."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from infra.strict_moto import StrictAWS, endpoint
from infra.strict_moto.tests.scene import client, make_table, nothing_else

URL = endpoint.URL or ""
pytestmark = pytest.mark.skipif(not URL, reason="`make test-endpoint` says where another DynamoDB is")

Json = dict[str, Any]
EXAMPLES = 60

_text = some.sampled_from(["", "a", "ab", "b", "żółw"]).map(lambda one: {"S": one})
_number = some.sampled_from(["0", "1", "-2", "1.0", "1e2", "10"]).map(lambda one: {"N": one})
_words = some.sets(some.sampled_from("xyz"), min_size=1).map(lambda one: {"SS": sorted(one)})
_flat = some.one_of(_text, _number, _words, some.booleans().map(lambda one: {"BOOL": one}))
_list = some.lists(_flat, max_size=3).map(lambda one: {"L": one})
_map = some.fixed_dictionaries({}, optional={"in": _flat}).map(lambda one: {"M": one})
_value = some.one_of(_flat, _list, _map)
_key = some.fixed_dictionaries(
    {
        "pk": some.sampled_from("pq").map(lambda one: {"S": one}),
        "sk": some.sampled_from("123").map(lambda one: {"S": one}),
    }
)
_attributes = some.fixed_dictionaries({}, optional={"n": _number, "t": _value, "u": _value, "w": _words})
_item = some.builds(lambda key, attributes: {**key, **attributes}, _key, _attributes)

# Left out is what one of them is known to read otherwise: MiniStack as differences.py says of paths. moto takes what is
# absent for NULL and equal to what is absent, and
# stumbles over its size; it looks at a condition before what is wrong in the update itself, writes 2.5 - 2.5 as 0.0,
# and refuses a whole transaction for appending to no list.
_CONDITIONS = [
    "attribute_exists(pk)", "attribute_not_exists(pk)", "n = :n", "t <> :v", "n < :n", "t >= :s", "NOT t = :v",
    "contains(w, :s)", "contains(t, :s)", "begins_with(t, :s)", "t BETWEEN :s AND :s", "t IN (:v, :w, :l)",
    "n = :n OR t = :v AND u = :v", "(n = :n OR t = :v) AND attribute_exists(u)", "t.#in = :v", "t[0] = :v",
    "attribute_type(t, :S)", "attribute_exists(t.#in) OR n = :n", "attribute_exists(w) AND size(w) > :n", "w = :w",
]  # fmt: skip
_UPDATES = [
    "SET t = :v", "SET t = :v, u = t", "SET n = n + :n", "SET n = if_not_exists(n, :n) - :n", "REMOVE t, u",
    "SET t.#in = :v", "ADD n :n", "ADD w :w", "DELETE w :w",
    "SET t = list_append(if_not_exists(t, :l), :l)", "SET t = if_not_exists(u, :v) REMOVE u",
    "SET u = :v REMOVE t ADD n :n",
]  # fmt: skip
_values = some.fixed_dictionaries(
    {":n": _number, ":s": _text, ":w": _words, ":l": _list, ":v": _value, ":S": some.just({"S": "S"})}
)


def _with_values(expressions: Json, values: Json) -> Json:
    """The expressions with just the names and values that they use."""
    used = {name: value for name, value in values.items() if name in " ".join(expressions.values())}
    asked: Json = {**expressions, **({"ExpressionAttributeValues": used} if used else {})}
    return asked | ({"ExpressionAttributeNames": {"#in": "in"}} if "#in" in str(expressions) else {})


_condition = some.one_of(some.just({}), some.sampled_from(_CONDITIONS).map(lambda text: {"ConditionExpression": text}))
_failing = some.sampled_from([{}, {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}])


def _write(verb: str) -> some.SearchStrategy[Json]:
    what = _item.map(lambda item: {"Item": item}) if verb == "Put" else _key.map(lambda key: {"Key": key})
    change = (
        some.sampled_from(_UPDATES).map(lambda text: {"UpdateExpression": text}) if verb == "Update" else some.just({})
    )
    held = some.sampled_from(_CONDITIONS).map(lambda text: {"ConditionExpression": text})
    condition = held if verb == "ConditionCheck" else _condition
    return some.builds(
        lambda what, change, condition, values, failing: {
            "TableName": "Things", **what, **_with_values(change | condition, values), **failing
        },
        what, change, condition, _values, _failing,
    )  # fmt: skip


_single = some.one_of(*(some.tuples(some.just(f"{verb}Item"), _write(verb)) for verb in ("Put", "Update", "Delete")))
_step = some.one_of(
    *(
        _write(verb).map(lambda asked, verb=verb: {verb: asked})
        for verb in ("Put", "Update", "Delete", "ConditionCheck")
    )
)
_together = some.lists(_step, min_size=1, max_size=3).map(
    lambda steps: ("TransactWriteItems", {"TransactItems": steps})
)
_batch = some.lists(
    some.one_of(
        _item.map(lambda item: {"PutRequest": {"Item": item}}), _key.map(lambda key: {"DeleteRequest": {"Key": key}})
    ),
    min_size=1,
    max_size=4,
).map(lambda writes: ("BatchWriteItem", {"RequestItems": {"Things": writes}}))
_KEY_CONDITIONS = [
    "pk = :p",
    "pk = :p AND sk > :s",
    "pk = :p AND sk BETWEEN :s AND :s",
    "pk = :p AND begins_with(sk, :s)",
]
_query = some.builds(
    lambda condition, place, limit, forward, consistent: (
        "Query",
        {
            "TableName": "Things", "KeyConditionExpression": condition, "ScanIndexForward": forward,
            "ExpressionAttributeValues": {":p": {"S": "p"}} | ({":s": {"S": place}} if ":s" in condition else {}),
            "ConsistentRead": consistent, **limit,
        },
    ),
    some.sampled_from(_KEY_CONDITIONS), some.sampled_from("123"), some.sampled_from([{}, {"Limit": 1}, {"Limit": 2}]),
    some.booleans(), some.booleans(),
)  # fmt: skip
_get = _key.map(lambda key: ("GetItem", {"TableName": "Things", "Key": key, "ProjectionExpression": "pk, t, w"}))


class Elsewhere:
    """A table of the same keys at the endpoint, empty when it is made."""

    def __init__(self, url: str) -> None:
        self._send = endpoint.over_http(url)
        self._table = f"Things-{secrets.token_hex(4)}"
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.ask(
            "CreateTable",
            {
                "TableName": "Things",
                "KeySchema": [{"AttributeName": key, "KeyType": kind} for key, kind in keys],
                "AttributeDefinitions": [{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
                "BillingMode": "PAY_PER_REQUEST",
            },
        )

    def ask(self, operation: str, parameters: Json) -> tuple[int, Json]:
        text = endpoint.as_json(parameters).replace('"Things"', f'"{self._table}"')
        status, answer = self._send(f"DynamoDB_20120810.{operation}", text)
        return status, json.loads(answer.replace(f'"{self._table}"', '"Things"'))


@pytest.fixture(scope="module")
def strict() -> Iterator[StrictAWS]:
    with nothing_else(), patch.object(endpoint, "URL", None), StrictAWS() as aws:
        make_table()
        yield aws


@pytest.fixture(scope="module")
def empty(strict: StrictAWS) -> Any:
    return strict.snapshot()


@settings(
    max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(some.lists(some.one_of(_single, _together, _batch, _query, _get), min_size=1, max_size=12))
def test_they_say_the_same(strict: StrictAWS, empty: Any, requests: list[tuple[str, Json]]) -> None:
    strict.restore(empty)
    elsewhere = Elsewhere(URL)
    for operation, params in requests:
        assert _of_elsewhere(elsewhere, operation, params) == _of_layer(operation, params), (operation, params)
    _, scanned = elsewhere.ask("Scan", {"TableName": "Things"})
    assert _sorted(scanned["Items"]) == _sorted(client("dynamodb").scan(TableName="Things")["Items"])


def _of_elsewhere(elsewhere: Elsewhere, operation: str, parameters: Json) -> Any:
    status, answer = elsewhere.ask(operation, parameters)
    return _plain(answer) if status == 200 else _refusal(answer["__type"].rpartition("#")[2], answer)


def _of_layer(operation: str, asked: Json) -> Any:
    call = {"PutItem": "put_item", "UpdateItem": "update_item", "DeleteItem": "delete_item", "Query": "query"}
    call |= {"TransactWriteItems": "transact_write_items", "BatchWriteItem": "batch_write_item", "GetItem": "get_item"}
    try:
        return _plain(getattr(client("dynamodb"), call[operation])(**asked))
    except ClientError as refusal:
        return _refusal(refusal.response["Error"]["Code"], refusal.response)


def _plain(told: Json) -> Any:
    left_out = ("ResponseMetadata", "UnprocessedItems", "ItemCollectionMetrics")
    return _ordered({name: value for name, value in told.items() if name not in left_out})


def _refusal(kind: str, told: Json) -> Any:
    reasons = [(one["Code"], _ordered(one.get("Item"))) for one in told.get("CancellationReasons", ())]
    return kind, reasons, _ordered(told.get("Item"))


def _ordered(told: Any) -> Any:
    """Sets have no order."""
    if isinstance(told, dict):
        return {name: sorted(one) if name == "SS" else _ordered(one) for name, one in told.items()}
    return [_ordered(one) for one in told] if isinstance(told, list) else told


def _sorted(items: list[Json]) -> list[str]:
    return sorted(json.dumps(_ordered(item), sort_keys=True) for item in items)
