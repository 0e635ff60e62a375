"""What became of a notice is known by ids alone: what came back goes as a text message, and who complained gets by mail
what the law asks for alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.contacts.rules import unsubscribing
from chalicelib.outbox.actions import messages, reports
from chalicelib.store.records import read
from infra.local import dump
from tests.conftest import Home
from tests.notices.test_notices import TITLE, announce
from tests.scene import Caller, Person, rows
from tests.worlds.invariants import Stored

NUMBER = "+48601234567"


def delivery(home: Home, notice_id: str, channel: str = "email") -> Any:
    home.world.settle()
    wanted = f"delivery#{notice_id}.{channel}"
    return next((row for row in rows(home.world, "account/delivery") if row["sk"] == wanted), None)


def told(home: Home, **order: Any) -> str:
    return str(announce(home.world, to=[home.owner.account_id], **order)["notice_id"])


def give_number(person: Person) -> None:
    person.step_up()
    change_id = person.change_address(phone=NUMBER)
    body = {"change_id": change_id, "code": Caller(person.world, NUMBER).newest_code()}
    assert person.call("POST", "/me/address/confirm", body).status == 200


def texts(home: Home) -> int:
    return sum(one["kind"] == "sms" and TITLE in one["text"] for one in home.world.outbox(NUMBER))


def test_a_mail_names_its_notice_by_ids_and_its_arrival_is_noted(home: Home) -> None:
    home.world.trace.clear()
    notice_id = told(home)
    (sent,) = (call.params for call in home.world.trace if call.name == "sesv2.SendEmail")
    tags = [{"Name": "account", "Value": home.owner.account_id}, {"Name": "notice", "Value": notice_id}]
    assert sent["EmailTags"] == tags
    row = delivery(home, notice_id)
    assert row["delivered_at"] >= row["written_at"] and not row.keys() & {"failed_at", "complained_at"}
    (found,) = read(messages.delivery_of(home.owner.account_id, f"{notice_id}.email"))
    assert found is not None and found.has_arrived


def test_what_came_back_is_sent_once_as_a_text_message_if_there_is_a_number(home: Home) -> None:
    give_number(home.owner)
    home.world.mail.decide(home.owner.email, "bounced")
    notice_id = told(home)
    row = delivery(home, notice_id)
    assert "failed_at" in row and "delivered_at" not in row
    assert texts(home) == 1 and delivery(home, notice_id, "phone") is not None
    message = {"eventType": "Bounce", "bounce": {"bounceType": "Permanent", "bouncedRecipients": [], "feedbackId": "x"}}
    message["mail"] = {"tags": {"account": [home.owner.account_id], "notice": [notice_id]}}
    reports.take_report({"Message": json.dumps(message)})  # it comes twice
    home.world.settle()
    assert texts(home) == 1


def test_what_came_back_to_who_has_no_number_stays_in_the_list(home: Home) -> None:
    home.world.mail.decide(home.owner.email, "bounced")
    notice_id = told(home)
    assert "failed_at" in delivery(home, notice_id) and delivery(home, notice_id, "phone") is None
    (own,) = home.owner.call("GET", "/notices").json["items"]
    assert own["notice_id"] == notice_id


@pytest.mark.parametrize(("kind", "mails"), [("announcement", 0), ("withdrawal", 1)])
def test_who_complained_gets_by_mail_what_the_law_asks_for_alone(home: Home, kind: str, mails: int) -> None:
    home.world.mail.decide(home.owner.email, "complained")
    first = told(home, title="The first")
    assert "complained_at" in delivery(home, first)
    notice_id = told(home, kind=kind)
    sent = [one for one in home.world.outbox(home.owner.email) if one.get("subject") == TITLE]
    assert len(sent) == mails
    assert home.owner.call("GET", "/notices").json["items"][0]["notice_id"] == notice_id


def test_a_mail_that_can_be_stopped_says_where_and_no_other_does(home: Home) -> None:
    headers = {}
    for kind in ("announcement", "withdrawal"):
        home.world.trace.clear()
        told(home, kind=kind, title=f"A {kind}")
        (sent,) = (call.params for call in home.world.trace if call.name == "sesv2.SendEmail")
        headers[kind] = sent["Content"]["Simple"].get("Headers")
    ((name, value),) = ((one["Name"], one["Value"]) for one in headers["announcement"] or ())
    assert (name, value[0], value[-1], headers["withdrawal"]) == ("List-Unsubscribe", "<", ">", None)


@pytest.mark.parametrize(
    ("contact", "value"),
    [
        ("privacy@sowa.example", "<mailto:privacy@sowa.example?subject=unsubscribe>"),
        ("Sowa, write to privacy@sowa.example please", "<mailto:privacy@sowa.example?subject=unsubscribe>"),
        ("https://sowa.example/privacy", "<https://sowa.example/privacy>"),
    ],
)
def test_where_mails_are_stopped_is_where_the_operator_is_reached(contact: str, value: str) -> None:
    assert unsubscribing(contact) == {"List-Unsubscribe": value}
    assert unsubscribing("") == {}


def test_a_report_about_a_closed_account_leaves_nothing(home: Home) -> None:
    notice_id = told(home)
    assert delivery(home, notice_id) is not None
    home.owner.step_up()
    assert home.owner.close().status == 202
    message = {"eventType": "Delivery", "delivery": {}}
    message["mail"] = {"tags": {"account": [home.owner.account_id], "notice": [notice_id]}}
    home.world.settle()
    reports.take_report({"Message": json.dumps(message)})
    assert not Stored(dump.dump()).of("Delivery")
