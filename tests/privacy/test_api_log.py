"""Addresses are in the API log only, sealed, for seven days to the second, and who looks is recorded (B2, LOG)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.entry.log import Line, NotAllowed
from chalicelib.errors import Invalid
from chalicelib.privacy.actions import api_log
from chalicelib.register.rows import API_LOG_ADDRESSES
from chalicelib.store import hour_keys
from infra.demo.search import Needle, search
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response, http_request
from infra.strict_moto import FAILING_FROM
from tests.conftest import Home
from tests.scene import Person, just_before, new_person, rows

ADDRESS, OTHERS = "2001:db8:77f1:5ead::beef", "203.0.113.77"
START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
WEEK = 7 * 86_400


def ask(person: Person, path: str = "/me", address: str = ADDRESS, method: str = "GET") -> Response:
    headers = {"Authorization": f"Bearer {person.access_token}"}
    return person.world.handle(replace(http_request(method, path, headers), source_ip=address))


def opened(world: LocalCloud, **other: Any) -> list[dict[str, Any]]:
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-02-01T00:00:00Z", "reason": "case 2026-17", **other}
    items: list[dict[str, Any]] = world.invoke("read_api_log", asked)["items"]
    return items


def addresses(world: LocalCloud, **other: Any) -> list[str]:
    return [one["address"] for one in opened(world, **other) if one["address"] != "127.0.0.1"]


def go_to(world: LocalCloud, at: datetime) -> None:
    """Time passes, and nobody cleans up."""
    world.clock.move_to(at.timestamp())


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


# ── What it says ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_it_says_when_what_by_whom_and_from_where(ola: Person) -> None:
    ola.world.advance(90)
    ask(ola)
    ask(ola, "/sessions/aaaaaaaaaaaaaaaaaaaaaaaaaa", method="DELETE")
    ask(Person(ola.world, "nobody@example.com"), address=OTHERS)
    told = [one for one in opened(ola.world) if one["address"] != "127.0.0.1"]
    at = "2026-01-05T08:01:30Z"
    assert told == [
        {"at": at, "route": "GET /me", "answered": 200, "address": ADDRESS, "account_id": ola.account_id},
        {
            "at": at, "route": "DELETE /sessions/{session_id}", "answered": 404, "address": ADDRESS,
            "account_id": ola.account_id,
        },
        {"at": at, "route": "GET /me", "answered": 401, "address": OTHERS, "account_id": None},
    ]  # fmt: skip


def test_it_is_looked_through_for_a_span_and_for_one_account(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    ask(ola)
    go_to(ola.world, START + timedelta(hours=3))
    ola.sign_in()
    zed.sign_in()
    ask(ola, address=OTHERS)
    ask(zed, address="198.51.100.9")
    assert addresses(ola.world, account_id=ola.account_id) == [ADDRESS, OTHERS]
    assert addresses(ola.world, account_id=zed.account_id) == ["198.51.100.9"]
    assert addresses(ola.world, to="2026-01-05T11:00:00Z") == [ADDRESS]
    assert addresses(ola.world, **{"from": "2026-01-05T11:00:00Z"}) == [OTHERS, "198.51.100.9"]


@pytest.mark.parametrize(
    "wrong", [{"reason": "short"}, {"reason": "about ola@example.com"}, {"to": "soon"}, {"account_id": ""}]
)
def test_what_is_asked_wrongly_is_refused_and_reads_nothing(world: LocalCloud, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        opened(world, **wrong)
    assert rows(world, "log/reading", "Ledger") == []
    opened(world)
    assert len(rows(world, "log/reading", "Ledger")) == 1


# ── For seven days ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("minutes", [0, 30, 59])
def test_it_is_readable_to_the_last_second_and_then_not(ola: Person, minutes: int) -> None:
    at = START + timedelta(minutes=minutes, seconds=59)
    go_to(ola.world, at)
    ola.sign_in()
    ask(ola)
    go_to(ola.world, at + timedelta(seconds=WEEK - 1))
    assert addresses(ola.world) == [ADDRESS]
    go_to(ola.world, at + timedelta(seconds=WEEK))
    assert addresses(ola.world) == []


def test_a_line_that_somebody_kept_opens_no_more_though_nobody_cleaned_up(ola: Person) -> None:
    ask(ola)
    line = json.loads(ola.world.logs.lines()[-1])
    assert hour_keys.Decrypter().open(line["address"], line["request_id"]) is not None
    go_to(ola.world, START + timedelta(seconds=WEEK))
    assert hour_keys.Decrypter().open(line["address"], line["request_id"]) is None
    go_to(ola.world, START + timedelta(days=60))
    assert hour_keys.Decrypter().open(line["address"], line["request_id"]) is None
    assert len([row for row in rows(ola.world, "hour", "Keys") if row["pk"] == "hour#2026010508"]) == 1


def test_the_hours_key_goes_when_its_last_second_is_seven_days_old(ola: Person) -> None:
    ask(ola)
    (row,) = rows(ola.world, "hour", "Keys")
    assert row["expires_at"] == (START + timedelta(hours=1, days=7)).timestamp()
    ola.world.advance(WEEK + 3_600, reaper_lag_seconds=0)
    assert [one["pk"] for one in rows(ola.world, "hour", "Keys") if one["pk"] == row["pk"]] == []


def test_it_is_kept_as_long_as_the_policy_says() -> None:
    assert API_LOG_ADDRESSES.kept_for.period == hour_keys.KEPT


# ── And nowhere else ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_is_nowhere_in_the_clear(home: Home) -> None:
    for route in ("/me", "/devices", "/sessions", "/privacy/exports", "/nowhere"):
        ask(home.owner, route)
    home.owner.step_up()
    ask(home.owner, "/me/closing", method="POST")
    needles = [Needle("address", ADDRESS), Needle("shorter", "77f1:5ead")]
    assert search(home.world.dump(), needles) == []
    assert search(home.world.dump(), [Needle("account", home.owner.account_id)]) != []
    assert search({"logs": [f"from {ADDRESS}"]}, needles) != []


def test_a_line_opens_in_its_own_place_only(ola: Person) -> None:
    from chalicelib.store.crypto import Unreadable

    ask(ola)
    line = json.loads(ola.world.logs.lines()[-1])
    with pytest.raises(Unreadable):
        hour_keys.Decrypter().open(line["address"], "another request")


@pytest.mark.parametrize("address", ["203.0.113.77", "2001:db8::1", "2026010508.203.0.113.77", ""])
def test_an_address_in_the_clear_cannot_be_logged(address: str) -> None:
    with pytest.raises(NotAllowed):
        Line()["address"] = address


# ── What it costs, and what it never breaks ──────────────────────────────────────────────────────────────────────────


def test_the_key_is_asked_for_once_an_hour(ola: Person) -> None:
    go_to(ola.world, START + timedelta(hours=1))
    calls = []
    for _ in range(3):
        ola.world.trace.clear()
        ask(ola, "/plans")
        calls.append(ola.world.trace.names())
    assert calls == [["dynamodb.GetItem", "dynamodb.PutItem"], [], []]


def test_of_two_containers_at_once_one_makes_the_key_and_both_use_it(ola: Person) -> None:
    go_to(ola.world, START + timedelta(hours=1))

    def other() -> None:
        ask(ola, "/plans", OTHERS)
        hour_keys._known.clear()

    with just_before(ola.world, 2, other):
        ask(ola, "/plans")
    assert sorted(addresses(ola.world)) == sorted([ADDRESS, OTHERS])


def test_a_request_is_answered_though_the_key_cannot_be_had(ola: Person) -> None:
    go_to(ola.world, START + timedelta(hours=1))
    ola.world.faults.fail(1, FAILING_FROM)
    assert ask(ola, "/plans").status == 200
    ola.world.faults.clear()
    assert "address" not in json.loads(ola.world.logs.lines()[-1])
    assert ask(ola, "/plans").status == 200
    assert addresses(ola.world) == [ADDRESS]


# ── Who looked ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_look_is_recorded_without_saying_whom_it_was_for(ola: Person) -> None:
    answer = ola.world.invoke(
        "read_api_log",
        {
            "from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17",
            "account_id": ola.account_id,
        },
    )  # fmt: skip
    (row,) = rows(ola.world, "log/reading", "Ledger")
    assert row["sk"] == f"reading#{answer['reading_id']}"
    assert (row["reason"], row["read_at"]) == ("case 2026-17", START.timestamp())
    assert (row["since"], row["until"]) == (START.timestamp(), START.timestamp() + 3_600)
    assert ola.account_id not in json.dumps(row)


def test_a_look_that_cannot_be_recorded_does_not_happen(ola: Person) -> None:
    ask(ola)
    ola.world.trace.clear()
    ola.world.faults.fail(1, FAILING_FROM)
    with pytest.raises(Exception, match=r"busy|Unavailable|503"):
        opened(ola.world)
    ola.world.faults.clear()
    assert "logs.FilterLogEvents" not in ola.world.trace.names()


def in_instalments(world: LocalCloud, **other: Any) -> tuple[int, list[str]]:
    """How many answers there were, and all addresses in them."""
    asked = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-05T09:00:00Z", "reason": "case 2026-17", **other}
    found: list[str] = []
    for count in range(1, 100):
        answer = world.invoke("read_api_log", asked)
        found += [one["address"] for one in answer["items"] if one["address"] != "127.0.0.1"]
        if answer["cursor"] is None:
            return count, found
        asked["cursor"] = answer["cursor"]
    raise AssertionError("it never ends")


def test_more_than_one_answer_holds_is_asked_for_with_its_cursor(ola: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    several = [f"203.0.113.{number}" for number in range(7)]
    for address in several:
        ask(ola, address=address)
    monkeypatch.setattr(api_log, "_LINES_OF_A_PAGE", 2)
    monkeypatch.setattr(api_log, "MOST_LINES", 4)
    answers, found = in_instalments(ola.world)
    assert answers >= 2
    assert found == several


def test_what_takes_long_is_answered_in_time_and_gone_on_with(ola: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    several = [f"203.0.113.{number}" for number in range(5)]
    for address in several:
        ask(ola, address=address)
    monkeypatch.setattr(api_log, "_LINES_OF_A_PAGE", 1)
    ticks = iter(range(0, 10_000, 15))
    monkeypatch.setattr(clock, "ticks_s", lambda: next(ticks))
    answers, found = in_instalments(ola.world)
    assert answers >= 3
    assert found == several


def test_a_cursor_that_cloudwatch_does_not_know_is_refused(ola: Person) -> None:
    with pytest.raises(Invalid):
        opened(ola.world, cursor="of another day")
