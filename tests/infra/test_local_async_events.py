"""A function that a bucket tells of its objects is invoked as Lambda does it: thrice, for six hours at most, and what
failed is left in its queue."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.local.async_events import OLDEST_S, queue_name
from infra.local.cloud import LocalCloud
from infra.local.pollers import DeliveryFaults
from tests.events import event
from tests.infra.toycloud import house

FUNCTION = "on_film_uploaded"
HOUR = 3_600


def upload(*names: str) -> None:
    for name in names:
        house.client("s3").put_object(Bucket="toy-media", Key=f"films/{name}", Body=b"film")


def messages(cloud: LocalCloud, queue: str) -> list[Any]:
    """Without letting anything settle."""
    from infra.local import dump

    name = queue if queue == queue_name(FUNCTION) else cloud.stack.physical(queue).rpartition("/")[2]
    return [json.loads(message["body"]) for message in dump.dump()["queues"][name]]


def waiting(cloud: LocalCloud) -> int:
    return len(messages(cloud, queue_name(FUNCTION)))


def named(told: Any) -> list[str]:
    return [record["s3"]["object"]["key"].rpartition("F")[2] for record in told["Records"]]


def directly() -> list[str]:
    """The films of the invocations by S3, in their order."""
    return [name for told in house.told if "body" not in told.get("Records", [{"body": ""}])[0] for name in named(told)]


def by_the_queue() -> list[Any]:
    """What its messages say, each time that they are received."""
    records = [record for told in house.told for record in told.get("Records", []) if "body" in record]
    return [json.loads(record["body"]) for record in records]


def test_an_upload_invokes_its_function_with_s3s_own_event_and_no_queue(cloud: LocalCloud) -> None:
    upload("a", "b")
    house.client("s3").put_object(Bucket="toy-media", Key="elsewhere/c", Body=b"film")
    assert (house.told, waiting(cloud)) == ([], 2)
    cloud.settle()
    assert directly() == ["a", "b"]
    assert {record["eventSource"] for told in house.told for record in told["Records"]} == {"aws:s3"}
    assert (waiting(cloud), messages(cloud, "Films")) == (0, [])


def test_a_failure_is_tried_again_after_one_minute_and_after_two(cloud: LocalCloud) -> None:
    house.failing.add("films")
    upload("a")
    cloud.settle()
    cloud.settle()
    tries = []
    for _ in range(4):
        tries.append(len(directly()))
        cloud.advance(61)
    assert tries == [1, 2, 2, 3]


def test_what_failed_thrice_is_left_in_the_queue_as_lambda_writes_it_and_comes_from_there(cloud: LocalCloud) -> None:
    house.failing.add("films")
    upload("a")
    cloud.advance(HOUR)
    assert directly() == ["a", "a", "a"]
    told = by_the_queue()[0]
    sample = json.loads(event("sqs_s3_given_up")["Records"][0]["body"])
    assert told.keys() == sample.keys()
    assert told["requestContext"].keys() == sample["requestContext"].keys()
    context = told["requestContext"]
    assert (context["condition"], context["approximateInvokeCount"]) == ("RetriesExhausted", 3)
    assert named(told["requestPayload"]) == ["a"]
    assert told["responsePayload"] == {"errorMessage": "no film today", "errorType": "RuntimeError"}
    # There it is tried as any message is, and put aside in the end.
    assert (waiting(cloud), messages(cloud, "Films")) == (0, [])
    assert messages(cloud, "DeadLetters") == [told]


def test_what_is_throttled_waits_for_six_hours_and_is_no_failure(cloud: LocalCloud) -> None:
    cloud.functions.throttled.add(FUNCTION)
    upload("a")
    cloud.advance(OLDEST_S - 400)
    assert (directly(), waiting(cloud), cloud.failures) == ([], 1, [])
    cloud.functions.throttled.clear()
    cloud.advance(301)
    assert (directly(), waiting(cloud)) == (["a"], 0)


def test_what_is_throttled_for_longer_is_left_in_the_queue_untried(cloud: LocalCloud) -> None:
    cloud.functions.throttled.add(FUNCTION)
    upload("a")
    cloud.advance(OLDEST_S + 301)
    (told,) = messages(cloud, "Films")
    assert (told["requestContext"]["condition"], told["requestContext"]["approximateInvokeCount"]) == (
        "EventAgeExceeded", 0,
    )  # fmt: skip
    assert "responsePayload" not in told
    cloud.functions.throttled.clear()
    cloud.advance(361)
    assert (directly(), by_the_queue()) == ([], [told])
    assert messages(cloud, "Films") == messages(cloud, "DeadLetters") == []


def test_a_queues_messages_are_received_and_come_to_nothing_while_its_function_is_throttled(cloud: LocalCloud) -> None:
    cloud.functions.throttled.add("on_order_changed")
    house.client("sqs").send_message(QueueUrl=cloud.stack.physical("Orders"), MessageBody="a")
    cloud.settle()
    (waits,) = cloud.dump()["unsent"]
    assert (waits["receive_count"], house.told) == (1, [])
    cloud.functions.throttled.clear()
    cloud.advance(361)
    assert [record["body"] for one in house.told for record in one.get("Records", [])] == ["a"]


def test_events_come_twice_late_and_in_another_order_if_they_are_to(cloud: LocalCloud) -> None:
    cloud.delivery_faults = DeliveryFaults(duplicated=1.0)
    upload("a")
    cloud.settle()
    assert directly() == ["a", "a"]
    house.forget()
    cloud.delivery_faults = DeliveryFaults(delayed=1.0, delay_seconds=300)
    upload("b")
    cloud.settle()
    assert (directly(), waiting(cloud)) == ([], 1)
    cloud.advance(300)
    assert directly() == ["b"]
    house.forget()
    cloud.delivery_faults = DeliveryFaults(reordered=True, seed=1)
    upload(*"cdefgh")
    cloud.settle()
    assert sorted(directly()) == list("cdefgh") != directly()


def test_what_waits_is_put_back_with_the_world(cloud: LocalCloud) -> None:
    house.failing.add("films")
    upload("a")
    cloud.settle()
    before = cloud.snapshot()
    house.forget()
    cloud.advance(HOUR)
    assert (directly(), waiting(cloud)) == (["a"], 0)
    cloud.restore(before)
    assert waiting(cloud) == 1
    house.forget()
    cloud.advance(61)
    assert directly() == ["a"]


def test_an_event_for_a_function_that_there_is_not_is_an_error(cloud: LocalCloud) -> None:
    from infra.local.async_events import tell

    with pytest.raises(Exception, match="queue"):
        tell("123456789012", {}, "arn:aws:lambda:eu-central-1:123456789012:function:toy-on_nothing", "eu-central-1")
