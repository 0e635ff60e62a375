"""Somebody writes to the operator, with a picture, is answered, and writes again."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.clients import client
from infra.local.gateway import Response
from tests.conftest import Home
from tests.support import conversations
from tests.support.conversations import ANSWER, TEXT
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.gift_cards import ordered
from tests.worlds.scenarios.steps import HOUR, job, once, settle, settled
from tests.worlds.sweep import Scenario, leap


def send(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/feedback", {"text": TEXT, "attachments": 1}, headers=once(key))


def threads(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Feedback"))


def sent(home: Home) -> str:
    feedback_id = str(conversations.send(home.owner)["feedback_id"])
    home.world.settle()
    return feedback_id


def go_on(home: Home, feedback_id: str, key: str) -> Response:
    return home.owner.call("POST", f"/feedback/{feedback_id}/messages", {"text": "And again."}, headers=once(key))


def messages(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("FeedbackMessage")) - 1


def answer(home: Home, feedback_id: str, key: str) -> Response:
    order = {"reference": conversations.reference(home.owner, feedback_id), "text": ANSWER}
    return ordered(home, "answer_feedback", order)


def uploaded(home: Home) -> None:
    ticket = conversations.send(home.owner, attachments=1)["tickets"][0]
    home.world.settle()
    assert conversations.attach(home.owner, ticket) == 204


def pictures(home: Home, state: Any, stored: Stored) -> int:
    return sum(len(row.get("pictures", ())) for row in stored.of("FeedbackMessage").values())


def _unseen(home: Home) -> None:
    """S3's event was lost."""
    uploaded(home)
    client("sqs").purge_queue(QueueUrl=home.world.stack.physical("ImageUploads"))
    leap(home.world, 86_400 + 60)


def _sweep(home: Home, state: Any, key: str) -> None:
    job(home.world, "sweep_expired_attachments")


SCENARIOS = (
    Scenario("write to the operator", "POST /feedback", settled, send, threads, at_most=2, keeps_answer=True),
    Scenario(
        "write once more", "POST /feedback/{feedback_id}/messages", sent, go_on, messages, at_most=2,
        keeps_answer=True,
    ),
    Scenario("answer feedback", "answer_feedback", sent, answer, messages),
    Scenario("an attachment arrives", "on_attachment_uploaded", uploaded, settle, pictures, is_asked=False),
    Scenario(
        "unseen attachments go", "sweep_expired_attachments", _unseen, _sweep, is_asked=False,
        within_seconds=24 * HOUR,
    ),
)  # fmt: skip
