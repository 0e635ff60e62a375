"""What S3 tells a function directly: what is tried again, and in which shapes it may come."""

from __future__ import annotations

import json
from typing import Any

import pytest
from chalice import Chalice

from chalicelib.entry.queues import InvocationFailed, Listeners, Message
from infra.local.cloud import LocalCloud
from infra.local.functions import Context
from tests.events import event


class Heard:
    """A listener that keeps what it was told, and fails over what it is told to."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.prepared: list[list[Any]] = []
        self.fault: Exception | None = None
        listeners = Listeners(__name__)
        Chalice("heard").register_blueprint(listeners)

        def on_film_uploaded(message: Message, count: int) -> None:
            self.messages.append(message)
            if self.fault is not None:
                raise self.fault

        self._function = listeners.on_objects("Films", prepare=self._prepare)(on_film_uploaded)

    def _prepare(self, bodies: list[Any]) -> int:
        self.prepared.append(bodies)
        return len(bodies)

    def tell(self, told: Any) -> object:
        return self._function(told, Context("on_film_uploaded", "r", 60))


@pytest.fixture
def heard(world: LocalCloud) -> Heard:
    return Heard()


def test_an_event_of_s3_is_read_for_once_and_handled_as_it_is(heard: Heard) -> None:
    told = event("s3_notification")
    assert heard.tell(told) is None
    assert (heard.prepared, heard.messages) == ([[told]], [Message(told, 1)])


@pytest.mark.parametrize("seconds", [0, 60, 6 * 3600])
def test_how_late_it_comes_makes_no_repeat_of_it(world: LocalCloud, heard: Heard, seconds: int) -> None:
    told = event("s3_notification")
    told["Records"][0]["eventTime"] = world.now().isoformat(timespec="milliseconds")
    world.clock.move_to(world.now().timestamp() + seconds)
    heard.tell(told)
    assert [message.tries for message in heard.messages] == [1]


def test_what_lambda_gave_up_on_is_the_event_and_its_tries_are_counted(heard: Heard) -> None:
    (given_up,) = event("sqs_s3_given_up")["Records"]
    (bare,) = event("sqs_s3_notification")["Records"]
    assert heard.tell({"Records": [given_up, bare]}) == {"batchItemFailures": []}
    told = event("s3_notification")
    assert heard.messages == [Message(told, 4), Message(told, 1)]
    assert heard.prepared == [[told, told]]


def test_a_failure_is_told_to_lambda_without_a_word_and_said_in_the_log(world: LocalCloud, heard: Heard) -> None:
    """Lambda writes the words of an exception into the queue where it leaves the event."""
    heard.fault = ValueError("ola@example.com")
    with world.logs.of_function(), pytest.raises(InvocationFailed) as failed:
        heard.tell(event("s3_notification"))
    assert (str(failed.value), failed.value.__cause__, failed.value.__suppress_context__) == ("", None, True)
    line = json.loads(world.logs.lines()[-1])
    assert (line["door"], line["fault"], "ola" in json.dumps(line)) == ("on_film_uploaded", "ValueError", False)


@pytest.mark.parametrize("poison", [{"requestPayload": {}}, {"requestPayload": {}, "requestContext": 7}, 7])
def test_a_message_that_is_neither_fails_alone(heard: Heard, poison: Any) -> None:
    heard.fault = None
    (good,) = event("sqs_s3_given_up")["Records"]
    bad = {**good, "messageId": "bad", "body": json.dumps(poison)}
    answer = heard.tell({"Records": [good, bad]})
    failed = [one["itemIdentifier"] for one in answer["batchItemFailures"]]  # type: ignore[index]
    assert failed == (["bad"] if isinstance(poison, dict) else [])
    assert len(heard.messages) == (1 if isinstance(poison, dict) else 2)


def test_an_event_without_records_tells_of_nothing(heard: Heard) -> None:
    told = event("s3_test")
    heard.tell(told)
    assert heard.messages == [Message(told, 1)]
