"""Closing an account (B17): at once nothing of it is readable, and soon nothing of it is there."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.strict_moto import DIES_AFTER, LOST_REPLY
from tests.alarms.snapshots import name_of, objects, pushes, rows_now_of
from tests.conftest import Home
from tests.identities.people import link
from tests.identities.platforms import google_token, nonce, platforms
from tests.privacy.leaving import (
    DAY,
    HOUR,
    KEY,
    QUARTER,
    belongings,
    claims,
    closed,
    erasure,
    live_a_little,
    receipt,
    secrets,
    stored,
)
from tests.scene import PASSWORD, Caller, Person, at_once, elsewhere, jpeg, just_before, lose_events, new_camera, rows

BUT = ("Ledger", "Fiscal")


# ── At once ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_closing_needs_a_code_of_this_very_session(home: Home) -> None:
    answer = home.owner.close()
    assert (answer.status, answer.json["code"]) == (403, "StepUpRequired")
    assert home.owner.call("GET", "/me").status == 200
    assert home.world.call("POST", "/me/closing").status == 401
    assert rows(home.world, "erasure/erasure", "Ledger") == []
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert len(rows(home.world, "erasure/erasure", "Ledger")) == 1


def test_closing_answers_with_the_erasure_to_ask_for(home: Home) -> None:
    told = closed(home)
    assert told.keys() == {"erasure_id", "receipt_url"}
    assert told["receipt_url"] == f"http://127.0.0.1:8000/erasures/{told['erasure_id']}"
    assert len(told["erasure_id"]) == 32  # 160 bits


def test_the_next_request_of_any_kind_is_refused(home: Home) -> None:
    other = elsewhere(home.owner)
    closed(home)
    device = f"/devices/{home.camera.device_id}"
    asked: list[tuple[str, str, Any]] = [
        ("GET", "/me", None),
        ("PATCH", "/me", {"nickname": "x"}),
        ("GET", "/devices", None),
        ("GET", device, None),
        ("GET", "/alarms", None),
        ("GET", f"{device}/alarms/{home.alarm_id}", None),
        ("GET", "/orders", None),
        ("POST", "/step-up", {}),
        ("POST", "/me/closing", None),
        ("DELETE", "/sessions/current", None),
    ]
    for person in (home.owner, other):
        for method, path, body in asked:
            assert person.call(method, path, body).status == 401, path
    assert home.world.call("POST", "/sessions/refresh", {"refresh_token": other.refresh_token}).status == 401
    assert Person(**vars(home.owner)).sign_in().status == 401


def test_the_keys_die_with_the_commit_and_not_with_the_erasure(home: Home) -> None:
    live_a_little(home)
    before = {row["pk"] for row in rows_now_of("Keys")}
    closed(home)
    gone = before - {row["pk"] for row in rows_now_of("Keys")}
    # What hangs below can be opened with no other key.
    assert f"key#{home.owner.account_id}" in gone
    assert len(gone) == 1


def test_the_commit_is_one_whatever_was_there(home: Home) -> None:
    live_a_little(home)
    home.owner.step_up()
    home.world.trace.clear()
    assert home.owner.close().status == 202
    writes = [call.name for call in home.world.trace if call.write_units]
    assert writes == ["dynamodb.TransactWriteItems"]
    assert len(home.world.trace) <= 6


@pytest.mark.parametrize("gone", [0, QUARTER, 7 * DAY])
def test_the_exact_repeat_is_answered_with_the_same_erasure(home: Home, gone: int) -> None:
    first = closed(home, **KEY)
    home.world.advance(min(gone, DAY - 1))
    again = home.owner.close(**KEY)
    assert (again.status, again.json) == (202, first)
    assert len(rows(home.world, "erasure/erasure", "Ledger")) == 1


def test_a_repeat_with_another_key_is_from_nobody(home: Home) -> None:
    closed(home, **KEY)
    assert home.owner.close().status == 401
    assert home.owner.close(**{"Idempotency-Key": "another-key-0123456789"}).status == 401


@pytest.mark.parametrize("kind", [LOST_REPLY, DIES_AFTER])
def test_a_lost_reply_is_no_false_failure(home: Home, kind: Any) -> None:
    home.owner.step_up()
    home.world.trace.clear()
    before = home.world.snapshot()
    home.owner.close(**KEY)
    nth = home.world.trace.names().index("dynamodb.TransactWriteItems") + 1
    home.world.restore(before)
    home.world.faults.fail(nth, kind)
    home.owner.close(**KEY)
    home.world.faults.clear()
    again = home.owner.close(**KEY)
    assert again.status == 202
    home.world.advance(QUARTER)
    assert receipt(home.world, again.json["erasure_id"])


def test_two_closings_at_once_are_one(home: Home) -> None:
    home.owner.step_up()
    answers = at_once(lambda: home.owner.close(**KEY), lambda: home.owner.close(**KEY), lambda: home.owner.close())
    won = [answer.json["erasure_id"] for answer in answers if answer.status == 202]
    assert won and len(set(won)) == 1
    assert {answer.status for answer in answers} <= {202, 401}
    assert len(rows(home.world, "erasure/erasure", "Ledger")) == 1


@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_device_bound_at_the_same_moment_is_closed_too_or_not_bound(home: Home, nth: int) -> None:
    camera = new_camera(home.world, "SN0002")
    home.owner.step_up()
    with just_before(home.world, nth, lambda: home.owner.bind(camera)):
        answer = home.owner.close()
    assert answer.status == 202
    home.world.advance(QUARTER)
    assert rows(home.world, "device/device") == []
    home.stranger.sign_in()
    assert home.stranger.bind(camera).status == 201


# ── The person ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your Sowa account is closed"), ("pl", "Twoje konto Sowa jest zamknięte")]
)
def test_the_person_is_told_by_mail_where_the_receipt_will_be(home: Home, language: str, subject: str) -> None:
    home.owner.call("PATCH", "/me", {"language": language})
    told = closed(home)
    (mail,) = [one for one in home.world.outbox(home.owner.email) if one["subject"] == subject]
    assert told["receipt_url"] in mail["text"]
    home.world.advance(DAY)
    assert len([one for one in home.world.outbox(home.owner.email) if one["subject"] == subject]) == 1
    assert not [one for one in home.world.outbox(home.stranger.email) if one["subject"] == subject]


def _closed_in_silence(home: Home, monkeypatch: pytest.MonkeyPatch) -> str:
    """No mail leaves any more; the erasure's id."""

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("no mail leaves today")

    home.owner.step_up()
    monkeypatch.setattr("chalicelib.aws.ses.send", refuse)
    return str(home.owner.close().json["erasure_id"])


def test_the_erasure_waits_for_a_last_letter_that_is_late(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        erasure_id = _closed_in_silence(home, patch)
        home.world.advance(9 * 60)
        assert erasure(home.world, erasure_id).json["state"] == "erasing"
        assert home.owner.email not in stored(home.world)
    assert home.world.redrive() == 1
    home.world.advance(QUARTER - 9 * 60)
    assert [mail["subject"] for mail in home.world.outbox(home.owner.email)].count("Your Sowa account is closed") == 1
    assert receipt(home.world, erasure_id)
    assert rows(home.world, "farewell/letter") == []


def test_a_last_letter_that_nobody_takes_is_gone_within_the_quarter(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    erasure_id = _closed_in_silence(home, monkeypatch)
    (letter,) = rows(home.world, "farewell/letter")
    cipher = letter["pk"].replace("farewell", "key")
    assert cipher in {row["pk"] for row in rows_now_of("Keys")}
    home.world.advance(QUARTER)
    assert rows(home.world, "farewell/letter") == []
    assert cipher not in {row["pk"] for row in rows_now_of("Keys")}
    home.world.advance(5 * 60)
    assert receipt(home.world, erasure_id)


def test_the_address_is_free_at_once(home: Home) -> None:
    old = home.owner.account_id
    home.owner.order(home.camera.device_id)
    for path in ("/devices", "/orders"):
        assert len(home.owner.call("GET", path).json["items"]) == 1
    closed(home)
    newcomer = Person(home.world, home.owner.email)
    assert newcomer.confirm(newcomer.register()).status == 201
    assert newcomer.account_id != old
    assert newcomer.call("GET", "/devices").json["items"] == []
    assert newcomer.call("GET", "/orders").json["items"] == []
    home.world.advance(DAY + HOUR)
    newcomer.sign_in()
    assert newcomer.call("GET", "/me").json["email"] == home.owner.email


def test_wrong_passwords_are_forgotten_with_the_account(home: Home) -> None:
    for _ in range(3):
        home.owner.sign_in("a wrong password, again")
    assert len(rows(home.world, "account/guesses")) == 1
    home.owner.sign_in(PASSWORD)
    closed(home)
    home.world.advance(QUARTER)
    assert rows(home.world, "account/guesses") == []


def test_the_camera_is_free_for_a_new_owner_at_once(home: Home) -> None:
    ticket = home.camera.ask_ticket().json
    closed(home)
    assert home.camera.ask_ticket().status == 409
    old = home.camera.device_id
    assert home.stranger.bind(home.camera).status == 201
    assert home.camera.device_id != old
    home.camera.see(9)
    assert len(home.stranger.alarms(home.camera.device_id)) == 1
    # And nothing that comes on what the old owner's camera was given lands with the new one.
    assert home.world.upload(ticket, name_of(home.world.now(), number=8), jpeg(8)).status == 204
    home.world.advance(QUARTER)
    home.stranger.sign_in()
    assert len(home.stranger.alarms(home.camera.device_id)) == 1
    assert [home.camera.device_id in key for key in objects(home.world)] == [True]


# ── What is left ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_within_a_quarter_of_an_hour_nothing_of_it_is_stored_but_ledger_and_invoice(home: Home) -> None:
    live_a_little(home)
    invoice = [key for key in objects(home.world) if key.startswith("invoices/")]
    assert len(objects(home.world)) == 3 + len(invoice) == 6
    closed(home)
    home.world.advance(QUARTER)
    tables = home.world.dump()["tables"]
    for name, found in tables.items():
        if not name.endswith(BUT):
            for told in belongings(home):
                assert told not in str(found), (name, told)
    assert objects(home.world) == invoice
    assert "platform-token-of-the-owner" not in str(home.world.dump()["endpoints"])


def test_when_the_streams_have_run_dry_it_is_nowhere_at_all(home: Home) -> None:
    live_a_little(home)
    closed(home)
    home.world.advance(2 * DAY)
    kept = stored(home.world, but=BUT)
    assert [told for told in belongings(home) if told in kept] == []


def test_what_is_personal_is_nowhere_from_the_first_moment(home: Home) -> None:
    live_a_little(home)
    closed(home)
    kept = stored(home.world)
    readable = [told for told in secrets(home) if told in kept and told != home.camera.device_id]
    # SNS needs the token in the clear until its endpoint is deleted, which settling has done.
    assert readable == []


def test_ledger_and_invoices_hold_no_more_than_random_ids(home: Home) -> None:
    live_a_little(home)
    closed(home)
    home.world.advance(QUARTER)
    tables = home.world.dump()["tables"]
    ledger = str([found for name, found in tables.items() if name.endswith("Ledger")])
    fiscal = str([found for name, found in tables.items() if name.endswith("Fiscal")])
    for told in (home.owner.email, "Ola", "Olga", "Attic", "SN0001", "platform-token"):
        assert told not in ledger
    for told in belongings(home):
        assert told not in fiscal
    assert "S-2026-000001" in fiscal


def test_other_people_are_left_alone(home: Home) -> None:
    theirs = new_camera(home.world, "SN0009", owner=home.stranger)
    home.stranger.take_pushes("platform-token-of-the-stranger")
    theirs.see(5)

    def belongings_of_the_stranger() -> list[Any]:
        device = f"/devices/{theirs.device_id}"
        paths = ["/me", "/devices", device, f"{device}/alarms", f"{device}/plan", "/orders"]
        return [home.stranger.call("GET", path).json for path in paths]

    before = belongings_of_the_stranger()
    live_a_little(home)
    closed(home)
    home.world.advance(DAY + HOUR)
    home.stranger.refresh()
    assert belongings_of_the_stranger() == before
    theirs.see(6)
    assert pushes(home.world)[0]["to"] == "platform-token-of-the-stranger"


@pytest.mark.parametrize("when", ["uploaded, not told of", "told of, not taken", "ticket only"])
def test_an_alarm_in_flight_leaves_nothing(home: Home, when: str) -> None:
    home.owner.step_up()
    ticket = home.camera.ask_ticket().json
    assert len(objects(home.world)) == 1
    name, sent = name_of(home.world.now(), number=8), len(pushes(home.world))

    def upload() -> None:
        assert home.world.upload(ticket, name, jpeg(8)).status == 204

    if when == "uploaded, not told of":
        upload()
        assert home.owner.close().status == 202
    elif when == "told of, not taken":
        upload()
        with just_before(home.world, 2, lambda: home.owner.close()):
            home.world.settle()
    else:
        assert home.owner.close().status == 202
        home.world.advance(HOUR - 60)
        upload()
    home.world.advance(QUARTER)
    assert (objects(home.world), rows(home.world, "device/alarm")) == ([], [])
    assert len(pushes(home.world)) - sent <= (when == "told of, not taken")


@pytest.mark.parametrize("wait", [QUARTER, 2 * HOUR])
def test_what_is_put_under_a_dead_prefix_later_is_found_by_a_later_pass(home: Home, wait: int) -> None:
    """Behind the back of the notification, as if its event had been lost."""
    from tests.alarms.snapshots import put_object

    told = closed(home)
    home.world.advance(wait)
    put_object(home.world, f"alarms/2026010508/{home.camera.device_id}/1/left-over.jpg", jpeg())
    lose_events(home.world, "on_picture_uploaded")
    assert len(objects(home.world)) == 1
    home.world.advance(DAY)
    assert objects(home.world) == []
    assert receipt(home.world, told["erasure_id"])


def test_an_account_without_anything_closes_too(world: LocalCloud) -> None:
    from tests.scene import new_person

    person = new_person(world)
    person.step_up()
    told = person.close().json
    world.advance(QUARTER)
    assert claims(world, receipt(world, told["erasure_id"]))["kept"] == []
    assert erasure(world, told["erasure_id"]).json["state"] == "done"


def test_an_account_that_has_as_much_as_it_can_is_closed_in_one_commit(home: Home) -> None:
    """With as many cameras as it may have, reached by e-mail and phone, linked to every platform, and an answer to
    keep."""
    owner = home.owner
    for number in range(2):
        assert owner.bind(new_camera(home.world, f"SN1{number:03}")).status == 201
    owner.step_up()
    change_id = owner.change_address(phone="+48601234567")
    body = {"change_id": change_id, "code": Caller(home.world, "+48601234567").newest_code()}
    assert owner.call("POST", "/me/address/confirm", body).status == 200
    assert link(owner, google_token(home.world)).status == 201
    for name, forger in (("apple", platforms().apple), ("facebook", platforms().facebook)):
        assert link(owner, forger.id_token(nonce(home.world)), name).status == 201
    home.world.trace.clear()
    assert owner.close(**{"Idempotency-Key": "the-key-of-the-closing"}).status == 202
    (commit,) = [call for call in home.world.trace if call.operation == "TransactWriteItems"]
    assert len(commit.params["TransactItems"]) <= 20
    assert owner.call("GET", "/me").status == 401
    assert rows(home.world, "identity/identity") == []
