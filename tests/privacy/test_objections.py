"""People object to what rests on legitimate interest: to marketing at once, to the rest until they are answered."""

from __future__ import annotations

from typing import Any

from chalicelib.privacy.rules import Objection, objection_to, with_objection
from chalicelib.register.rows import ROWS, Basis
from infra.local import dump
from infra.local.gateway import Response
from tests.conftest import Home
from tests.privacy.exports import archive, records_in
from tests.scene import Person
from tests.worlds.invariants import Stored

MARKETING, OTHER = "C3", "AUDIT"
REASON, GROUNDS = "I am known in my town.", "Without it nobody could see who was in an account."


def object_to(person: Person, purpose: str, reason: str | None = REASON) -> Response:
    return person.call("PUT", f"/privacy/objections/{purpose}", {} if reason is None else {"reason": reason})


def listed(person: Person, **headers: str) -> dict[str, dict[str, Any]]:
    answer = person.call("GET", "/privacy/objections", headers=headers)
    assert answer.status == 200, answer.body
    return {one["purpose"]: one for one in answer.json["items"]}


def waiting(home: Home) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = home.world.invoke("show_objections", {})["items"]
    return items


def answer(home: Home, *, granted: bool) -> dict[str, Any]:
    (one,) = waiting(home)
    event = {"request_id": one["request_id"], "granted": granted, "grounds": GROUNDS}
    answered: dict[str, Any] = home.world.invoke("answer_objection", event)
    return answered


def on_the_account(home: Home) -> set[str]:
    (row,) = (row for (pk, _), row in Stored(dump.dump()).of("Account").items() if pk == home.owner.account_id)
    return set(row.get("objections", ()))


def letters(home: Home) -> list[str]:
    return [one["text"] for one in home.world.outbox(home.owner.email) if "objection" in one["subject"]]


def test_what_rests_on_legitimate_interest_may_be_objected_to(home: Home) -> None:
    english = listed(home.owner)
    assert list(english) == [row.id for row in ROWS if row.basis is Basis.LEGITIMATE_INTEREST]
    assert {one["state"] for one in english.values()} == {None}
    assert [name for name, one in english.items() if one["marketing"]] == [MARKETING]
    polish = listed(home.owner, **{"Accept-Language": "pl"})
    assert all(polish[name]["title"] != one["title"] for name, one in english.items())


def test_marketing_ends_at_once_and_needs_no_reason(home: Home) -> None:
    made = object_to(home.owner, MARKETING, None)
    assert (made.status, made.json["state"], made.json["settled_at"]) == (200, "granted", "2026-01-05T08:00:00Z")
    assert listed(home.owner)[MARKETING] == made.json
    assert waiting(home) == []
    assert [one.split(" ")[:2] for one in on_the_account(home)] == [[MARKETING, "granted"]]


def test_another_one_waits_for_an_operator_and_is_due_in_a_month(home: Home) -> None:
    made = object_to(home.owner, OTHER)
    assert (made.json["state"], made.json["due_at"], made.json["reason"]) == ("open", "2026-02-04T08:00:00Z", REASON)
    (one,) = waiting(home)
    assert (one["purpose"], one["reason"], one["due_at"]) == (OTHER, REASON, "2026-02-04T08:00:00Z")
    (request,) = home.owner.call("GET", "/privacy/requests").json["items"]
    assert (request["kind"], request["purpose"], request["state"]) == ("objection", OTHER, "open")
    assert request["request_id"] == one["request_id"]


def test_it_is_refused_with_grounds_that_the_person_is_written(home: Home) -> None:
    object_to(home.owner, OTHER)
    assert answer(home, granted=False)["state"] == "refused"
    home.world.settle()
    shown = listed(home.owner)[OTHER]
    assert (shown["state"], shown["answer"], shown["reason"]) == ("refused", GROUNDS, REASON)
    (letter,) = letters(home)
    assert GROUNDS in letter and "court" in letter
    assert (waiting(home), on_the_account(home)) == ([], set())
    assert object_to(home.owner, OTHER, "There is more to say.").json["state"] == "open"


def test_it_is_granted_and_stands_on_the_account(home: Home) -> None:
    object_to(home.owner, OTHER)
    assert answer(home, granted=True)["state"] == "granted"
    home.world.settle()
    assert listed(home.owner)[OTHER]["state"] == "granted"
    assert [one.split(" ")[:2] for one in on_the_account(home)] == [[OTHER, "granted"]]
    (letter,) = letters(home)
    assert GROUNDS in letter and "court" not in letter
    acts = [one["act"] for one in home.owner.call("GET", "/privacy/activity").json["items"]]
    assert {"objected", "objection_answered"} <= set(acts)


def test_an_answer_stays_what_it_was_first(home: Home) -> None:
    object_to(home.owner, OTHER)
    (one,) = waiting(home)
    event = {"request_id": one["request_id"], "granted": True, "grounds": GROUNDS}
    for granted in (True, True, False):
        assert home.world.invoke("answer_objection", event | {"granted": granted})["state"] == "granted"
    home.world.settle()
    assert len(letters(home)) == 1
    assert home.world.invoke("answer_objection", event | {"request_id": "a" * 50})["state"] is None


def test_who_objects_again_changes_nothing(home: Home) -> None:
    for purpose in (MARKETING, OTHER):
        first = object_to(home.owner, purpose).json
        assert object_to(home.owner, purpose, "another reason").json == first
    assert len(home.owner.call("GET", "/privacy/requests").json["items"]) == 2


def test_it_is_taken_back(home: Home) -> None:
    for purpose in (MARKETING, OTHER):
        object_to(home.owner, purpose)
    assert len(on_the_account(home)) == 2 and len(waiting(home)) == 1
    for purpose in (MARKETING, OTHER, OTHER):
        assert home.owner.call("DELETE", f"/privacy/objections/{purpose}").status == 204
    assert (on_the_account(home), waiting(home)) == (set(), [])
    assert {listed(home.owner)[purpose]["state"] for purpose in (MARKETING, OTHER)} == {"withdrawn"}


def test_what_rests_on_a_contract_or_is_unknown_cannot_be_objected_to(home: Home) -> None:
    assert object_to(home.owner, OTHER).status == 200
    for purpose in ("B1a", "experience", "audit"):
        refused = object_to(home.owner, purpose)
        assert (refused.status, refused.json["kind"]) == (404, "purpose")
        assert home.owner.call("DELETE", f"/privacy/objections/{purpose}").status == 404


def test_it_is_in_a_copy_of_ones_data_and_gone_with_the_account(home: Home) -> None:
    object_to(home.owner, OTHER)
    (told,) = records_in(archive(home.owner))["exercised-right"]
    assert (told["kind"], told["purpose"], told["note"]) == ("objection", OTHER, REASON)
    assert len(Stored(dump.dump()).of("OpenObjection")) == 1
    home.owner.step_up()
    assert home.owner.close().status == 202
    assert waiting(home) == []
    home.world.advance(3_600)
    stored = Stored(dump.dump())
    assert (stored.of("OpenObjection"), stored.of("ExercisedRight")) == ({}, {})


def test_objections_that_stand_are_read_off_the_accounts_row() -> None:
    one, other = Objection("C3", "granted", "objection-1"), Objection("AUDIT", "open", "objection-2")
    both = with_objection(with_objection(None, "C3", one), "AUDIT", other)
    assert both == {one.text, other.text}
    assert (objection_to(both, "AUDIT"), objection_to(both, "LOG"), objection_to(None, "C3")) == (other, None, None)
    assert with_objection(both, "C3", None) == {other.text}
    assert with_objection({one.text}, "C3", None) is None
