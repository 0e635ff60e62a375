"""The differences of MiniStack from AWS are still there, in the version that is pinned."""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path
from typing import Any

import pytest

from infra.strict_moto import endpoint
from tests.endpoint import differences
from tests.endpoint.differences import DIFFERENCES, MINISTACK, Difference
from tests.endpoint.plugin import of_test
from tests.house.laws import ROOT

ON_MINISTACK = pytest.mark.skipif(
    os.environ.get("ENDPOINT") != "ministack", reason="`make test-endpoint` starts MiniStack"
)
KEY = {"pk": {"S": "a"}, "sk": {"S": "0"}}
Json = dict[str, Any]


class Table:
    """A table of its own, asked without an SDK's own checks."""

    def __init__(self, **more: Any) -> None:
        assert endpoint.URL is not None
        self._send, self.name = endpoint.over_http(endpoint.URL), f"Things-{secrets.token_hex(4)}"
        keys = [("pk", "HASH"), ("sk", "RANGE")]
        self.ask(
            "CreateTable",
            KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
            AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
            BillingMode="PAY_PER_REQUEST",
            **more,
        )

    def ask(self, operation: str, **parameters: Any) -> Json:
        status, text = self.try_to(operation, **parameters)
        assert status == 200, text
        return text

    def try_to(self, operation: str, **parameters: Any) -> tuple[int, Json]:
        status, text = self._send(f"DynamoDB_20120810.{operation}", json.dumps({"TableName": self.name, **parameters}))
        return status, json.loads(text)

    def transact(self, **action: Json) -> tuple[int, Json]:
        named = {verb: {"TableName": self.name, **one} for verb, one in action.items()}
        return self.try_to("TransactWriteItems", TransactItems=[named])


def reads_cost_one() -> None:
    table = Table()
    table.ask("PutItem", Item={**KEY, "x": {"S": "x" * 9_000}})
    for consistent, units in ((True, 1), (False, 0.5)):
        answer = table.ask("GetItem", Key=KEY, ConsistentRead=consistent, ReturnConsumedCapacity="TOTAL")
        assert answer["ConsumedCapacity"]["CapacityUnits"] == units


def two_verbs() -> None:
    assert Table().transact(Put={"Item": KEY}, Delete={"Key": {**KEY, "pk": {"S": "b"}}})[0] == 200


def half_a_key() -> None:
    assert Table().transact(Put={"Item": {"pk": {"S": "a"}}})[0] == 200
    assert Table().transact(Delete={"Key": {"pk": {"S": "a"}}})[0] == 200


def other_words() -> None:
    table = Table()
    items = [{"pk": {"S": str(number)}, "sk": {"S": "0"}, "x": {"S": "x" * 399_000}} for number in range(11)]
    puts = [{"Put": {"TableName": table.name, "Item": item}} for item in items]
    status, answer = table.try_to("TransactWriteItems", TransactItems=puts)
    assert (status, answer["message"]) == (400, "Transaction request exceeds the 4MB transaction size limit")


def remove_below_nothing() -> None:
    table = Table()
    table.ask("PutItem", Item=KEY)
    for path in ("q.r", "q[0]"):
        table.ask("UpdateItem", Key=KEY, UpdateExpression=f"REMOVE {path}")


def element_of_nothing() -> None:
    table = Table()
    table.ask("PutItem", Item={**KEY, "x": {"S": "text"}})
    update = {"Key": KEY, "UpdateExpression": "SET x[0] = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}
    assert table.transact(Update=update)[0] == 200


def stream_of_nothing() -> None:
    table = Table(StreamSpecification={"StreamEnabled": False})
    assert "/stream/" in table.ask("DescribeTable")["Table"]["LatestStreamArn"]


SHOWN = {
    differences.READS_COST_ONE: reads_cost_one,
    differences.TWO_VERBS: two_verbs,
    differences.HALF_A_KEY: half_a_key,
    differences.OTHER_WORDS: other_words,
    differences.REMOVE_BELOW_NOTHING: remove_below_nothing,
    differences.ELEMENT_OF_NOTHING: element_of_nothing,
    differences.STREAM_OF_NOTHING: stream_of_nothing,
}


@ON_MINISTACK
@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda one: one.what)
def test_it_is_still_otherwise(difference: Difference) -> None:
    SHOWN[difference]()


def test_each_difference_is_shown_and_of_the_version_that_is_pinned() -> None:
    assert set(SHOWN) == set(DIFFERENCES)
    pinned = (ROOT / "tests" / "deployed" / "requirements.txt").read_text()
    assert re.findall(r"^ministack==(\S+)", pinned, re.MULTILINE) == [MINISTACK]


def test_the_tests_that_rest_on_awss_way_are_there() -> None:
    named = [test for one in DIFFERENCES for test in one.tests]
    assert len(named) == len(set(named)) > 5
    for test in named:
        path, _, name = test.partition("::")
        (found,) = [one for one in (ROOT / "infra").rglob(Path(path).name) if one.as_posix().endswith(path)]
        assert f"def {name.partition('[')[0]}(" in found.read_text()
        assert of_test(f"infra/{test}") is not None
    assert of_test("tests/sessions/test_tokens.py::test_an_exact_repeat_counts_for_a_day") is None
