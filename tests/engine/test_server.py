"""The engine over HTTP, asked by the SDK; and the world that lies on it, which leaves nothing behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.strict_moto import StrictAWS
from infra.strict_moto.endpoint import Endpoint
from infra.strict_moto.tests.scene import client, key, make_table, nothing_else, read, stream_records
from tests.engine.engine import Engine
from tests.engine.server import serving

NOW = 1_790_000_000


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def address(engine: Engine) -> Iterator[str]:
    server = serving(engine)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def strict(engine: Engine) -> Iterator[StrictAWS]:
    with nothing_else(), StrictAWS(dynamodb=Endpoint(engine.answer)) as aws:
        yield aws


def test_the_sdk_is_answered(address: str) -> None:
    with nothing_else():
        config = Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True)
        dynamodb = boto3.client(
            "dynamodb", endpoint_url=address, region_name="eu-central-1", config=config,
            aws_access_key_id="none", aws_secret_access_key="none",
        )  # fmt: skip
        dynamodb.create_table(
            TableName="Things",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "B"}],
        )
        item = {"pk": {"B": b"\x00\xff"}, "s": {"BS": [b"\x01"]}}
        dynamodb.put_item(TableName="Things", Item=item)
        assert dynamodb.get_item(TableName="Things", Key={"pk": item["pk"]})["Item"] == item
        failing: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        with pytest.raises(ClientError) as refusal:
            dynamodb.put_item(TableName="Things", Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **failing)
        assert refusal.value.response["Item"] == item


def test_items_lie_at_the_endpoint_under_a_name_of_their_own(strict: StrictAWS, engine: Engine) -> None:
    make_table().put_item(TableName="Things", Item=key("a"))
    ((name, table),) = engine.tables.items()
    assert name != "Things"
    assert list(table.all()) == [key("a")]
    assert read("a") == key("a")


def test_what_the_endpoint_is_told_is_told_by_the_stream(strict: StrictAWS) -> None:
    dynamodb = make_table(stream=True)
    dynamodb.put_item(TableName="Things", Item=key("a"))
    dynamodb.delete_item(TableName="Things", Key=key("a"))
    assert [record["eventName"] for record in stream_records()] == ["INSERT", "REMOVE"]


def test_a_world_is_put_back_at_the_endpoint_and_nobody_hears_of_it(strict: StrictAWS, engine: Engine) -> None:
    dynamodb = make_table(stream=True)
    for number in range(30):
        dynamodb.put_item(TableName="Things", Item=key(f"stays{number}"))
    kept = strict.snapshot()
    before = [item for table in engine.tables.values() for item in table.all()]
    for number in range(30):
        dynamodb.delete_item(TableName="Things", Key=key(f"stays{number}"))
    dynamodb.put_item(TableName="Things", Item=key("goes"))
    make_table("More")
    strict.restore(kept)
    assert len(engine.tables) == 1
    assert [item for table in engine.tables.values() for item in table.all()] == before
    assert len(stream_records()) == 30
    dynamodb.put_item(TableName="Things", Item=key("new"))
    assert len(stream_records()) == 31


def test_putting_back_what_did_not_change_asks_the_endpoint_nothing(strict: StrictAWS, engine: Engine) -> None:
    make_table(stream=True).put_item(TableName="Things", Item=key("a"))
    kept = strict.snapshot()
    read("a")
    engine.meter.clear()
    strict.restore(kept)
    assert not engine.meter.requests


def test_what_is_over_is_reaped_at_the_endpoint(strict: StrictAWS) -> None:
    dynamodb = make_table(stream=True, ttl=True)
    dynamodb.put_item(TableName="Things", Item={**key("over"), "expires_at": {"N": str(NOW - 1)}})
    dynamodb.put_item(TableName="Things", Item={**key("runs"), "expires_at": {"N": str(NOW + 1)}})
    assert strict.delete_expired(NOW, timedelta(0)) == 1
    assert (read("over"), read("runs") is None) == (None, False)
    assert stream_records()[-1]["userIdentity"]["PrincipalId"] == "dynamodb.amazonaws.com"


def test_a_token_is_the_layers_own(strict: StrictAWS, engine: Engine) -> None:
    dynamodb = make_table()
    update = {
        "TableName": "Things", "Key": key("a"), "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }  # fmt: skip
    kept = strict.snapshot()
    for _ in range(2):
        dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="once")
    assert (read("a") or {})["n"] == {"N": "1"}
    strict.restore(kept)
    dynamodb.transact_write_items(TransactItems=[{"Update": update}], ClientRequestToken="once")
    assert (read("a") or {})["n"] == {"N": "1"}


def test_the_trace_has_the_endpoints_figures(strict: StrictAWS) -> None:
    make_table().put_item(TableName="Things", Item={**key("a"), "x": {"S": "x" * 5000}})
    read("a")
    costs = [(call.operation, call.read_units, call.write_units) for call in strict.trace]
    assert costs[-2:] == [("PutItem", 0, 5), ("GetItem", 2, 0)]
    assert "ConsumedCapacity" not in client("dynamodb").get_item(TableName="Things", Key=key("a"))


def test_nothing_is_left_behind(engine: Engine) -> None:
    with nothing_else(), StrictAWS(dynamodb=Endpoint(engine.answer)) as aws:
        make_table()
        with aws.set_aside():
            assert not engine.tables
        assert len(engine.tables) == 1
    assert not engine.tables
