"""Moving to another region (B1a): vouched for here, made there, erased here; and nothing is lost in between."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey
from werkzeug.wrappers import Response as Reply

from chalicelib import jwks
from chalicelib.settings import settings
from infra.local.cloud import PUBLIC_URL, LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.neighbour import ARRIVAL, COUNTRY, TICKET, Neighbour, neighbour, said
from tests.privacy.leaving import QUARTER, claims, erasure, receipt, secrets, stored
from tests.scene import PASSWORD, Person, at_once, new_person, rows
from tests.worlds.invariants import Stored, violations

KEY = {"Idempotency-Key": "the-key-of-a-relocation"}
DAY = 86_400


@pytest.fixture(autouse=True)
def other() -> Any:
    yield neighbour()
    neighbour().answers = None


def leave(person: Person, country: str = COUNTRY, **headers: str) -> Response:
    return person.call("POST", "/me/move", {"country": country}, headers=headers)


def ticket_of(person: Person) -> str:
    person.step_up()
    answer = leave(person)
    assert answer.status == 200, answer.body
    return str(answer.json["ticket"])


def arrive(world: LocalCloud, ticket: str, password: str = PASSWORD, **headers: str) -> Response:
    terminal = {"os": "Android 16", "model": "Pixel 9", "unique_id": "t1"}
    body = {"ticket": ticket, "password": password, "terminal": terminal}
    return world.call("POST", "/accounts/arrivals", body, headers=headers)


def confirm(person: Person, arrival: str, **headers: str) -> Response:
    return person.call("POST", "/me/move/confirm", {"arrival": arrival}, headers=headers)


def refusal(answer: Response) -> tuple[int, str]:
    return answer.status, answer.json["code"]


# ── Leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ticket_says_what_is_proved_of_a_person_to_one_region_for_a_quarter_of_an_hour(home: Home) -> None:
    home.owner.step_up()
    answer = leave(home.owner).json
    assert (answer["endpoint"], answer["devices"]) == (neighbour().endpoint, 1)
    told = claims(home.world, answer["ticket"])
    assert (told["iss"], told["aud"], told["exp"] - told["iat"]) == (PUBLIC_URL, neighbour().endpoint, 900)
    person = {name: told[name] for name in ("email", "nickname", "language", "country", "policy_version")}
    assert person == {
        "email": home.owner.email, "nickname": "Ola", "language": "en", "country": COUNTRY,
        "policy_version": "2026-11-01",
    }  # fmt: skip
    assert told.keys() == {"iss", "aud", "sub", "iat", "exp", *person}


def test_until_it_is_confirmed_the_account_stands_whole(home: Home) -> None:
    before = home.owner.call("GET", "/me").json
    ticket_of(home.owner)
    assert home.owner.call("GET", "/me").json == before
    assert len(home.owner.call("GET", "/devices").json["items"]) == 1
    home.world.advance(DAY)
    assert home.owner.sign_in().status == 201
    assert violations(home.world.dump()) == []


def test_leaving_needs_a_code_of_this_very_session_and_is_recorded(home: Home) -> None:
    assert refusal(leave(home.owner)) == (403, "StepUpRequired")
    ticket = ticket_of(home.owner)
    opened = Stored(home.world.dump())
    ((where, row),) = opened.of("Relocation").items()
    assert where == (home.owner.account_id, said(ticket)["sub"])
    assert opened.decrypted(row, "endpoint") == neighbour().endpoint
    assert opened.decrypted(row, "country") == COUNTRY


def test_the_exact_repeat_gives_the_same_ticket(home: Home) -> None:
    home.owner.step_up()
    assert leave(home.owner, **KEY).json == leave(home.owner, **KEY).json
    assert len(Stored(home.world.dump()).of("Relocation")) == 1


@pytest.mark.parametrize(("country", "code"), [("DE", "SameRegion"), ("XX", "CountryUnknown")])
def test_who_need_not_move_gets_no_ticket(home: Home, country: str, code: str) -> None:
    home.owner.step_up()
    assert leave(home.owner, country).json["code"] == code
    assert Stored(home.world.dump()).of("Relocation") == {}


def test_another_country_in_the_profile_tells_of_the_move(home: Home) -> None:
    answer = home.owner.call("PATCH", "/me", {"country": COUNTRY})
    assert refusal(answer) == (409, "RegionFixed")
    assert "move your account" in answer.json["message"]


# ── Arriving ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_vouched_for_has_an_account_and_a_session_at_once(world: LocalCloud) -> None:
    ticket = neighbour().ticket(phone="+48601234567")
    answer = arrive(world, ticket)
    assert answer.status == 201
    maja = Person(world, "maja@example.com")
    maja._keep(answer)
    me = maja.call("GET", "/me").json
    assert (me["email"], me["phone"], me["nickname"]) == ("maja@example.com", "+48601234567", "Maja")
    assert (me["country"], me["language"], me["policy_version"]) == ("PL", "pl", "2026-11-01")
    assert maja.sign_in().status == 201
    opened = Stored(world.dump())
    assert opened.decrypted(opened.first_ids("Account")[maja.account_id], "came_from") == neighbour().endpoint
    told = claims(world, answer.json["arrival"])
    assert (told["iss"], told["aud"], told["sub"]) == (PUBLIC_URL, neighbour().endpoint, said(ticket)["sub"])
    assert world.outbox("maja@example.com") == []
    assert violations(world.dump()) == []


WRONG: dict[str, Callable[[Neighbour], str]] = {
    "over": lambda other: other.ticket(exp=said(other.ticket())["iat"]),
    "not yet": lambda other: other.ticket(iat=said(other.ticket())["iat"] + 120, exp=said(other.ticket())["exp"] + 60),
    "too long": lambda other: other.ticket(exp=said(other.ticket())["exp"] + 1),
    "for somebody else": lambda other: other.ticket(aud="https://elsewhere.example.org"),
    "for several": lambda other: other.ticket(aud=[PUBLIC_URL]),
    "by nobody known": lambda other: other.ticket(iss="https://elsewhere.example.org"),
    "by ourselves": lambda other: other.ticket(iss=PUBLIC_URL),
    "by another key": lambda other: other.sign(
        said(other.ticket()), TICKET, key=ECKey.generate_key("P-256", {"kid": "neighbour-1"})
    ),
    "by a key that is not published": lambda other: other.sign(said(other.ticket()), TICKET, kid="neighbour-2"),
    "an arrival": lambda other: other.ticket(typ=ARRIVAL),
    "a receipt": lambda other: other.ticket(typ="JWT"),
    "without an address": lambda other: other.ticket(email=None),
    "with no address": lambda other: other.ticket(email="nobody"),
    "without a subject": lambda other: other.ticket(sub=""),
    "with its signature cut off": lambda other: other.ticket().rpartition(".")[0] + ".",
    "with other claims": lambda other: _with_other_claims(other),
    "no token": lambda other: "nonsense",
    "two dots": lambda other: "..",
    "not even text": lambda other: "\ud800",
}  # fmt: skip


def _with_other_claims(other: Neighbour) -> str:
    head, _, signature = other.ticket().split(".")
    return ".".join((head, other.ticket(email="thief@example.com").split(".")[1], signature))


@pytest.mark.parametrize("wrong", WRONG)
def test_a_ticket_that_is_not_right_opens_nothing(world: LocalCloud, wrong: str) -> None:
    assert refusal(arrive(world, WRONG[wrong](neighbour()))) in {(422, "TicketWrong"), (400, "Malformed")}
    assert Stored(world.dump()).of("Account") == {}
    assert arrive(world, neighbour().ticket()).status == 201  # and the right one does


def test_a_ticket_without_a_signature_is_none(world: LocalCloud) -> None:
    from joserfc.util import urlsafe_b64encode as b64

    head = b64(json.dumps({"alg": "none", "typ": TICKET, "kid": "neighbour-1"}).encode()).decode()
    assert refusal(arrive(world, f"{head}.{neighbour().ticket().split('.')[1]}.")) == (422, "TicketWrong")


def test_a_ticket_counts_once(world: LocalCloud) -> None:
    ticket = neighbour().ticket()
    assert arrive(world, ticket).status == 201
    assert refusal(arrive(world, ticket)) == (410, "TicketSpent")
    assert refusal(arrive(world, ticket, **KEY)) == (410, "TicketSpent")
    assert len(Stored(world.dump()).of("Account")) == 1


def test_a_spent_ticket_brings_nobody_back_who_has_left_since(world: LocalCloud) -> None:
    ticket = neighbour().ticket()
    maja = Person(world, "maja@example.com")
    maja._keep(arrive(world, ticket, **KEY))
    maja.step_up()
    assert maja.close().status == 202
    world.advance(10 * 60)
    assert refusal(arrive(world, ticket, **KEY)) == (410, "TicketSpent")
    assert "maja@example.com" not in stored(world)


def test_the_exact_repeat_is_answered_with_new_tokens_and_the_old_ones_end(world: LocalCloud) -> None:
    ticket, maja = neighbour().ticket(), Person(world, "maja@example.com")
    first = arrive(world, ticket, **KEY)
    second = arrive(world, ticket, **KEY)
    assert (first.status, second.status) == (201, 201)
    maja._keep(first)
    assert maja.call("GET", "/me").status == 401
    maja._keep(second)
    assert maja.call("GET", "/me").status == 200
    other_password = arrive(world, ticket, "another password altogether", **KEY)
    assert refusal(other_password) == (410, "TicketSpent")


def test_a_ticket_that_was_used_opens_nothing_after_signing_out(world: LocalCloud) -> None:
    ticket, maja = neighbour().ticket(), Person(world, "maja@example.com")
    assert maja._keep(arrive(world, ticket, **KEY)).status == 201
    assert maja.call("DELETE", "/sessions/current").status == 204
    assert refusal(arrive(world, ticket, **KEY)) == (410, "TicketSpent")
    assert rows(world, "account/session") == []


def test_a_reply_that_is_lost_is_no_false_failure(world: LocalCloud) -> None:
    ticket = neighbour().ticket()
    world.trace.clear()
    world.faults.fail(3, DIES_AFTER)
    assert arrive(world, ticket, **KEY).status == 502
    assert world.trace.names()[-1] == "dynamodb.TransactWriteItems"
    world.faults.clear()
    assert arrive(world, ticket, **KEY).status == 201


def test_two_at_once_make_one_account(world: LocalCloud) -> None:
    ticket = neighbour().ticket()
    answers = at_once(*[lambda: arrive(world, ticket) for _ in range(3)])
    assert sorted(answer.status for answer in answers) == [201, 410, 410]
    assert violations(world.dump()) == []


def test_an_address_that_has_an_account_here_keeps_it(world: LocalCloud) -> None:
    ola = new_person(world, "maja@example.com")
    assert refusal(arrive(world, neighbour().ticket())) == (409, "AddressTaken")
    assert ola.call("GET", "/me").json["nickname"] == "Ola"
    assert len(Stored(world.dump()).of("Account")) == 1


def test_who_belongs_elsewhere_is_told_where(world: LocalCloud) -> None:
    answer = arrive(world, neighbour().ticket(country=COUNTRY))
    assert (*refusal(answer), answer.json["endpoint"]) == (421, "Misdirected", neighbour().endpoint)


@pytest.mark.parametrize("password", ["short", "maja@example.com", "passwordpassword"])
def test_a_password_is_looked_at_as_at_registering(world: LocalCloud, password: str) -> None:
    assert refusal(arrive(world, neighbour().ticket(), password)) == (422, "PasswordTooEasy")
    assert Stored(world.dump()).of("SpentTicket") == {}


# ── The other region's keys ──────────────────────────────────────────────────────────────────────────────────────────

BROKEN: dict[str, Callable[[], Reply]] = {
    "an error": lambda: Reply(status=500),
    "elsewhere": lambda: Reply(status=302, headers={"Location": f"{neighbour().endpoint}/keys"}),
    "no JSON": lambda: Reply("<html>"),
    "no keys": lambda: Reply("[]"),
    "too much": lambda: Reply(" " * 100_000 + '{"keys": []}'),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_region_that_does_not_answer_is_waited_for_and_not_asked_all_the_time(
    world: LocalCloud, broken: str
) -> None:
    neighbour().answers, neighbour().asked = BROKEN[broken], 0
    answers = [arrive(world, neighbour().ticket()) for _ in range(3)]
    assert {refusal(answer) for answer in answers} == {(503, "KeysSilent")}
    assert answers[0].headers["Retry-After"] == "20"
    assert neighbour().asked == 1
    neighbour().answers = None
    world.advance(20)
    assert arrive(world, neighbour().ticket()).status == 201


def test_keys_are_asked_for_once_an_hour_and_when_a_new_one_is_used(world: LocalCloud) -> None:
    neighbour().asked = 0
    for number in range(3):
        arrive(world, neighbour().ticket(f"ticket-{number}-of-the-neighbour"))
    assert neighbour().asked == 1
    for _ in range(3):
        arrive(world, neighbour().sign(said(neighbour().ticket()), TICKET, kid="new"))
    assert neighbour().asked == 1  # a made-up key makes nobody ask at once
    world.advance(60)
    arrive(world, neighbour().sign(said(neighbour().ticket()), TICKET, kid="new"))
    assert neighbour().asked == 2
    world.advance(3600)
    arrive(world, neighbour().ticket())
    assert neighbour().asked == 3


def test_keys_come_protected_or_from_this_machine() -> None:
    for url in ("http://elsewhere.example.org/keys", "file:///etc/passwd", "http://127.0.0.1.example.org/keys"):
        with pytest.raises(jwks.KeysSilent):
            jwks.key_at(url, "any")


# ── Leaving for good ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_has_arrived_is_erased_here_and_the_receipt_says_why(home: Home) -> None:
    arrival = neighbour().arrival(ticket_of(home.owner))
    assert len(rows(home.world, "account/relocation")) == 1
    answer = confirm(home.owner, arrival)
    assert answer.status == 202
    assert home.owner.call("GET", "/me").status == 401
    home.world.advance(QUARTER)
    assert erasure(home.world, answer.json["erasure_id"]).json["state"] == "done"
    told = claims(home.world, receipt(home.world, answer.json["erasure_id"]))
    assert told["ordered_by"] == "a move to another region"
    home.world.advance(2 * DAY)
    kept = stored(home.world, but=("Ledger", "Fiscal"))
    assert [told for told in (*secrets(home), home.owner.account_id, COUNTRY) if f'"{told}"' in kept] == []
    assert [told for told in secrets(home) if told in kept] == []
    assert rows(home.world, "account/relocation") == []
    assert violations(home.world.dump()) == []


def test_the_camera_is_free_after_the_move(home: Home) -> None:
    assert confirm(home.owner, neighbour().arrival(ticket_of(home.owner))).status == 202
    assert home.stranger.bind(home.camera).status == 201


def test_the_exact_repeat_of_the_end_is_answered_again(home: Home) -> None:
    arrival = neighbour().arrival(ticket_of(home.owner))
    answers = [confirm(home.owner, arrival, **KEY) for _ in range(2)]
    assert answers[0].status == 202 and answers[0].json == answers[1].json


def test_an_arrival_may_be_shown_days_later(home: Home) -> None:
    arrival = neighbour().arrival(ticket_of(home.owner), exp=said(neighbour().ticket())["iat"] + 30 * DAY)
    home.world.clock.move_to(home.world.now().timestamp() + 20 * DAY)
    assert home.owner.sign_in().status == 201
    home.owner.step_up()
    assert confirm(home.owner, arrival).status == 202


WRONG_ARRIVALS: dict[str, Callable[[Neighbour, str], str]] = {
    "over": lambda other, ticket: other.arrival(ticket, exp=said(ticket)["iat"]),
    "for somebody else": lambda other, ticket: other.arrival(ticket, aud="https://elsewhere.example.org"),
    "by nobody known": lambda other, ticket: other.arrival(ticket, iss="https://elsewhere.example.org"),
    "of another ticket": lambda other, ticket: other.arrival(other.ticket()),
    "the ticket itself": lambda other, ticket: ticket,
    "a ticket": lambda other, ticket: other.arrival(ticket, typ=TICKET),
    "by another key": lambda other, ticket: other.sign(
        said(other.arrival(ticket)), ARRIVAL, key=ECKey.generate_key("P-256", {"kid": "neighbour-1"})
    ),
}


@pytest.mark.parametrize("wrong", WRONG_ARRIVALS)
def test_nothing_ends_for_an_arrival_that_is_not_right(home: Home, wrong: str) -> None:
    ticket = ticket_of(home.owner)
    assert refusal(confirm(home.owner, WRONG_ARRIVALS[wrong](neighbour(), ticket))) == (422, "ArrivalWrong")
    assert home.owner.call("GET", "/me").status == 200


def test_a_third_region_cannot_say_that_somebody_arrived(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    third = f"{neighbour().endpoint}/asia"
    monkeypatch.setitem(vars(settings), "regions", {**settings.regions, "asia": third})
    arrival = neighbour().arrival(ticket_of(home.owner), iss=third)
    assert refusal(confirm(home.owner, arrival)) == (422, "ArrivalWrong")


def test_somebody_elses_arrival_ends_nothing(home: Home) -> None:
    arrival = neighbour().arrival(ticket_of(home.owner))
    home.stranger.step_up()
    assert refusal(confirm(home.stranger, arrival)) == (422, "ArrivalWrong")
    assert refusal(confirm(home.stranger, arrival)) == (422, "ArrivalWrong")


def test_the_end_needs_a_code_of_this_very_session(home: Home) -> None:
    arrival = neighbour().arrival(ticket_of(home.owner))
    home.world.advance(10 * 60)
    assert refusal(confirm(home.owner, arrival)) == (403, "StepUpRequired")
