"""Messages to an address that somebody merely named: so many to it, from his network, to a country, in a day."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.contacts.actions import budgets
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response, http_request
from tests.scene import Caller, Person, at_once, everything_stored, looks, new_camera, new_person, rows
from tests.worlds.sweep import leap

NUMBER, LANDLINE = "+48601234567", "+48221234567"
_JSON = {"Accept": "application/json", "Content-Type": "application/json"}


@pytest.fixture
def tight(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets the budgets; what is not named is plenty."""

    def set_to(**most: int) -> None:
        def said(kind: str, *scopes: str) -> str:
            return " ".join(f"{scope}={most.get(f'{kind}_{scope}', 1000)}" for scope in scopes)

        monkeypatch.setenv("MAIL_BUDGETS", said("mail", "address", "network", "day"))
        monkeypatch.setenv("TEXT_BUDGETS", said("text", "address", "network", "country", "day"))

    set_to()
    return set_to


def register(world: LocalCloud, address: str, source_ip: str = "198.51.100.7", key: str | None = None) -> Response:
    kind = Person if "@" in address else Caller
    headers = {**_JSON, **({} if key is None else {"Idempotency-Key": key})}
    body = json.dumps(kind(world, address).registration()).encode()
    return world.handle(replace(http_request("POST", "/accounts", headers, body, None), source_ip=source_ip))


def sent(world: LocalCloud, to: str | None = None) -> int:
    return len(world.outbox(to))


def wait_s(answer: Response) -> int:
    assert answer.status == 429, answer.body
    return int(answer.headers["Retry-After"])


# By address


def test_sixty_registrations_of_one_number_send_it_a_few_texts(world: LocalCloud) -> None:
    answers = [register(world, NUMBER) for _ in range(60)]
    assert [answer.status for answer in answers] == 10 * [202] + 50 * [429]
    assert sent(world, NUMBER) == 10
    assert {answer.json["code"] for answer in answers[10:]} == {"TooManyMessages"}


def test_who_was_refused_may_come_back_when_it_was_said(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(mail_address=2)
    world.advance(600)
    assert [register(world, "ola@example.com").status for _ in range(2)] == [202, 202]
    wait = wait_s(register(world, "ola@example.com"))
    assert 0 < wait <= 3600
    leap(world, wait - 1)
    assert wait_s(register(world, "ola@example.com")) == 1
    leap(world, 1)
    assert register(world, "ola@example.com").status == 202
    assert sent(world, "ola@example.com") == 3


def test_another_address_is_not_in_the_way(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(mail_address=1)
    assert [register(world, f"{name}@example.com").status for name in ("ola", "zed", "ola")] == [202, 202, 429]
    assert register(world, "OLA@Example.com").status == 429  # which is the same


def test_known_and_unknown_addresses_are_refused_alike(world: LocalCloud, tight: Callable[..., None]) -> None:
    new_person(world)
    tight(mail_address=2)
    seen = []
    for address in ("ola@example.com", "nobody@example.com"):
        answers = []
        leap(world, 3600)
        for _ in range(3):
            world.trace.clear()
            answers.append((looks(register(world, address)), world.trace.names()))
        seen.append(answers)
    assert seen[0] == seen[1]


# By network


@pytest.mark.parametrize(
    ("one", "near", "far"),
    [
        ("198.51.100.7", "198.51.100.254", "198.51.101.7"),
        ("2001:db8:7:1::1", "2001:db8:7:ffff::2", "2001:db8:8:1::1"),
        ("::ffff:198.51.100.7", "198.51.100.8", "::ffff:198.51.101.7"),
    ],
)
@pytest.mark.parametrize("kind", ["mail", "text"])
def test_neighbours_share_their_networks_budget_and_others_do_not(
    world: LocalCloud, tight: Callable[..., None], kind: str, one: str, near: str, far: str
) -> None:
    tight(**{f"{kind}_network": 2})
    addresses = iter(f"{number}@example.com" if kind == "mail" else f"+4860123456{number}" for number in range(9))
    statuses = [register(world, next(addresses), source_ip).status for source_ip in (one, near, one, near, far)]
    assert statuses == [202, 202, 429, 429, 202]
    assert wait_s(register(world, next(addresses), near)) <= 3600
    assert sent(world) == 3


def test_an_address_that_cannot_be_read_has_a_budget_too() -> None:
    assert budgets.network_of("unknown") == budgets.network_of("") == budgets.network_of("None")


def test_a_callers_address_is_kept_as_a_hash_that_nobody_can_tell_after_its_hour(
    world: LocalCloud, tight: Callable[..., None]
) -> None:
    register(world, "ola@example.com")
    counts = rows(world, "messages/count")
    assert len(counts) == 3
    stored = everything_stored(world)
    assert "198.51.100" not in stored and "ola@example.com" not in stored
    leap(world, 3600)
    register(world, "ola@example.com")
    names = {row["pk"] for row in rows(world, "messages/count")}
    # The day's goes on; of the hour's two the same address has others, by the key of another hour.
    assert len(names) == 5
    assert all(row["expires_at"] <= world.now().timestamp() + 24 * 3600 for row in rows(world, "messages/count"))


# By country, and by what the number is


def test_a_countrys_numbers_have_a_budget(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(text_country=2)
    polish = [f"+4860123456{number}" for number in range(3)]
    answers = [register(world, number) for number in (*polish, "+4915123456789")]
    assert [answer.status for answer in answers] == [202, 202, 429, 202]
    assert (answers[2].json["code"], 0 < wait_s(answers[2]) <= 86_400) == ("MessagesUsedUp", True)


@pytest.mark.parametrize(
    "number",
    [
        LANDLINE,
        "+48701234567",  # premium
        "+48800123456",  # toll-free
        "+48391234567",  # VoIP
        "+48801234567",  # shared cost
        "+447012345678",  # a personal number, which forwards at the caller's cost
        "+37259123456",  # a mobile of a country that is not on the list
        "+12025550123",
        "+882345678901",  # of no country
    ],
)
def test_texts_go_to_mobile_numbers_of_named_countries_only(
    world: LocalCloud, tight: Callable[..., None], monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    monkeypatch.setenv("TEXT_COUNTRIES", "PL GB")
    before = world.dump()["tables"]
    answer = register(world, number)
    assert (answer.status, list(answer.json["fields"])) == (422, ["phone"])
    assert answer.json["code"] in ("PhoneNotTexted", "PhoneInvalid")
    assert (world.dump()["tables"], sent(world)) == (before, 0)


def test_where_numbers_do_not_tell_mobile_from_fixed_both_are_texted(
    world: LocalCloud, tight: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXT_COUNTRIES", "US")
    assert register(world, "+12025550123").status == 202
    assert register(world, NUMBER).json["code"] == "PhoneNotTexted"


def test_without_countries_no_text_is_sent(
    world: LocalCloud, tight: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEXT_COUNTRIES", "none")
    assert register(world, NUMBER).json["code"] == "PhoneNotTexted"
    assert register(world, "ola@example.com").status == 202


def test_who_cannot_be_texted_may_still_be_guessed_at_and_signed_in(world: LocalCloud) -> None:
    """What a number is, is asked where something is sent to it."""
    assert Caller(world, LANDLINE).sign_in().json["code"] == "PasswordWrong"


# Of the installation


@pytest.mark.parametrize("kind", ["mail", "text"])
def test_the_installation_has_a_budget_for_each_day(
    world: LocalCloud, tight: Callable[..., None], kind: str
) -> None:
    tight(**{f"{kind}_day": 2})
    numbers = (NUMBER, "+48601234568", "+48601234569")
    names = [f"{number}@example.com" for number in range(3)] if kind == "mail" else numbers
    answers = [register(world, name, f"198.51.{net}.7") for net, name in enumerate(names)]
    assert [answer.status for answer in answers] == [202, 202, 429]
    assert answers[2].json["code"] == "MessagesUsedUp"
    other = NUMBER if kind == "mail" else "1@example.com"
    assert register(world, other).status == 202  # the other kind has its own
    leap(world, wait_s(answers[2]))
    assert register(world, names[2]).status == 202


def test_a_large_budget_lies_in_parts_so_that_not_all_wait_for_one_row(
    world: LocalCloud, tight: Callable[..., None]
) -> None:
    tight(mail_day=16_000, mail_network=16_000)
    for number in range(24):
        register(world, f"{number}@example.com")
    days = [row for row in rows(world, "messages/count") if row["pk"].startswith("messages#mail-20260105")]
    assert len(days) > 8
    assert sum(row["sent"] for row in days) == 24


def test_the_local_cloud_lets_two_hundred_register_in_a_minute(world: LocalCloud) -> None:
    assert budgets.most("mail", "network") >= 200 * 60
    assert budgets.most("text", "network") >= 200 * 60
    assert min(budgets.most(kind, "day") for kind in ("mail", "text")) >= 200 * 60
    assert {register(world, f"{number}@example.com").status for number in range(20)} == {202}


# Counted once


def test_as_many_at_once_as_there_may_be_and_no_more(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(text_address=3)
    answers = at_once(*[lambda: register(world, NUMBER)] * 8)
    assert sorted(answer.status for answer in answers) == 3 * [202] + 5 * [429]
    assert sent(world, NUMBER) == 3


def test_an_exact_repeat_is_neither_counted_nor_refused(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(mail_address=2)
    key = "the-key-of-a-registration"
    first = register(world, "ola@example.com", key=key)
    assert register(world, "ola@example.com", key=key).body == first.body
    assert register(world, "ola@example.com").status == 202
    assert register(world, "ola@example.com").status == 429
    assert register(world, "ola@example.com", key=key).body == first.body


def test_what_is_refused_counts_in_no_budget(world: LocalCloud, tight: Callable[..., None]) -> None:
    tight(mail_address=1)
    for _ in range(3):
        register(world, "ola@example.com")
    assert {row["sent"] for row in rows(world, "messages/count")} == {1}


# At every door


def _asks(world: LocalCloud) -> dict[str, Callable[[], Response]]:
    owner = new_person(world, "owner@example.com")
    camera = new_camera(world, owner=owner)
    waiting = new_person(world, "zed@example.com").world.call(
        "POST", "/accounts", Person(world, "waiting@example.com").registration()
    )
    owner.step_up()
    leap(world, 60)
    device = f"/devices/{camera.device_id}"
    return {
        "register": lambda: register(world, "new@example.com"),
        "send a new code": lambda: world.call(
            "POST", "/accounts/code", {"registration_id": waiting.json["registration_id"]}
        ),
        "reset": lambda: world.call("POST", "/password-resets", {"email": "zed@example.com"}),
        "reset of nobody": lambda: world.call("POST", "/password-resets", {"email": "nobody@example.com"}),
        "move": lambda: owner.call("POST", "/me/address", {"email": "moved@example.com"}),
        "share": lambda: owner.share(camera.device_id, email="guest@example.com"),
        "offer": lambda: owner.call("POST", f"{device}/transfer", {"email": "heir@example.com"}),
    }


@pytest.mark.parametrize("scope", ["address", "network", "day"])
def test_every_door_that_writes_to_an_address_somebody_named_is_bounded(
    world: LocalCloud, tight: Callable[..., None], scope: str
) -> None:
    asks = _asks(world)
    tight(**{f"mail_{scope}": 0})
    before, stored = sent(world), world.dump()["tables"]
    answers = {name: ask() for name, ask in asks.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(asks, 429)
    assert all("Retry-After" in answer.headers for answer in answers.values())
    assert (sent(world), world.dump()["tables"]) == (before, stored)
    tight()
    assert {ask().status for ask in asks.values()} <= {201, 202}
    assert sent(world) == before + len(asks)


@pytest.mark.parametrize("path", ["/password-resets", "/me/address", "share", "transfer"])
def test_no_door_writes_to_a_number_that_is_not_texted(world: LocalCloud, path: str) -> None:
    owner = new_person(world, "owner@example.com")
    camera = new_camera(world, owner=owner)
    owner.step_up()
    before = sent(world)
    asks: dict[str, Callable[[], Any]] = {
        "share": lambda: owner.share(camera.device_id, phone=LANDLINE),
        "transfer": lambda: owner.call("POST", f"/devices/{camera.device_id}/transfer", {"phone": LANDLINE}),
    }
    answer = asks.get(path, lambda: owner.call("POST", path, {"phone": LANDLINE}))()
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "PhoneNotTexted", ["phone"])
    assert sent(world) == before


def test_a_code_to_ones_own_address_is_refused_for_no_quota(world: LocalCloud, tight: Callable[..., None]) -> None:
    """Without it nobody could close an account."""
    owner = new_person(world)
    tight(mail_address=0, mail_network=0, mail_day=0)
    owner.step_up()
    assert owner.close().status == 202


def test_texts_to_ones_own_number_are_bounded_by_the_hour(world: LocalCloud, tight: Callable[..., None]) -> None:
    """Who is paid for the texts that reach him registers and signs in again and again; and may close the account."""
    ola = Caller(world, NUMBER)
    ola.confirm(ola.register())
    tight(text_address=3, text_country=0, text_day=0, text_network=0)
    answers = []
    for _ in range(5):
        ola.sign_in()
        answers.append(ola.call("POST", "/step-up", {}))
    assert [answer.status for answer in answers] == [202, 202, 429, 429, 429]  # one was for the registration
    leap(world, wait_s(answers[-1]))
    ola.sign_in()
    ola.step_up()
    assert ola.close().status == 202
