"""The layer as a whole: it sleeps for nobody, makes room, and leaves nothing behind."""

import os
import time
from typing import Any

import boto3
import pytest
import requests
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.dynamodb.models import DynamoDBBackend

from .. import THROTTLED, StrictAWS
from .scene import ACCESS_KEY, REGION, SECRET, client, key, make_table, read, stream_records


def test_retries_take_no_time(strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    make_table()
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("somebody slept"))
    strict_aws.faults.fail(1, THROTTLED)
    with pytest.raises(ClientError):
        read("a")
    assert strict_aws.trace.calls[-1].attempts == 4


def test_a_long_poll_comes_back_at_once(strict_aws: StrictAWS) -> None:
    queue = client("sqs").create_queue(QueueName="q")["QueueUrl"]
    started = time.monotonic()
    assert "Messages" not in client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=20)
    assert time.monotonic() - started < 10


def test_a_mail_of_a_configuration_set_that_is_not_there_is_refused(strict_or_bare: Any) -> None:
    ses = client("sesv2")
    ses.create_email_identity(EmailIdentity="example.com")
    ses.create_configuration_set(ConfigurationSetName="there")
    text = {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "y"}}}}
    mail = {"FromEmailAddress": "a@example.com", "Destination": {"ToAddresses": ["b@example.com"]}, "Content": text}
    assert ses.send_email(**mail, ConfigurationSetName="there")["MessageId"]
    with pytest.raises(ClientError) as refused:
        ses.send_email(**mail, ConfigurationSetName="elsewhere")
    assert refused.value.response["Error"]["Code"] == "NotFoundException"


def test_a_client_made_before_is_held_too(strict_aws: StrictAWS) -> None:
    """All of these tests share their clients, made whenever they were first needed."""
    make_table()
    fresh = boto3.client("dynamodb", region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET)
    fresh.put_item(TableName="Things", Item=key("a"))
    client("dynamodb").put_item(TableName="Things", Item=key("b"))
    assert strict_aws.trace.names()[-2:] == ["dynamodb.PutItem"] * 2


def test_plain_http_to_aws_is_not_let_through_unverified(strict_or_bare: Any) -> None:
    client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(RuntimeError, match="S3Guard"):
        requests.put(f"https://media.s3.{REGION}.amazonaws.com/k", data=b"1", timeout=1)


@pytest.mark.parametrize("key", ["a\x01b", "a\ufffeb"])
def test_an_order_to_delete_what_xml_has_no_character_for_is_refused_whole(strict_aws: StrictAWS, key: str) -> None:
    """As S3 does (boto/boto3#2005); moto dies of it, as nothing of AWS's would."""
    client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    for one in (key, "good"):
        client("s3").put_object(Bucket="media", Key=one, Body=b"1")
    objects = [{"Key": one} for one in (key, "good")]
    with pytest.raises(ClientError) as refused:
        client("s3").delete_objects(Bucket="media", Delete={"Objects": objects})
    assert refused.value.response["Error"]["Code"] == "MalformedXML"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert [one["Key"] for one in client("s3").list_objects_v2(Bucket="media")["Contents"]] == [key, "good"]
    client("s3").delete_object(Bucket="media", Key=key)  # the address has words for it
    assert [one["Key"] for one in client("s3").list_objects_v2(Bucket="media")["Contents"]] == ["good"]


def test_what_is_loaded_is_there_and_neither_traced_nor_told(strict_aws: StrictAWS) -> None:
    make_table(stream=True).put_item(TableName="Things", Item=key("a"))
    strict_aws.load("Things", [{**key("b"), "n": {"N": "1.0"}, "x": {"B": b"\x00"}}])
    assert [call.operation for call in strict_aws.trace] == ["CreateTable", "PutItem"]
    assert read("b") == {**key("b"), "n": {"N": "1"}, "x": {"B": b"\x00"}}
    assert [record["dynamodb"]["Keys"] for record in stream_records()] == [key("a")]
    with pytest.raises(Exception, match="Missing the key sk"):
        strict_aws.load("Things", [{"pk": {"S": "c"}}])


def test_a_layer_set_aside_comes_back_as_it_was(strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "set-after-the-layer-was-on")
    make_table()
    client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket="media", Key="k", Body=b"mine")
    client("dynamodb").put_item(TableName="Things", Item=key("mine"))
    environment = dict(os.environ)
    with strict_aws.set_aside():
        with StrictAWS():
            make_table()
            assert read("mine") is None
            client("dynamodb").put_item(TableName="Things", Item=key("theirs"))
        with mock_aws():
            assert client("dynamodb").list_tables()["TableNames"] == []
    assert dict(os.environ) == environment
    assert read("mine") is not None and read("theirs") is None
    assert client("s3").get_object(Bucket="media", Key="k")["Body"].read() == b"mine"
    strict_aws.trace.clear()
    read("mine")
    assert len(strict_aws.trace) == 1


def test_nothing_of_the_layer_stays_behind() -> None:
    before = StrictAWS.running
    replaced = [(BotocoreStubber, "__call__"), (DynamoDBBackend, "put_item"), (DynamoDBBackend, "transact_write_items")]
    if before is None:
        originals = [getattr(owner, name) for owner, name in replaced]
        with StrictAWS():
            assert all(
                getattr(owner, name) is not kept for (owner, name), kept in zip(replaced, originals, strict=True)
            )
        assert [getattr(owner, name) for owner, name in replaced] == originals
    assert StrictAWS.running is before


def test_what_would_go_past_the_layer_is_not_played(strict_aws: StrictAWS) -> None:
    make_table()
    with pytest.raises(NotImplementedError):
        client("dynamodb").execute_statement(Statement="DELETE FROM Things WHERE pk='a' AND sk='0'")
