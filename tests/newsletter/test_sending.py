"""An issue goes to each who wants it once, whatever is delivered twice or fails between (E1)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.aws import ses
from chalicelib.aws.clients import client
from chalicelib.errors import Refusal
from chalicelib.newsletter.actions import sending, subscribing
from chalicelib.newsletter.records import SentIssue
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.newsletter.subscribers import EMAIL, issues, press, send, subscribed, token_in
from tests.scene import new_person, rows

READERS = [f"reader{number}@example.com" for number in range(5)]


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAGE", 2)


@pytest.fixture
def read(home: Home, small_pages: None) -> Home:
    for email in READERS:
        subscribed(home.world, email)
    home.owner.agree("newsletter")
    home.stranger.agree("newsletter")
    home.world.settle()
    return home


def counts(home: Home) -> list[int]:
    return [issues(home.world, email) for email in (*READERS, home.owner.email, home.stranger.email)]


def test_many_pages_go_one_after_the_other(read: Home) -> None:
    assert send(read.world) == {"issue": "2026-12", "sent": 0, "failed": 0, "done": False}
    assert counts(read) == [1] * 7
    assert send(read.world) == {"issue": "2026-12", "sent": 7, "failed": 0, "done": True}
    assert counts(read) == [1] * 7


def test_a_name_stands_for_one_issue(read: Home) -> None:
    send(read.world)
    with pytest.raises(Refusal, match="another name"):
        send(read.world, text="Something else.")
    send(read.world, "next")
    assert counts(read) == [2] * 7


def test_a_page_that_is_delivered_twice_is_sent_once(read: Home) -> None:
    with read.world.aws.lock:
        read.world.invoke("send_newsletter", {"issue": "2026-12", "subject": "New cameras", "text": "Dark."})
        for _ in range(8):
            sending.send_page("2026-12")
            sending.send_page("2026-12")
    read.world.settle()
    assert counts(read) == [1] * 7


def test_who_withdraws_while_a_page_is_sent_gets_nothing(read: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    send(read.world)
    tokens = {email: token_in(read.world, email) for email in READERS}
    deliverable = sending._deliverable

    def withdraws_first(wanted: Any) -> Any:
        answer = deliverable(wanted)
        for one in wanted:
            if one.to.value == READERS[1]:
                assert press(read.world, "unsubscribe", tokens[READERS[1]]).status == 200
            if one.to.value == read.owner.email:
                assert read.owner.agree("newsletter", given=False).status == 200
        return answer

    monkeypatch.setattr(sending, "_deliverable", withdraws_first)
    send(read.world, "next")
    assert counts(read) == [2, 1, 2, 2, 2, 1, 2]


def test_who_restricts_while_a_page_is_sent_gets_nothing(read: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    deliverable = sending._deliverable

    def restricts_first(wanted: Any) -> Any:
        answer = deliverable(wanted)
        if any(one.to.value == read.owner.email for one in wanted):
            assert read.owner.call("PUT", "/privacy/restriction", {"reason": "claims"}).status == 200
        return answer

    monkeypatch.setattr(sending, "_deliverable", restricts_first)
    send(read.world)
    assert counts(read) == [1, 1, 1, 1, 1, 0, 1]


def test_an_address_that_the_provider_refuses_stops_nobody_else(read: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    mail = ses.send

    def refuses(to: str, *args: Any, **more: Any) -> None:
        if to == READERS[2]:
            raise ses.MailRefused
        mail(to, *args, **more)

    monkeypatch.setattr(ses, "send", refuses)
    send(read.world)
    progress = send(read.world)
    assert counts(read) == [1, 1, 0, 1, 1, 1, 1]
    assert (progress["sent"], progress["failed"], progress["done"]) == (6, 1, True)


def test_where_every_mail_is_refused_it_waits_and_an_operator_has_it_go_on(
    read: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*args: Any, **more: Any) -> None:
        raise ValueError("the account is paused")

    with monkeypatch.context() as paused:
        paused.setattr(ses, "send", refuses)
        for _ in range(2):
            send(read.world)
        read.world.advance(3600)  # until nobody tries any more
    assert counts(read) == [0] * 7
    assert rows(read.world, SentIssue.pk_prefix + "/" + SentIssue.sk_prefix) == []
    assert send(read.world)["done"] is False
    assert counts(read) == [1] * 7


def test_what_ses_takes_from_nobody_is_told_apart(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter(("MessageRejected", "SendingPausedException"))

    def refuses(**request: Any) -> None:
        code = next(answers)
        raise sesv2.exceptions.from_code(code)({"Error": {"Code": code, "Message": "no"}}, "SendEmail")

    sesv2 = client("sesv2")
    monkeypatch.setattr(sesv2, "send_email", refuses)
    for kind in (ses.MailRefused, sesv2.exceptions.SendingPausedException):
        with world.aws.outside(), pytest.raises(kind):
            ses.send(EMAIL, "newsletter/mail/confirm", "en", tags={}, headers={}, url="u", hours=24, operator="O")


def test_an_account_whose_address_is_still_subscribed_by_itself_is_sent_one(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As long as nobody was told that the address is an account's now."""
    monkeypatch.setattr(subscribing, "_take_into_account", lambda address_hash: None)
    subscribed(home.world, EMAIL)
    new_person(home.world, EMAIL).agree("newsletter")
    assert len(rows(home.world, "newsletter/subscriber")) == len(rows(home.world, "consenting/consenting")) == 1
    send(home.world)
    assert issues(home.world) == 1
