"""What people write to the operator is kept in threads, with pictures, until the account goes or for three years."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from chalicelib.support import rules
from chalicelib.support.records import KEPT
from infra.local import dump
from tests.conftest import Home
from tests.privacy.exports import archive, records_in
from tests.scene import Person
from tests.support.conversations import ANSWER, TEXT, answer, attach, go_on, reference, send, thread
from tests.worlds.invariants import Stored


def said(answer: Any) -> tuple[int, str | None]:
    return answer.status, (answer.json or {}).get("code")


def listed(person: Person) -> list[Any]:
    items: list[Any] = person.call("GET", "/feedback").json["items"]
    return items


def waiting(home: Home) -> list[str]:
    return [one["reference"] for one in home.world.invoke("show_feedback", {})["items"]]


def test_a_thread_is_begun_answered_and_gone_on_with(home: Home) -> None:
    sent = send(home.owner, about="device")
    assert (sent["about"], sent["state"], sent["messages"], sent["tickets"]) == ("device", "open", 1, [])
    feedback_id = sent["feedback_id"]
    assert waiting(home) == [reference(home.owner, feedback_id)]
    answered = answer(home, home.owner, feedback_id)
    assert (answered["feedback"]["state"], answered["feedback"]["messages"]) == ("answered", 2)
    assert waiting(home) == []
    more = go_on(home.owner, feedback_id)
    assert (more.status, more.json["state"], more.json["messages"]) == (201, "open", 3)
    whole = thread(home.owner, feedback_id)
    assert [(one["by"], one["text"]) for one in whole["items"]] == [
        ("person", TEXT), ("operator", ANSWER), ("person", "At dusk, too."),
    ]  # fmt: skip
    assert [one["feedback_id"] for one in listed(home.owner)] == [feedback_id]
    assert waiting(home) == [reference(home.owner, feedback_id)]


def test_an_answer_is_mailed_once_however_often_it_is_ordered(home: Home) -> None:
    feedback_id = send(home.owner)["feedback_id"]
    for _ in range(2):
        answer(home, home.owner, feedback_id)
    mails = [one for one in home.world.outbox(home.owner.email) if ANSWER in one["text"]]
    assert (len(mails), mails[0]["subject"]) == (1, "We have answered your message")
    assert thread(home.owner, feedback_id)["messages"] == 2
    answer(home, home.owner, feedback_id, "And there is an update.")
    assert thread(home.owner, feedback_id)["messages"] == 3


def test_who_restricted_processing_reads_the_answer_and_is_not_mailed(home: Home) -> None:
    feedback_id = send(home.owner)["feedback_id"]
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "accuracy"}).status == 200
    answer(home, home.owner, feedback_id)
    assert thread(home.owner, feedback_id)["items"][1]["text"] == ANSWER
    assert not [one for one in home.world.outbox(home.owner.email) if ANSWER in one["text"]]
    assert home.owner.call("DELETE", "/privacy/restriction").status == 204
    answer(home, home.owner, feedback_id, "Now you hear of it by mail.")
    assert [one for one in home.world.outbox(home.owner.email) if "by mail" in one["text"]]


def test_pictures_come_on_tickets_and_are_redrawn(home: Home) -> None:
    sent = send(home.owner, attachments=2)
    assert len(sent["tickets"]) == 2
    for ticket in sent["tickets"]:
        assert attach(home.owner, ticket) == 204
    home.world.settle()
    (message,) = thread(home.owner, sent["feedback_id"])["items"]
    assert len(message["pictures"]) == 2
    picture = Image.open(io.BytesIO(home.world.fetch(message["pictures"][0]).body))
    assert (picture.format, picture.size) == ("JPEG", (1024, 768))
    shown = home.world.invoke("show_feedback", {"reference": reference(home.owner, sent["feedback_id"])})["thread"]
    assert len(shown["items"][0]["pictures"]) == 2
    objects = Stored(dump.dump()).objects
    assert [key for key in objects if key.startswith("feedback-in/")] == []
    assert sum(key.startswith("feedback/") for key in objects) == 2


def test_no_more_pictures_come_than_were_asked_for_nor_what_is_none(home: Home) -> None:
    sent = send(home.owner, attachments=1)
    (ticket,) = sent["tickets"]
    assert attach(home.owner, ticket, b"no picture at all" * 9) == 204
    home.world.settle()
    assert thread(home.owner, sent["feedback_id"])["items"][0]["pictures"] == []
    for _ in range(2):
        assert attach(home.owner, ticket) == 204
        home.world.settle()
        home.world.clock.move_to(home.world.now().timestamp() + 1)
    assert len(thread(home.owner, sent["feedback_id"])["items"][0]["pictures"]) == 1
    assert sum(key.startswith("feedback") for key in Stored(dump.dump()).objects) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": "x" * 4001}, "text"),
        ({"text": TEXT, "about": "weather"}, "about"),
        ({"text": TEXT, "attachments": 5}, "attachments"),
        ({"text": TEXT, "attachments": -1}, "attachments"),
    ],
)
def test_what_is_too_much_or_nothing_is_refused(home: Home, body: Any, field: str) -> None:
    refused = home.owner.call("POST", "/feedback", body)
    assert (refused.status, list(refused.json["fields"])) == (422, [field])


def test_ten_threads_may_wait_and_one_that_is_answered_makes_room(home: Home) -> None:
    first, *_ = [send(home.owner, f"{number}")["feedback_id"] for number in range(rules.MOST_OPEN)]
    refused = home.owner.call("POST", "/feedback", {"text": TEXT})
    assert (*said(refused), refused.json["most"]) == (409, "TooMuchFeedback", rules.MOST_OPEN)
    assert go_on(home.owner, first).status == 201
    answer(home, home.owner, first)
    send(home.owner)
    assert said(go_on(home.owner, first)) == (409, "TooMuchFeedback")
    assert send(home.stranger)["state"] == "open"


def test_what_waits_for_years_waits_no_more() -> None:
    from chalicelib import clock

    now = clock.from_rfc3339("2026-01-05T08:00:00Z")
    old, new = (rules.stamp_of(at) + "-a" for at in (now - KEPT - timedelta(days=1), now))
    assert rules.with_opened({old, new}, "b", now, KEPT) == {new, "b"}
    assert rules.without({new}, new) is None and rules.without({new, "b"}, "b") == {new}
    with pytest.raises(rules.TooMuchFeedback):
        rules.with_opened({f"{new}{number}" for number in range(rules.MOST_OPEN)}, "b", now, KEPT)


def test_nobody_reads_or_writes_in_anothers_thread(home: Home) -> None:
    feedback_id = send(home.owner)["feedback_id"]
    path = f"/feedback/{feedback_id}"
    assert said(home.stranger.call("GET", path)) == said(home.owner.call("GET", "/feedback/none")) == (404, "NotFound")
    assert said(go_on(home.stranger, feedback_id)) == (404, "NotFound")
    assert listed(home.stranger) == [] and len(listed(home.owner)) == 1
    nobody = home.world.invoke("answer_feedback", {"reference": "a" * 60, "text": ANSWER})
    assert nobody["feedback"] is None


def test_it_is_unreadable_after_three_years_and_its_pictures_go(home: Home) -> None:
    sent = send(home.owner, attachments=1)
    assert attach(home.owner, sent["tickets"][0]) == 204
    home.world.settle()
    assert len(thread(home.owner, sent["feedback_id"])["items"][0]["pictures"]) == len(listed(home.owner)) == 1
    home.world.clock.move_to(home.world.now().timestamp() + KEPT.total_seconds() + 86_400)
    home.owner.sign_in()
    assert said(home.owner.call("GET", f"/feedback/{sent['feedback_id']}")) == (404, "NotFound")
    assert listed(home.owner) == []
    assert home.world.run_schedule("sweep_expired_attachments") == {"deleted": 1}


def test_it_is_in_a_copy_of_ones_data_and_goes_with_the_account(home: Home) -> None:
    sent = send(home.owner, attachments=1)
    assert attach(home.owner, sent["tickets"][0]) == 204
    home.world.settle()
    answer(home, home.owner, sent["feedback_id"])
    copy = archive(home.owner)
    texts = [one["text"] for one in records_in(copy)["feedback-message"]]
    assert texts == [TEXT, ANSWER]
    (first, _) = records_in(copy)["feedback-message"]
    assert [name for name in copy.namelist() if "/feedback/" in name] == first["pictures"] != []
    assert first["pictures"][0] in copy.read("index.html").decode()
    home.owner.step_up()
    assert home.owner.close().status == 202
    home.world.settle()
    home.world.run_schedule("resume_erasures")
    home.world.settle()
    kinds = ("Feedback", "FeedbackMessage", "OpenFeedback", "WaitingFeedback")
    assert [kind for kind in kinds if Stored(dump.dump()).of(kind)] == []
    assert not [key for key in Stored(dump.dump()).objects if key.startswith("feedback")]

