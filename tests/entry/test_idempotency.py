"""A request that is sent again is answered again, and carried out once."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from chalicelib.entry import admission
from chalicelib.entry.idempotency import Answered, idempotent_request
from chalicelib.sessions.actions.authentication import claim_of
from chalicelib.sessions.rules import Claim
from chalicelib.store import crypto
from chalicelib.store.keys import Key
from chalicelib.store.records import Found, Record
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto import ERROR_AFTER, LOST_REPLY
from infra.strict_moto.trace import Call
from tests.conftest import Home
from tests.routes import named, request_for, route_names
from tests.scene import NEW_PASSWORD, PASSWORD, elsewhere, just_before, new_camera, rows

KEY = "a-key-of-the-client-0123456789"
DAY = 24 * 3600
PLAN = "event-7-month"


def order(home: Home, key: str | None = KEY, **other: Any) -> Response:
    body = {"plan_id": PLAN, "device_id": home.camera.device_id, "payment_method": "card", **other}
    return home.owner.call("POST", "/orders", body, headers={} if key is None else {"Idempotency-Key": key})


def order_ids(home: Home) -> list[str]:
    return [one["order_id"] for one in home.owner.call("GET", "/orders").json["items"]]


def rename(home: Home, name: str, key: str = KEY) -> Response:
    path = f"/devices/{home.camera.device_id}"
    return home.owner.call("PATCH", path, {"name": name}, headers={"Idempotency-Key": key})


def writes(world: LocalCloud) -> list[str]:
    return [call.operation for call in world.trace if call.write_units]


# Their answers hold a secret, which is not stored: the repeat makes another, and the first is good for nothing more.
MADE_ANEW = {f"POST /me/second-factors/{what}" for what in ("totp", "passkeys", "recovery-codes")}
REPEATED = [name for name in route_names(of="person") if not name.startswith("GET")]


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", REPEATED)
def test_every_mutation_of_a_person_answers_its_exact_repeat_and_does_nothing_more(home: Home, name: str) -> None:
    route = named(name)
    request = request_for(route, home)
    first = request.send(home)
    assert first.status == route.status
    sent = len(home.world.outbox())
    home.world.trace.clear()
    again = request.send(home)
    if name in MADE_ANEW:
        assert (again.status, again.body != first.body) == (first.status, True)
        return
    if name == "PUT /terminals/current/push":
        # What is so already is not done again: nothing needs to be remembered of it.
        assert again.status == first.status
    else:
        assert (again.status, again.body) == (first.status, first.body)
    if route.idempotent:
        assert writes(home.world) == []
        assert len(home.world.outbox()) == sent
    else:
        # The code may never have left: the same one is sent again, and counted.
        first_code, code = (mail["code"] for mail in home.world.outbox()[1::-1])
        assert (code, len(home.world.outbox())) == (first_code, sent + 1)


def test_a_repeat_is_told_from_another_request(home: Home) -> None:
    assert rename(home, "Gate").json["name"] == "Gate"
    answer = rename(home, "Shed")
    assert (answer.status, answer.json["code"]) == (422, "KeyReused")
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").json["name"] == "Gate"


def test_a_repeat_says_what_was_said_though_the_world_has_moved_on(home: Home) -> None:
    first = rename(home, "Gate")
    rename(home, "Shed", key="another-key-of-the-client")
    assert rename(home, "Gate").body == first.body
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}").json["name"] == "Shed"


def test_without_a_key_a_request_is_another_request(home: Home) -> None:
    path = f"/devices/{home.camera.device_id}"
    home.owner.call("PATCH", path, {"name": "Gate"})
    home.world.trace.clear()
    home.owner.call("PATCH", path, {"name": "Gate"})
    assert writes(home.world)


def test_the_same_key_is_another_one_on_another_route_and_for_another_person(home: Home) -> None:
    headers = {"Idempotency-Key": KEY}
    assert home.owner.call("PATCH", "/me", {"nickname": "Ala"}, headers=headers).json["nickname"] == "Ala"
    assert rename(home, "Gate").json["name"] == "Gate"
    stranger = home.stranger.call("PATCH", "/me", {"nickname": "Ala"}, headers=headers)
    assert (stranger.status, stranger.json["email"]) == (200, home.stranger.email)


def test_a_refused_request_is_not_remembered(home: Home) -> None:
    assert order(home, device_id="a" * 26).status == 404
    assert order(home).status == 201


@pytest.mark.parametrize("key", ["", "short", "a" * 15, "a" * 201, "a" * 8 + "\t" + "a" * 8, "a" * 8 + "\x85" * 8])
def test_a_key_that_could_be_somebody_elses_is_refused(home: Home, key: str) -> None:
    answer = order(home, key)
    assert (answer.status, answer.json["code"]) == (400, "Malformed")


@pytest.mark.parametrize("key", ["a" * 16, "a" * 200, "klucz-zażółć-gęślą-jaźń"])
def test_a_key_of_sixteen_to_two_hundred_characters_will_do(home: Home, key: str) -> None:
    assert order(home, key).status == 201
    assert order(home, key).status == 201
    assert len(order_ids(home)) == 1


def test_where_money_moves_a_key_is_needed(home: Home) -> None:
    answer = order(home, None)
    assert (answer.status, answer.json["code"]) == (400, "KeyMissing")
    assert order_ids(home) == []
    assert order(home).json["order_id"] in order_ids(home)


def test_an_answer_is_kept_for_a_day_and_where_money_moves_for_a_month(home: Home) -> None:
    """To the second, however late TTL comes."""
    owner = home.owner
    rename(home, "Gate")
    first = order(home)

    def wait(seconds: float) -> None:
        home.world.advance(seconds, reaper_lag_seconds=None, within_seconds=0.5)
        pair = owner.world.call("POST", "/sessions/refresh", {"refresh_token": owner.refresh_token}).json
        owner.access_token, owner.refresh_token = pair["access_token"], pair["refresh_token"]
        assert owner.call("GET", "/me").status == 200  # a token's first use is written down
        home.world.trace.clear()

    wait(DAY - 1)
    assert (rename(home, "Gate").status, order(home).body, writes(home.world)) == (200, first.body, [])
    wait(1)
    assert (rename(home, "Gate").status, writes(home.world)) == (200, ["TransactWriteItems"])
    wait(29 * DAY - 1)
    assert (order(home).body, writes(home.world)) == (first.body, [])
    wait(1)
    assert order(home).status == 201
    assert len(order_ids(home)) == 2


# ── Two at once ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def at_once(home: Home) -> Iterator[Any]:
    """Two requests, of which neither commits before the other has read."""

    def both(send: Any) -> list[Response]:
        answers: list[Response] = []
        meeting = threading.Barrier(2, timeout=10)

        def before_call(name: str, call: Call) -> None:
            if name.startswith("client") and call.operation == "TransactWriteItems" and call.attempts == 0:
                meeting.wait()

        home.world.aws.order_by(before_call)
        threads = [threading.Thread(target=lambda: answers.append(send()), name=f"client-{one}") for one in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return answers

    yield both
    home.world.aws.order_by(None)


def test_of_two_equal_requests_at_once_one_is_carried_out_and_both_are_answered(home: Home, at_once: Any) -> None:
    one, other = at_once(lambda: order(home))
    assert (one.status, one.body) == (other.status, other.body)
    assert one.status == 201
    assert order_ids(home) == [one.json["order_id"]]


def test_who_is_refused_because_his_own_twin_was_faster_is_answered_like_the_twin(home: Home) -> None:
    camera, key = new_camera(home.world, "SN0002"), {"Idempotency-Key": KEY}
    twin: list[Response] = []
    with just_before(home.world, 4, lambda: twin.append(home.owner.bind(camera, **key))):
        answer = home.owner.bind(camera, **key)
    assert (answer.status, answer.body) == (twin[0].status, twin[0].body)
    assert answer.status == 201


def test_a_need_that_refuses_because_his_own_twin_was_faster_is_answered_like_the_twin(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a batch reads is of no one moment: the answer was looked for before the twin committed, the device after."""
    path, real, twin = f"/devices/{home.camera.device_id}", admission.read_all, []

    def remove() -> Response:
        return home.world.call("DELETE", path, headers={"Idempotency-Key": KEY}, token=home.owner.access_token)

    def read_all(keys: Iterable[Key[Record]]) -> Found:
        wanted = list(keys)
        early = real([key for key in wanted if key.record is Answered])
        monkeypatch.setattr(admission, "read_all", real)
        twin.append(remove())
        late = real([key for key in wanted if key.record is not Answered])
        return Found({key: (early if key.record is Answered else late)[key] for key in wanted})

    monkeypatch.setattr(admission, "read_all", read_all)
    answer = remove()
    assert (answer.status, answer.body) == (twin[0].status, twin[0].body)
    assert answer.status == 202
    assert home.world.call("DELETE", path, token=home.owner.access_token).status == 404


def test_who_is_refused_because_somebody_else_was_faster_is_told_so(home: Home) -> None:
    camera, key = new_camera(home.world, "SN0002"), {"Idempotency-Key": KEY}
    with just_before(home.world, 4, lambda: home.stranger.bind(camera, **key)):
        answer = home.owner.bind(camera, **key)
    assert (answer.status, answer.json["code"]) == (409, "DeviceTaken")


def test_of_two_different_requests_at_once_under_one_key_one_is_refused(home: Home, at_once: Any) -> None:
    plans = iter((PLAN, "event-3-month"))
    answers = at_once(lambda: order(home, plan_id=next(plans)))
    assert sorted(answer.status for answer in answers) == [201, 422]
    assert len(order_ids(home)) == 1


@pytest.mark.parametrize("fault", [LOST_REPLY, ERROR_AFTER])
def test_a_lost_reply_is_no_reason_to_do_it_twice(home: Home, fault: Any) -> None:
    home.world.faults.fail(2, fault)
    answer = order(home)
    assert answer.status in (201, 503)
    assert home.world.faults.fired
    again = order(home)
    assert again.status == 201
    assert order_ids(home) == [again.json["order_id"]]


# ── After the end ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_repeat_of_a_sign_out_is_answered_and_everything_else_is_refused(home: Home) -> None:
    def sign_out(key: str) -> int:
        return home.owner.call("DELETE", "/sessions/current", headers={"Idempotency-Key": key}).status

    assert [sign_out(KEY), sign_out(KEY), sign_out("another-key-of-the-client")] == [204, 204, 401]
    assert home.owner.call("GET", "/me").status == 401


def test_the_repeat_of_a_closing_is_answered_when_nothing_is_left_of_the_account(home: Home) -> None:
    home.owner.step_up()
    headers = {"Idempotency-Key": KEY}
    first = home.owner.close(**headers)
    assert first.status == 202
    for passed in (0, 300, 3600):
        home.world.advance(passed)
        again = home.owner.close(**headers)
        assert (again.status, again.body) == (202, first.body)
    assert home.owner.close(**{"Idempotency-Key": "another-key-of-the-client"}).status == 401
    assert home.owner.close().status == 401


def call_me(home: Home, token: str | None) -> Response:
    headers = {"Idempotency-Key": KEY}
    return home.world.call("PATCH", "/me", {"nickname": "Aleksandra"}, token=token, headers=headers)


def with_another_secret(token: str) -> str:
    """Of the same account and session; its secret begins as the right one does."""
    return token[:-1] + ("a" if token[-1] != "a" else "b")


def test_a_repeat_with_a_wrong_secret_part_is_not_answered(home: Home) -> None:
    first = call_me(home, home.owner.access_token)
    assert (first.status, first.json["email"]) == (200, home.owner.email)
    kind, account_id, session_id, _ = home.owner.access_token.split(".")
    for wrong in (with_another_secret(home.owner.access_token), ".".join((kind, account_id, session_id, "a" * 78))):
        assert call_me(home, wrong).status == 401
    assert call_me(home, home.owner.access_token).body == first.body


@pytest.mark.parametrize("way", ["signed out", "password changed elsewhere", "closed", "time"])
def test_a_repeat_after_the_session_has_ended_is_not_answered(home: Home, way: str) -> None:
    token = home.owner.access_token
    assert call_me(home, token).status == call_me(home, token).status == 200
    if way == "signed out":
        assert home.owner.call("DELETE", "/sessions/current").status == 204
    elif way == "closed":
        home.owner.step_up()
        assert home.owner.close().status == 202
    elif way == "time":
        home.world.advance(15 * 60)
    else:
        other = elsewhere(home.owner)
        assert other.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD}).status == 204
    answer = call_me(home, token)
    assert (answer.status, answer.json["code"]) == (401, "NotSignedIn")


def test_what_ended_its_own_session_is_answered_to_its_own_token_and_body_only(home: Home) -> None:
    own, headers = home.owner.access_token, {"Idempotency-Key": KEY}
    path = f"/sessions/{home.owner.session_id}"

    def end(token: str, **other: Any) -> int:
        return home.world.call("DELETE", path, token=token, headers=headers, **other).status

    assert [end(own), end(own), end(with_another_secret(own)), end(own, raw=b"{ }")] == [204, 204, 401, 401]


def test_a_closing_is_answered_again_to_its_own_token_only(home: Home) -> None:
    home.owner.step_up()
    token, headers = home.owner.access_token, {"Idempotency-Key": KEY}
    first = home.owner.close(**headers)

    def close(token: str) -> Response:
        return home.world.call("POST", "/me/closing", token=token, headers=headers)

    assert (first.status, close(token).body, close(with_another_secret(token)).status) == (202, first.body, 401)


def test_who_ended_another_session_is_answered_while_his_own_stands(home: Home) -> None:
    other, headers = elsewhere(home.owner), {"Idempotency-Key": KEY}
    path = f"/sessions/{other.session_id}"
    assert [home.owner.call("DELETE", path, headers=headers).status for _ in range(2)] == [204, 204]
    assert home.owner.call("DELETE", "/sessions/current").status == 204
    assert home.owner.call("DELETE", path, headers=headers).status == 401


def test_the_repeat_needs_the_whole_claim_and_not_the_key_alone(home: Home) -> None:
    """Who has the key but another session is not answered from the first one's memory."""
    home.owner.step_up()
    assert home.owner.close(**{"Idempotency-Key": KEY}).status == 202
    answer = home.stranger.close(**{"Idempotency-Key": KEY})
    assert (answer.status, answer.json["code"]) == (403, "StepUpRequired")


# ── What is kept ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_kept_answer_cannot_be_read_from_the_tables(home: Home) -> None:
    rename(home, "The gate behind the old oak")
    order(home)
    kept = rows(home.world, "account/answer")
    assert kept and "event-7-month" in json.dumps(home.world.dump(), default=str)
    text = json.dumps(kept, default=str)
    assert "old oak" not in json.dumps(home.world.dump(), default=str)
    assert "event-7-month" not in text and "checkout" not in text and KEY not in text


def test_a_kept_answer_opens_only_for_who_can_send_the_request_again(world: LocalCloud) -> None:
    claim = Claim("a", "s", "f" * 26 + "x" * 52)

    def of(claim: Claim = claim, **other: Any) -> Any:
        told = {"route": "POST /x", "key_text": KEY, "body": b"{}"} | other
        ends = {"ends_session": False, "ends_need": False}
        return idempotent_request(claim, status=201, money=False, outlives=False, **ends, **told)

    kept = of().answer_record(lambda answer: answer)(b'{"secret": 1}').record
    assert isinstance(kept, Answered) and b"secret" not in kept.answer
    others = [
        of(Claim("a", "t", claim.secret)),
        of(Claim("a", "s", "g" + claim.secret[1:])),  # whatever the tables and KMS say, the token's secret is not there
        of(route="POST /y"),
        of(key_text=KEY + "1"),
    ]
    for another in others:
        assert another.where != of().where
        with pytest.raises(crypto.Unreadable):
            crypto.unseal(another.secret, kept.answer, kept.pk)
    assert of(Claim("a", "s", claim.secret[:26] + "y" * 52)).where == of().where  # the next token of the same session


def test_a_token_of_the_same_session_begins_as_the_one_before_and_no_stored_hash_tells_how(home: Home) -> None:
    """What a kept answer is sealed with: it lasts from token to token, and is nobody else's."""
    before = home.owner.access_token
    answer = home.world.call("POST", "/sessions/refresh", {"refresh_token": home.owner.refresh_token})
    after, other = answer.json["access_token"], elsewhere(home.owner).access_token
    assert after != before
    assert claim_of(after).lasting == claim_of(before).lasting != claim_of(other).lasting
    stored = json.dumps(home.world.dump(), default=str)
    assert home.owner.account_id in stored
    assert claim_of(after).lasting not in stored
