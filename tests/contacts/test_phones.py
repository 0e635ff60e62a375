"""A phone number in place of an e-mail address: codes come as text messages, and all else is the same."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.scene import PASSWORD, Caller, Person, everything_stored, is_nothing_sent, looks, new_camera, pay

NUMBER = "+48601234567"


@pytest.fixture
def ola(world: LocalCloud) -> Caller:
    ola = Caller(world, NUMBER)
    assert ola.confirm(ola.register()).status == 201
    return ola


def test_a_number_makes_an_account_by_a_code_in_a_text_message(ola: Caller) -> None:
    (sent,) = ola.world.outbox()
    assert (sent["kind"], sent["to"]) == ("sms", NUMBER)
    assert sent["text"] == f"Your Sowa code: {sent['code']}"
    me = ola.call("GET", "/me").json
    assert (me["email"], me["phone"]) == (None, NUMBER)
    assert NUMBER not in everything_stored(ola.world)
    assert ola.sign_in().status == 201


def test_the_message_is_polish_for_who_reads_polish(world: LocalCloud) -> None:
    Caller(world, NUMBER, language="pl").register()
    assert world.outbox()[0]["text"].startswith("Twój kod Sowa: ")


@pytest.mark.parametrize("written", ["+48 601 234 567", "+48-601-234-567", "+48(601)234567"])
def test_a_number_is_the_same_however_it_is_typed(ola: Caller, written: str) -> None:
    ola.email = written
    assert ola.sign_in().status == 201


@pytest.mark.parametrize(
    "phone", ["601234567", "+48", "+4860123456", "+48123", "tel:+48601234567;ext=3", "+48601234567 ext. 7",
              "+999601234567", "", "+", "ola@example.com"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/accounts", "/sessions"])
def test_what_is_no_number_is_refused_by_name(world: LocalCloud, phone: str, path: str) -> None:
    body = {"phone": phone, "password": PASSWORD, "terminal": Person(world, "").terminal}
    asked = Caller(world, phone).registration() if path == "/accounts" else body
    answer = world.call("POST", path, asked)
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "PhoneInvalid", ["phone"])
    assert is_nothing_sent(world)


@pytest.mark.parametrize("named", [{}, {"email": "ola@example.com", "phone": NUMBER}, {"email": None, "phone": None}])
def test_one_of_the_two_is_named_and_not_both(world: LocalCloud, named: dict[str, Any]) -> None:
    said = Person(world, "").registration()
    del said["email"]
    signing_in = {"password": PASSWORD, "terminal": Person(world, "").terminal}
    for path, body in (("/accounts", said), ("/sessions", signing_in)):
        answer = world.call("POST", path, {**body, **named})
        assert (answer.status, list(answer.json["fields"])) == (422, ["email"])


def test_known_and_unknown_numbers_get_the_same_answer_for_the_same_work(ola: Caller) -> None:
    seen = []
    for number in (NUMBER, "+48602345678"):
        ola.world.trace.clear()
        answer = ola.world.call("POST", "/accounts", Caller(ola.world, number).registration())
        seen.append((looks(answer), ola.world.trace.names()))
    assert seen[0] == seen[1]
    assert seen[0][1][-1] == "sns.Publish"
    assert ola.world.outbox(NUMBER)[0]["text"] == "You already have a Sowa account"


def test_who_has_only_a_number_is_told_everything_there(ola: Caller) -> None:
    camera = new_camera(ola.world, owner=ola)
    assert pay(ola.world, ola.order(camera.device_id).json["order_id"]).status == 200
    ola.world.settle()
    ola.step_up()
    assert ola.call("POST", "/privacy/exports").status == 202
    ola.world.settle()
    assert ola.close().status == 202
    said = [sent["text"] for sent in ola.world.outbox() if not sent.get("code")]
    assert said == ["Your Sowa account is closed", "The copy of your data is ready", "Your order is paid"]
    assert {sent["kind"] for sent in ola.world.outbox()} == {"sms"}


def test_the_number_of_a_closed_account_is_free_again(ola: Caller) -> None:
    ola.step_up()
    assert ola.close().status == 202
    assert ola.sign_in().status == 401
    again = Caller(ola.world, NUMBER)
    assert again.confirm(again.register()).status == 201
    assert again.account_id != ola.account_id
