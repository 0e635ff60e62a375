"""Events reach their functions as Lambda would bring them: in batches, again when they fail, and aside in the end."""

from __future__ import annotations

import json
from itertools import chain
from typing import Any
from urllib.parse import unquote_plus
from uuid import uuid4

import pytest

from infra.local.cloud import LocalCloud
from infra.local.pollers import MAX_TRIES, DeliveryFaults, Unsettled
from tests.infra.toycloud import house


def _send(cloud: LocalCloud, *bodies: str, **how: Any) -> None:
    for body in bodies:
        house.client("sqs").send_message(QueueUrl=cloud.stack.physical("Orders"), MessageBody=body, **how)


def _bodies() -> list[list[str]]:
    return [[record["body"] for record in event["Records"]] for event in house.told]


def _changed() -> list[list[str]]:
    return [[record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]] for event in house.told]


def _left(cloud: LocalCloud, queue: str) -> list[str]:
    return [message["body"] for message in cloud.dump()["queues"][cloud.stack.physical(queue).rpartition("/")[2]]]


def test_an_sqs_event_has_what_lambda_tells(cloud: LocalCloud) -> None:
    _send(cloud, "hello", MessageAttributes={"colour": {"DataType": "String", "StringValue": "red"}})
    cloud.settle()
    [[record]] = [event["Records"] for event in house.told]
    assert set(record) == {
        "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
        "eventSourceARN", "awsRegion",
    }  # fmt: skip
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["attributes"]["SentTimestamp"] == str(int(cloud.now().timestamp() * 1000))
    assert record["messageAttributes"]["colour"]["stringValue"] == "red"
    assert record["md5OfBody"] == "5d41402abc4b2a76b9719d911017c592"
    assert record["eventSourceARN"] == cloud.stack.attribute("Orders", "Arn")
    assert record["awsRegion"] == "eu-central-1"
    assert _left(cloud, "Orders") == []


def test_messages_come_in_batches_of_the_declared_size(cloud: LocalCloud) -> None:
    _send(cloud, *"abcde")
    cloud.settle()
    assert _bodies() == [["a", "b", "c"], ["d", "e"]]


def test_only_what_failed_is_brought_again_and_is_put_aside_after_five_times(cloud: LocalCloud) -> None:
    house.failing.add("b")
    _send(cloud, *"abc")
    cloud.settle()
    assert _bodies() == [["a", "b", "c"], ["b"], ["b"], ["b"], ["b"]]
    assert (_left(cloud, "Orders"), _left(cloud, "DeadLetters")) == ([], ["b"])


def test_a_function_that_raises_fails_its_whole_batch(cloud: LocalCloud) -> None:
    _send(cloud, "a", "poison")
    cloud.settle()
    assert _bodies() == [["a", "poison"]] * 5
    assert sorted(_left(cloud, "DeadLetters")) == ["a", "poison"]
    assert [failure.function for failure in cloud.failures] == ["on_order_changed"] * 5


def test_what_was_put_aside_can_be_brought_back(cloud: LocalCloud) -> None:
    house.failing.add("a")
    _send(cloud, "a")
    cloud.settle()
    house.forget()
    assert cloud.redrive() == 1
    cloud.settle()
    assert _bodies() == [["a"]]
    assert _left(cloud, "DeadLetters") == []


def test_what_queues_put_aside_together_goes_back_to_the_queue_that_each_came_from(cloud: LocalCloud) -> None:
    house.failing.update(("a", "films"))
    _send(cloud, "a")
    house.client("sqs").send_message(QueueUrl=cloud.stack.physical("Films"), MessageBody="b")
    cloud.settle()
    assert sorted(_left(cloud, "DeadLetters")) == ["a", "b"]
    house.forget()
    assert cloud.redrive() == 2
    assert (_left(cloud, "DeadLetters"), _left(cloud, "Orders"), _left(cloud, "Films")) == ([], [], [])
    came_from = {record["body"]: record["eventSourceARN"] for event in house.told for record in event["Records"]}
    assert came_from == {"a": cloud.stack.attribute("Orders", "Arn"), "b": cloud.stack.attribute("Films", "Arn")}


def test_a_queue_without_a_dead_letter_queue_keeps_its_message_for_later(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: Any, context: Any) -> None:
        house.told.append(event)
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr(house, "on_picture_uploaded", broken)
        house.client("sqs").send_message(QueueUrl=cloud.stack.physical("Pictures"), MessageBody="{}")
        cloud.settle()
    assert len(house.told) == MAX_TRIES
    cloud.settle()
    assert len(house.told) == MAX_TRIES
    cloud.advance(361)
    assert _bodies()[MAX_TRIES:] == [["{}"]]


def test_an_upload_is_told_to_the_queue_and_from_there_to_the_function(cloud: LocalCloud) -> None:
    house.client("s3").put_object(Bucket="toy-media", Key="pictures/a b.jpg", Body=b"jpeg")
    house.client("s3").put_object(Bucket="toy-media", Key="elsewhere/c.jpg", Body=b"jpeg")
    cloud.settle()
    [[body]] = _bodies()
    [record] = json.loads(body)["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    told = record["s3"]["object"]
    assert (unquote_plus(told["key"]), told["size"]) == ("pictures/a b.jpg", 4)


def test_a_stream_event_has_what_lambda_tells(cloud: LocalCloud) -> None:
    house.put("a", colour={"S": "red"}, raw={"B": b"\x00\xff"})
    house.put("a", colour={"S": "blue"})
    cloud.settle()
    [[came, changed]] = [event["Records"] for event in house.told]
    assert (came["eventName"], changed["eventName"]) == ("INSERT", "MODIFY")
    assert came["eventSource"] == "aws:dynamodb"
    assert came["eventSourceARN"] == cloud.stack.attribute("Items", "StreamArn")
    assert came["awsRegion"] == "eu-central-1"
    told = changed["dynamodb"]
    assert told["Keys"] == {"pk": {"S": "a"}, "sk": {"S": "-"}}
    assert told["OldImage"]["colour"] == {"S": "red"}
    assert told["OldImage"]["raw"] == {"B": "AP8="}
    assert told["NewImage"]["colour"] == {"S": "blue"}
    assert told["StreamViewType"] == "NEW_AND_OLD_IMAGES"
    assert told["ApproximateCreationDateTime"] == int(cloud.now().timestamp())
    assert came["eventID"] != changed["eventID"]
    assert int(came["dynamodb"]["SequenceNumber"]) < int(told["SequenceNumber"])


def test_a_record_is_brought_once(cloud: LocalCloud) -> None:
    house.put("a")
    cloud.settle()
    cloud.settle()
    assert _changed() == [["a"]]


def test_a_stream_goes_on_from_its_first_failure(cloud: LocalCloud) -> None:
    house.failing.add("c")
    for pk in "abcdef":
        house.put(pk)
    cloud.settle()
    assert _changed() == [["a", "b", "c", "d"], *[["c", "d", "e", "f"]] * MAX_TRIES]
    house.forget()
    cloud.settle()
    assert _changed() == [["c", "d", "e", "f"]]


def test_what_aws_deletes_by_itself_says_so(cloud: LocalCloud) -> None:
    house.put("a", expires_at={"N": str(int(cloud.now().timestamp()) + 60)})
    cloud.settle()
    house.forget()
    cloud.advance(60)
    [record] = [record for event in house.told for record in event.get("Records", [])]
    assert record["eventName"] == "REMOVE"
    assert record["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}


def test_stream_records_are_gone_after_a_day_and_numbers_go_on(cloud: LocalCloud) -> None:
    house.put("a")
    cloud.settle()
    [stream] = cloud.dump()["streams"].values()
    assert len(stream) == 1
    cloud.advance(86_401)
    assert list(cloud.dump()["streams"].values()) == [[]]
    house.forget()
    house.put("b")
    cloud.settle()
    assert _changed() == [["b"]]


def test_messages_are_gone_after_their_queues_period(cloud: LocalCloud) -> None:
    house.failing.add("a")
    _send(cloud, "a")
    cloud.settle()
    cloud.advance(14 * 86_400 - 1)
    assert _left(cloud, "DeadLetters") == ["a"]
    cloud.advance(1)
    assert _left(cloud, "DeadLetters") == []


def test_a_delayed_message_waits_for_its_time(cloud: LocalCloud) -> None:
    _send(cloud, "later", DelaySeconds=90)
    cloud.settle()
    assert _bodies() == []
    assert [message["body"] for message in cloud.dump()["unsent"]] == ["later"]
    cloud.advance(89)
    assert _bodies() == []
    cloud.advance(1)
    assert _bodies() == [["later"]]


def test_the_pump_itself_is_in_no_trace_and_takes_no_failure(cloud: LocalCloud) -> None:
    _send(cloud, "a")
    house.put("b")
    cloud.trace.clear()
    cloud.settle()
    assert len(house.told) == 2
    assert cloud.trace.names() == []


def test_events_that_make_events_without_end_are_an_error(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "on_item_changed", lambda event, context: house.put(str(uuid4())))
    monkeypatch.setattr("infra.local.pollers.MAX_BATCHES", 20)
    house.put("first")
    with pytest.raises(Unsettled, match="on_item_changed"):
        cloud.settle()


def test_duplicated_messages_come_twice_and_are_then_gone(cloud: LocalCloud) -> None:
    cloud.delivery_faults = DeliveryFaults(duplicated=1.0)
    _send(cloud, "a")
    cloud.settle()
    assert _bodies() == [["a"], ["a"]]
    assert (_left(cloud, "Orders"), _left(cloud, "DeadLetters")) == ([], [])


def test_a_duplicated_stream_batch_comes_twice(cloud: LocalCloud) -> None:
    cloud.delivery_faults = DeliveryFaults(duplicated=1.0)
    house.put("a")
    cloud.settle()
    assert _changed() == [["a"], ["a"]]


def test_reordered_messages_come_in_an_order_that_the_seed_says(cloud: LocalCloud) -> None:
    orders = []
    for seed in (1, 1, 2):
        cloud.delivery_faults = DeliveryFaults(reordered=True, seed=seed)
        house.forget()
        _send(cloud, *"abcdefgh")
        cloud.settle()
        orders.append("".join(chain(*_bodies())))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == list("abcdefgh")


def test_a_reordered_stream_keeps_the_order_of_each_item(cloud: LocalCloud) -> None:
    for version in "12":
        for pk in "ab":
            house.put(pk, version={"N": version})
    orders = set()
    for seed in range(20):
        before = cloud.snapshot()
        cloud.delivery_faults = DeliveryFaults(reordered=True, seed=seed)
        cloud.settle()
        records = house.told[-1]["Records"]
        told = [(one["dynamodb"]["Keys"]["pk"]["S"], one["dynamodb"]["NewImage"]["version"]["N"]) for one in records]
        assert [version for pk, version in told if pk == "a"] == ["1", "2"]
        assert [version for pk, version in told if pk == "b"] == ["1", "2"]
        orders.add(tuple(told))
        cloud.restore(before)
    assert len(orders) > 1


def test_delayed_events_come_later_by_themselves(cloud: LocalCloud) -> None:
    cloud.delivery_faults = DeliveryFaults(delayed=1.0, delay_seconds=300)
    _send(cloud, "a")
    house.put("b")
    cloud.settle()
    assert house.told == []
    cloud.advance(300)
    assert sorted(chain(*_bodies_or_keys())) == ["a", "b"]


def test_faults_of_delivery_are_put_back_with_the_world(cloud: LocalCloud) -> None:
    """What happened before is not undone, and what was drawn since is drawn again."""
    cloud.delivery_faults = DeliveryFaults(duplicated=0.5, seed=3)
    before = [cloud.delivery_faults.happens(0.5, number) for number in range(20)]
    begin, drawn = cloud.snapshot(), []
    for _ in range(3):
        drawn.append([cloud.delivery_faults.happens(0.5, number) for number in range(40)])
        cloud.restore(begin)
    assert drawn[0] == drawn[1] == drawn[2]
    assert any(before) and any(drawn[0][20:])
    assert not any(was and now for was, now in zip(before, drawn[0], strict=False))


def _bodies_or_keys() -> list[list[str]]:
    events = [event for event in house.told if "Records" in event]
    return [[one.get("body") or one["dynamodb"]["Keys"]["pk"]["S"] for one in event["Records"]] for event in events]


@pytest.mark.parametrize(
    ("answer", "brought"),
    [
        (None, 1),
        ({}, 1),
        ({"batchItemFailures": []}, 1),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, 5),
        ({"batchItemFailures": [{"itemIdentifier": "nobody's"}]}, 5),
        ({"batchItemFailures": [{"wrong": "name"}]}, 5),
    ],
)
def test_an_answer_that_makes_no_sense_fails_the_batch(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch, answer: Any, brought: int
) -> None:
    monkeypatch.setattr(house, "on_order_changed", lambda event, context: house.told.append(event) or answer)
    _send(cloud, "a")
    cloud.settle()
    assert len(house.told) == brought
