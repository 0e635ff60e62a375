"""What people write to the operator, and what operators answer."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person, jpeg

TEXT = "The night picture is green."
ANSWER = "It is the infrared light."


def send(person: Person, text: str = TEXT, **more: Any) -> Any:
    answer = person.call("POST", "/feedback", {"text": text, **more})
    assert answer.status == 201, answer.body
    return answer.json


def go_on(person: Person, feedback_id: str, text: str = "At dusk, too.", **more: Any) -> Response:
    return person.call("POST", f"/feedback/{feedback_id}/messages", {"text": text, **more})


def thread(person: Person, feedback_id: str) -> Any:
    answer = person.call("GET", f"/feedback/{feedback_id}")
    assert answer.status == 200, answer.body
    return answer.json


def reference(person: Person, feedback_id: str) -> str:
    return person.account_id + feedback_id


def answer(home: Home, person: Person, feedback_id: str, text: str = ANSWER) -> Any:
    order = {"reference": reference(person, feedback_id), "text": text}
    answered = home.world.invoke("answer_feedback", order)
    home.world.settle()
    return answered


def attach(person: Person, ticket: Any, data: bytes | None = None) -> int:
    """Upload a picture with a ticket; the status that S3 answers."""
    return int(person.world.upload(ticket, "", jpeg(7, (1600, 1200)) if data is None else data).status)
