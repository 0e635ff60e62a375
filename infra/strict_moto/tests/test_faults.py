"""A planned failure meets the SDK as it would in life: through its own retries, parsing and error classes."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError
from pynamodb.exceptions import PutError

from .. import (
    DIES_AFTER,
    DIES_BEFORE,
    ERROR_AFTER,
    FAILING_FROM,
    LOST_REPLY,
    THROTTLED,
    Crash,
    StrictAWS,
)
from .scene import REGION, Thing, client, key, make_table, read

TRIES = 4  # the first and three retries


def hit_by_boto3() -> None:
    client("dynamodb").update_item(
        TableName="Things",
        Key=key("a"),
        UpdateExpression="ADD hits :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


def hit_by_pynamodb() -> None:
    Thing("a", "0").update(actions=[Thing.hits.add(1)])


def hits() -> int:
    return int((read("a") or {"hits": {"N": "0"}})["hits"]["N"])


@pytest.fixture(params=[hit_by_boto3, hit_by_pynamodb])
def hit(request: pytest.FixtureRequest, strict_aws: StrictAWS) -> Callable[[], None]:
    make_table()
    strict_aws.trace.clear()
    return request.param  # type: ignore[no-any-return]


def test_dying_before_the_effect_leaves_nothing(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_BEFORE)
    with pytest.raises(Crash):
        hit()
    assert hits() == 0
    assert strict_aws.trace.calls[0].error == "Crash"


def test_dying_after_the_effect_leaves_it(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_AFTER)
    with pytest.raises(Crash):
        hit()
    assert hits() == 1


def test_nobody_can_forgive_a_crash_by_catching_every_exception(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_BEFORE)
    with pytest.raises(Crash):
        try:
            hit()
        except Exception:
            pytest.fail("a dead process cannot forgive itself")


def test_the_dead_make_no_more_calls_within_their_process(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_AFTER)
    with pytest.raises(Crash), strict_aws.faults.process():
        try:
            hit()
        finally:
            hit()
    assert hits() == 1
    with strict_aws.faults.process():
        hit()
    assert hits() == 2


def test_a_throttled_call_is_tried_again_and_then_given_up(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, THROTTLED)
    with pytest.raises(Exception, match="ProvisionedThroughputExceededException"):
        hit()
    assert strict_aws.trace.calls[0].attempts == TRIES
    assert strict_aws.trace.calls[0].error == "ProvisionedThroughputExceededException"
    assert hits() == 0


def test_a_lost_reply_makes_the_sdk_do_it_twice(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, LOST_REPLY)
    hit()
    assert strict_aws.trace.calls[0].attempts == 2
    assert hits() == 2


def test_a_lost_reply_to_a_conditional_put_is_a_false_failure(strict_aws: StrictAWS) -> None:
    make_table()
    strict_aws.faults.fail(1, LOST_REPLY)
    with pytest.raises(PutError) as caught:
        Thing("a", "0", hits=7).save(Thing.pk.does_not_exist())
    assert caught.value.cause_response_code == "ConditionalCheckFailedException"
    assert hits() == 7


def test_a_lost_reply_without_retries_reaches_the_program(strict_aws: StrictAWS) -> None:
    make_table()
    strict_aws.faults.fail(1, LOST_REPLY)
    with pytest.raises(ConnectionClosedError):
        client("dynamodb", retries=0).put_item(TableName="Things", Item=key("a"))
    assert read("a") is not None


def test_an_error_after_the_effect_persists_but_is_done_once(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, ERROR_AFTER)
    with pytest.raises(Exception, match="InternalServerError"):
        hit()
    assert strict_aws.trace.calls[0].attempts == TRIES
    assert hits() == 1


def test_failing_from_there_on_fails_everything_until_cleared(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(2, FAILING_FROM)
    hit()
    for _ in range(40):  # more than the SDK's quota of retries would last
        with pytest.raises(Exception, match="ServiceUnavailable"):
            hit()
    assert {call.attempts for call in strict_aws.trace.calls[1:]} == {TRIES}
    strict_aws.faults.clear()
    hit()
    assert hits() == 2


def test_one_service_may_be_down_and_others_answer(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.refuse("dynamodb")
    with pytest.raises(Exception, match="ServiceUnavailable"):
        hit()
    assert client("sqs").list_queues()["ResponseMetadata"]["HTTPStatusCode"] == 200
    strict_aws.faults.clear()
    hit()
    assert hits() == 1


def test_calls_are_counted_from_now_without_their_retries(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    hit()
    strict_aws.faults.fail(1, LOST_REPLY)
    strict_aws.faults.fail(3, DIES_BEFORE)
    hit()
    hit()
    with pytest.raises(Crash):
        hit()
    assert [fired.kind for fired in strict_aws.faults.fired] == [LOST_REPLY, DIES_BEFORE]
    assert [fired.call for fired in strict_aws.faults.fired] == [strict_aws.trace.calls[1], strict_aws.trace.calls[3]]


def test_cleared_faults_never_fire(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_BEFORE)
    strict_aws.faults.clear()
    hit()
    assert not strict_aws.faults.fired


def test_the_world_outside_is_not_struck(strict_aws: StrictAWS, hit: Callable[[], None]) -> None:
    strict_aws.faults.fail(1, DIES_BEFORE)
    with strict_aws.outside():
        hit()
    with pytest.raises(Crash):
        hit()


def test_a_lost_reply_to_a_transaction_is_harmless(strict_or_bare: Any) -> None:
    """Its token makes the repeat a success without a second effect; bare moto has no such memory."""
    dynamodb = make_table()
    add = {
        "TableName": "Things",
        "Key": key("a"),
        "UpdateExpression": "ADD hits :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    if isinstance(strict_or_bare, StrictAWS):
        strict_or_bare.faults.fail(1, LOST_REPLY)
        dynamodb.transact_write_items(TransactItems=[{"Update": add}])
    else:
        for _ in range(2):  # what the SDK would send
            dynamodb.transact_write_items(TransactItems=[{"Update": add}], ClientRequestToken="the-same")
    assert hits() == 1


def s3_put() -> Any:
    return client("s3").put_object(Bucket="bucket", Key="k", Body=b"1")


OTHERS = {
    "s3": (s3_put, "SlowDown", "InternalError"),
    "sqs": (
        lambda: client("sqs").send_message(
            QueueUrl=f"https://sqs.{REGION}.amazonaws.com/123456789012/q", MessageBody="1"
        ),
        "RequestThrottled",
        "InternalFailure",
    ),
    "sns": (
        lambda: client("sns").publish(TopicArn=f"arn:aws:sns:{REGION}:123456789012:t", Message="1"),
        "Throttled",
        "InternalError",
    ),
    "kms": (lambda: client("kms").list_keys(), "ThrottlingException", "KMSInternalException"),
    "ses": (lambda: client("ses").list_identities(), "Throttling", "InternalFailure"),
    "ssm": (lambda: client("ssm").describe_parameters(), "ThrottlingException", "InternalServerError"),
}


@pytest.mark.parametrize("service", OTHERS)
def test_each_service_fails_in_its_own_words(strict_aws: StrictAWS, service: str) -> None:
    client("s3").create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("sqs").create_queue(QueueName="q")
    client("sns").create_topic(Name="t")
    call, throttle, internal = OTHERS[service]
    for kind, code in ((THROTTLED, throttle), (ERROR_AFTER, internal), (FAILING_FROM, "ServiceUnavailable")):
        strict_aws.faults.clear()
        strict_aws.faults.fail(1, kind)
        with pytest.raises(ClientError) as caught:
            call()
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["RetryAttempts"] == TRIES - 1
    strict_aws.faults.clear()
    strict_aws.faults.fail(1, LOST_REPLY)
    assert call()["ResponseMetadata"]["RetryAttempts"] == 1
