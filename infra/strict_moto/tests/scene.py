"""What the tests of the strict layer set up: clients, a table, a look at what is in it."""

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import FrameType
from typing import Any

import boto3
import pytest
from botocore.config import Config
from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from .. import StrictAWS, endpoint

REGION = "eu-central-1"
ACCESS_KEY, SECRET = "FOOBARKEY", "FOOBARSECRET"
# For what is said of moto, or of the figures and refusals that the layer itself puts in its place.
ON_MOTO = pytest.mark.skipif(endpoint.URL is not None, reason="DynamoDB is at an endpoint, and this is about moto")


class Thing(Model):
    """What lies in the table, for who asks through PynamoDB."""

    class Meta:
        table_name = "Things"
        region = REGION
        aws_access_key_id = ACCESS_KEY
        aws_secret_access_key = SECRET

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True, default="0")
    text = UnicodeAttribute(null=True)
    hits = NumberAttribute(null=True)


@functools.cache
def client(service: str, retries: int = 3) -> Any:
    """Made once: a client outlives any number of worlds."""
    return boto3.client(
        service,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET,
        config=Config(
            signature_version="s3v4" if service == "s3" else None,
            account_id_endpoint_mode="disabled",  # bare moto does not know such a host for streams
            retries={"mode": "standard", "total_max_attempts": 1 + retries},
        ),
    )


def nothing_else() -> AbstractContextManager[None]:
    """A cloud that other tests of this process share may be on."""
    return StrictAWS.running.set_aside() if StrictAWS.running else nullcontext()


def make_table(name: str = "Things", *, stream: bool = False, ttl: bool = False, range_key: bool = True) -> Any:
    dynamodb = client("dynamodb")
    keys = [("pk", "HASH"), ("sk", "RANGE")] if range_key else [("pk", "HASH")]
    extra: dict[str, Any] = {}
    if stream:
        extra["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in keys],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key, _ in keys],
        BillingMode="PAY_PER_REQUEST",
        **extra,
    )
    if ttl:
        specification = {"Enabled": True, "AttributeName": "expires_at"}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=specification)
    return dynamodb


def key(pk: str, sk: str = "0") -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def read(pk: str, sk: str = "0", table: str = "Things") -> dict[str, Any] | None:
    found: dict[str, Any] = client("dynamodb").get_item(TableName=table, Key=key(pk, sk), ConsistentRead=True)
    return found.get("Item")


def stream_records(table: str = "Things") -> list[dict[str, Any]]:
    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName=table)["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records: list[dict[str, Any]] = streams.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    return records


def steps_of(deed: Callable[[], Any]) -> int:
    """Python calls made: a count instead of a stopwatch."""
    count = 0

    def watch(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(watch)
    try:
        deed()
    finally:
        sys.setprofile(None)
    return count
