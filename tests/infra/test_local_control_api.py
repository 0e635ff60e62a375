"""The routes under `/_local` do what the contract says, and say what is wrong with what they are asked."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib import words
from chalicelib.errors import Conflict, NotFound
from infra.local import checkout
from infra.local.cloud import LocalCloud
from infra.local.control_api import ControlApi
from infra.local.gateway import Response, http_request
from tests.infra.toycloud import house


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def control_api(cloud: LocalCloud, said: list[str]) -> ControlApi:
    return ControlApi(cloud, said.append)


def _ask(control_api: ControlApi, method: str, path: str, body: Any = None) -> Response:
    raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    return control_api.handle(http_request(method, path, {}, raw))


def test_everything_else_is_the_apis(control_api: ControlApi) -> None:
    assert _ask(control_api, "PUT", "/things/a").json == {"thing": "a"}
    assert _ask(control_api, "GET", "/_localx").json["code"] == "NotFound"


def test_the_outbox_shows_what_left_and_for_whom(control_api: ControlApi) -> None:
    house.client("sns").publish(PhoneNumber="+48600100200", Message="Sowa: 042424")
    [sent] = _ask(control_api, "GET", "/_local/outbox").json
    assert (sent["kind"], sent["code"]) == ("sms", "042424")
    assert _ask(control_api, "GET", "/_local/outbox?to=%2B48600100200").json == [sent]
    assert _ask(control_api, "GET", "/_local/outbox?to=nobody").json == []


def test_the_clock_tells_and_moves_the_time(control_api: ControlApi) -> None:
    assert _ask(control_api, "GET", "/_local/clock").json == {"now": "2026-01-05T08:00:00Z"}
    assert _ask(control_api, "POST", "/_local/clock", {"advance_seconds": 3600}).json == {"now": "2026-01-05T09:00:00Z"}
    assert house.fired["sweep_hourly"] == 1


def test_the_clock_sets_the_reapers_lag_until_it_is_changed(control_api: ControlApi, cloud: LocalCloud) -> None:
    _ask(control_api, "POST", "/_local/clock", {"advance_seconds": 1, "reaper_lag_seconds": None})
    assert cloud.calendar.lag is None
    _ask(control_api, "POST", "/_local/clock", {"advance_seconds": 1})
    assert cloud.calendar.lag is None
    _ask(control_api, "POST", "/_local/clock", {"reaper_lag_seconds": 172800})
    assert cloud.calendar.lag == 172800


def test_a_stretched_jump_is_told(control_api: ControlApi, said: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = iter(range(10**9))
    monkeypatch.setattr("infra.local.clock.time.monotonic", lambda: next(real) / 10)
    answer = _ask(control_api, "POST", "/_local/clock", {"advance_seconds": 60 * 86_400}).json
    assert answer["fired_at_most_every_hours"] > 1
    assert "fired at most every" in said[0]


def test_whoever_moves_the_clock_says_how_long_it_may_take(
    control_api: ControlApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = iter(range(10**9))
    monkeypatch.setattr("infra.local.clock.time.monotonic", lambda: next(real) / 10)
    few_days = {"advance_seconds": 3 * 86_400}
    assert "fired_at_most_every_hours" not in _ask(control_api, "POST", "/_local/clock", few_days).json
    in_a_hurry = _ask(control_api, "POST", "/_local/clock", {**few_days, "within_seconds": 1}).json
    assert in_a_hurry["fired_at_most_every_hours"] > 1


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        {},
        {"advance_seconds": -1},
        {"advance_seconds": "60"},
        {"advance_seconds": True},
        {"advance_seconds": 1e300},
        {"advance_seconds": 1, "reaper_lag_seconds": "never"},
        {"advance_seconds": 1, "reaper_lag_seconds": -1},
        {"advance_seconds": 1, "within_seconds": 0},
        {"advance_seconds": 1, "within_seconds": 22.5},
        {"advance_seconds": 1, "within_seconds": "soon"},
        {"within_seconds": 2},
        {"advance_minutes": 1},
        b'{"advance_seconds": NaN}',
    ],
)
def test_a_wrong_wish_of_the_clock_is_told_in_a_sentence(control_api: ControlApi, cloud: LocalCloud, body: Any) -> None:
    before = cloud.now()
    response = _ask(control_api, "POST", "/_local/clock", body)
    assert response.status == 400
    assert response.json["message"].endswith(".")
    assert cloud.now() == before


def test_what_the_mail_provider_reports_is_delivered_until_it_is_said_otherwise(control_api: ControlApi) -> None:
    of_ala = "/_local/mail?to=ala@sowa.example"
    assert _ask(control_api, "GET", of_ala).json == {"to": "ala@sowa.example", "outcome": "delivered"}
    said = {"to": "Ala@sowa.example", "outcome": "bounced"}
    assert _ask(control_api, "POST", "/_local/mail", said).json == said
    assert _ask(control_api, "GET", of_ala).json["outcome"] == "bounced"
    assert _ask(control_api, "GET", "/_local/mail?to=ola@sowa.example").json["outcome"] == "delivered"


@pytest.mark.parametrize(
    "body",
    [{}, {"to": "nobody"}, {"to": 7}, {"to": "a@b.example", "outcome": "lost"}, {"to": "a@b.example", "by": "me"}],
)
def test_a_wrong_wish_of_mails_is_told_in_a_sentence(control_api: ControlApi, body: Any) -> None:
    response = _ask(control_api, "POST", "/_local/mail", body)
    assert response.status == 400
    assert response.json["message"].endswith(".")


def test_a_schedule_runs_now_and_answers(control_api: ControlApi) -> None:
    assert _ask(control_api, "POST", "/_local/schedules/sweep_daily").json == {"at": 1767600000.0}
    assert _ask(control_api, "POST", "/_local/schedules/sweep_often").json is None
    assert house.fired == {"sweep_daily": 1, "sweep_often": 1}


def test_a_job_that_fails_says_how(control_api: ControlApi) -> None:
    house.failing.add("sweep_hourly")
    response = _ask(control_api, "POST", "/_local/schedules/sweep_hourly")
    assert (response.status, response.json["message"]) == (500, "RuntimeError: cannot sweep")


def test_an_operation_gets_the_body_and_answers(control_api: ControlApi) -> None:
    response = _ask(control_api, "POST", "/_local/operations/greet", {"name": "Ala"})
    assert (response.status, response.json) == (200, {"greeting": "hello Ala", "by": "greet"})


def test_a_refusal_is_told_by_its_code(control_api: ControlApi) -> None:
    response = _ask(control_api, "POST", "/_local/operations/greet", {"again": True})
    assert response.status == 422
    assert (response.json["code"], response.json["message"]) == ("AlreadyGreeted", words.message(Conflict, "en"))


@pytest.mark.parametrize("path", ["schedules/nobody", "operations/nobody", "operations/", "nothing", "", "dump/x"])
def test_what_is_not_there_is_not_found(control_api: ControlApi, path: str) -> None:
    response = _ask(control_api, "POST", f"/_local/{path}", {})
    assert response.status == 404
    assert response.json["message"].startswith("There is no ")


def test_a_wrong_method_is_told(control_api: ControlApi) -> None:
    response = _ask(control_api, "DELETE", "/_local/clock")
    assert response.status == 405
    assert response.json["message"] == "/_local/clock takes GET and POST, not DELETE."


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    def event(order_id: str, outcome: str, reference: str | None, card: str) -> tuple[dict[str, str], bytes]:
        if order_id == "nobody's":
            raise NotFound
        more = {"of": reference} if reference else {}
        more |= {"card": card} if card != "good" else {}
        told = json.dumps({"order": order_id, "outcome": outcome, **more}).encode()
        return {"Content-Type": "application/json", "X-Signature": "s"}, told

    monkeypatch.setattr(checkout, "event", event)


def test_a_payment_is_told_to_the_webhook_and_its_answer_is_the_answer(control_api: ControlApi, sandbox: None) -> None:
    response = _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "paid"})
    assert response.status == 202
    assert response.json == {"signed": "s", "body": {"order": "order-1", "outcome": "paid"}}


def test_another_payment_of_the_same_order_has_a_reference_of_its_own(control_api: ControlApi, sandbox: None) -> None:
    response = _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "paid", "reference": "transfer-2"})
    assert response.json["body"] == {"order": "order-1", "outcome": "paid", "of": "transfer-2"}
    assert _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "paid", "reference": 2}).status == 400


def test_an_order_is_paid_by_a_card_that_is_named(control_api: ControlApi, sandbox: None) -> None:
    response = _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "paid", "card": "declined"})
    assert response.json["body"] == {"order": "order-1", "outcome": "paid", "card": "declined"}
    assert _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "paid", "card": "stolen"}).status == 400


def test_a_payment_of_no_order_is_not_found_and_an_unknown_outcome_is_wrong(
    control_api: ControlApi, sandbox: None
) -> None:
    assert _ask(control_api, "POST", "/_local/payments/nobody's", {"outcome": "paid"}).status == 404
    assert _ask(control_api, "POST", "/_local/payments/order-1", {"outcome": "maybe"}).status == 400
    assert _ask(control_api, "POST", "/_local/payments/order-1").status == 400


def test_the_dump_shows_everything(control_api: ControlApi) -> None:
    house.put("a")
    world = _ask(control_api, "GET", "/_local/dump").json
    assert world["tables"] == {"sowa-local-Items": [{"pk": "a", "sk": "-"}]}
    assert {"tables", "buckets", "queues", "streams", "unsent", "logs"} <= set(world)
