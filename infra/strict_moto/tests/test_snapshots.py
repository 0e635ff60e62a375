"""The whole of AWS taken and put back, as often as one likes, untouched by what happened in between."""

import json
from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.moto_api._internal import mock_random

from .. import StrictAWS
from .scene import REGION, client, key, make_table, read, steps_of, stream_records


def s3_body(name: str = "k") -> bytes:
    return client("s3").get_object(Bucket="media", Key=name)["Body"].read()  # type: ignore[no-any-return]


def build() -> dict[str, Any]:
    """A little of everything."""
    make_table(stream=True, ttl=True)
    make_table("Plain", range_key=False)
    client("dynamodb").put_item(TableName="Things", Item={**key("a"), "m": {"M": {"x": {"L": [{"N": "1"}]}}}})
    client("dynamodb").put_item(TableName="Plain", Item={"pk": {"S": "a"}})
    s3, sqs, sns, kms, ses, ssm = (client(name) for name in ("s3", "sqs", "sns", "kms", "ses", "ssm"))
    s3.create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="media", Key="k", Body=b"first", Metadata={"who": "ada"})
    upload = s3.create_multipart_upload(Bucket="media", Key="big")["UploadId"]
    s3.upload_part(Bucket="media", Key="big", UploadId=upload, PartNumber=1, Body=b"part")
    queue = sqs.create_queue(QueueName="q")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="waiting")
    application = sns.create_platform_application(Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"})
    endpoint = sns.create_platform_endpoint(PlatformApplicationArn=application["PlatformApplicationArn"], Token="t")
    secret = kms.create_key()["KeyMetadata"]["KeyId"]
    signer = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    ses.verify_domain_identity(Domain="example.org")
    ssm.put_parameter(Name="/a", Value="1", Type="String")
    sealed = kms.encrypt(KeyId=secret, Plaintext=b"secret")["CiphertextBlob"]
    return {
        "upload": upload,
        "queue": queue,
        "endpoint": endpoint["EndpointArn"],
        "secret": secret,
        "signer": signer,
        "sealed": sealed,
    }


def change_everything(made: dict[str, Any]) -> None:
    dynamodb = client("dynamodb")
    dynamodb.update_item(
        TableName="Things",
        Key=key("a"),
        UpdateExpression="SET m.x = :none",
        ExpressionAttributeValues={":none": {"L": []}},
    )
    dynamodb.put_item(TableName="Things", Item=key("new"))
    dynamodb.put_item(TableName="Things", Item=key("a", "new range"))
    dynamodb.delete_item(TableName="Plain", Key={"pk": {"S": "a"}})
    make_table("Another")
    client("s3").put_object(Bucket="media", Key="k", Body=b"second")
    client("s3").put_object(Bucket="media", Key="new", Body=b"new")
    client("s3").abort_multipart_upload(Bucket="media", Key="big", UploadId=made["upload"])
    client("s3").create_bucket(Bucket="another", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sqs").receive_message(QueueUrl=made["queue"], VisibilityTimeout=1000)
    client("sqs").create_queue(QueueName="another")
    client("sns").publish(TargetArn=made["endpoint"], Message="hello")
    client("sns").delete_endpoint(EndpointArn=made["endpoint"])
    client("kms").schedule_key_deletion(KeyId=made["secret"], PendingWindowInDays=7)
    client("kms").disable_key(KeyId=made["signer"])
    client("ses").delete_identity(Identity="example.org")
    client("ssm").put_parameter(Name="/a", Value="2", Type="String", Overwrite=True)
    client("secretsmanager").create_secret(Name="new", SecretString="x")


def require_unchanged(made: dict[str, Any]) -> None:
    dynamodb, s3, kms = client("dynamodb"), client("s3"), client("kms")
    assert read("a") == {**key("a"), "m": {"M": {"x": {"L": [{"N": "1"}]}}}}
    assert read("new") is None and read("a", "new range") is None
    assert dynamodb.get_item(TableName="Plain", Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
    assert dynamodb.list_tables()["TableNames"] == ["Things", "Plain"]
    assert dynamodb.describe_time_to_live(TableName="Things")["TimeToLiveDescription"]["AttributeName"] == "expires_at"
    assert [record["eventName"] for record in stream_records()] == ["INSERT"]
    assert s3_body() == b"first"
    assert s3.head_object(Bucket="media", Key="k")["Metadata"] == {"who": "ada"}
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="media")["Contents"]] == ["k"]
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["media"]
    parts = s3.list_parts(Bucket="media", Key="big", UploadId=made["upload"])["Parts"]
    assert [part["Size"] for part in parts] == [4]
    assert client("sqs").list_queues()["QueueUrls"] == [made["queue"]]
    messages = client("sqs").receive_message(QueueUrl=made["queue"], VisibilityTimeout=1000)["Messages"]
    assert [message["Body"] for message in messages] == ["waiting"]
    client("sns").publish(TargetArn=made["endpoint"], Message="hello")
    assert kms.decrypt(CiphertextBlob=made["sealed"])["Plaintext"] == b"secret"
    assert kms.sign(KeyId=made["signer"], Message=b"1", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
    assert client("ses").list_identities()["Identities"] == ["example.org"]
    assert client("ssm").get_parameter(Name="/a")["Parameter"]["Value"] == "1"
    assert client("secretsmanager").list_secrets()["SecretList"] == []


def test_a_restored_world_is_as_it_was_as_often_as_one_likes(strict_aws: StrictAWS) -> None:
    made = build()
    snapshot = strict_aws.snapshot()
    for _ in range(3):
        change_everything(made)
        strict_aws.restore(snapshot)
        require_unchanged(made)
        strict_aws.restore(snapshot)
        require_unchanged(made)


def test_two_snapshots_do_not_touch_each_other(strict_aws: StrictAWS) -> None:
    made = build()
    first = strict_aws.snapshot()
    change_everything(made)
    second = strict_aws.snapshot()
    strict_aws.restore(first)
    require_unchanged(made)
    strict_aws.restore(second)
    assert s3_body() == b"second"
    assert read("new") == key("new")


def test_a_restored_world_goes_on_working(strict_aws: StrictAWS) -> None:
    made = build()
    strict_aws.restore(strict_aws.snapshot())
    change_everything(made)
    assert s3_body() == b"second"
    assert [record["eventName"] for record in stream_records()] == ["INSERT", "MODIFY", "INSERT", "INSERT"]
    dead_letters = client("sqs").create_queue(QueueName="dead")["QueueUrl"]
    client("sqs").send_message(QueueUrl=dead_letters, MessageBody="1")
    assert client("sqs").receive_message(QueueUrl=dead_letters)["Messages"]


def test_notifications_still_find_their_queue_after_a_restore(strict_aws: StrictAWS) -> None:
    made = build()
    queue_arn = f"arn:aws:sqs:{REGION}:123456789012:q"
    wiring = {"QueueConfigurations": [{"QueueArn": queue_arn, "Events": ["s3:ObjectCreated:*"]}]}
    client("s3").put_bucket_notification_configuration(Bucket="media", NotificationConfiguration=wiring)
    strict_aws.restore(strict_aws.snapshot())
    client("sqs").purge_queue(QueueUrl=made["queue"])
    client("s3").put_object(Bucket="media", Key="new", Body=b"1")
    (message,) = client("sqs").receive_message(QueueUrl=made["queue"])["Messages"]
    assert json.loads(message["Body"])["Records"][0]["s3"]["object"]["key"] == "new"


def test_a_shard_iterator_survives(strict_aws: StrictAWS) -> None:
    build()
    streams = client("dynamodbstreams")
    arn = streams.list_streams(TableName="Things")["Streams"][0]["StreamArn"]
    shard = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["ShardId"]
    start = streams.get_shard_iterator(StreamArn=arn, ShardId=shard, ShardIteratorType="LATEST")["ShardIterator"]
    snapshot = strict_aws.snapshot()
    client("dynamodb").put_item(TableName="Things", Item=key("lost"))
    strict_aws.restore(snapshot)
    client("dynamodb").put_item(TableName="Things", Item=key("kept"))
    records = streams.get_records(ShardIterator=start)["Records"]
    assert [record["dynamodb"]["Keys"]["pk"] for record in records] == [{"S": "kept"}]


def test_tokens_and_randomness_are_part_of_the_world(strict_aws: StrictAWS) -> None:
    make_table()
    snapshot = strict_aws.snapshot()
    first = mock_random.uuid4()
    add = {
        "TableName": "Things",
        "Key": key("a"),
        "UpdateExpression": "ADD hits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    for _ in range(2):
        client("dynamodb").transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="t")
        strict_aws.restore(snapshot)
    assert read("a") is None
    client("dynamodb").transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="t")
    assert read("a") is not None
    strict_aws.restore(snapshot)
    assert mock_random.uuid4() == first


def test_one_seed_makes_one_world() -> None:
    ids = []
    with StrictAWS.running.set_aside() if StrictAWS.running else nullcontext():
        for _ in range(2):
            with StrictAWS(seed=7):
                ids.append(client("kms").create_key()["KeyMetadata"]["KeyId"])
    assert ids[0] == ids[1]


def test_an_empty_world_can_be_put_back(strict_aws: StrictAWS) -> None:
    snapshot = strict_aws.snapshot()
    build()
    strict_aws.restore(snapshot)
    assert client("dynamodb").list_tables()["TableNames"] == []
    with pytest.raises(ClientError):
        s3_body()
    make_table()


def test_it_takes_milliseconds(strict_aws: StrictAWS) -> None:
    made = build()
    for number in range(0, 500, 25):
        entries = [{"PutRequest": {"Item": key(f"row{number + n}")}} for n in range(25)]
        client("dynamodb").batch_write_item(RequestItems={"Things": entries})
    for number in range(50):
        client("s3").put_object(Bucket="media", Key=f"object{number}", Body=b"x" * 50_000)
        client("sqs").send_message(QueueUrl=made["queue"], MessageBody=str(number))

    # The bytes of objects are not copied.
    assert len(strict_aws.snapshot().pickled) < 500_000
    # A count instead of a stopwatch: some thirty thousand steps are ten milliseconds.
    assert steps_of(strict_aws.snapshot) < 30_000
    assert steps_of(lambda: strict_aws.restore(strict_aws.snapshot())) < 60_000
