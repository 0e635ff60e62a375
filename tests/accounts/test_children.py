"""Nobody under 16: no second try on the same terminal, and an account is removed when a parent asks for it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Caller, Person, everything_stored, rows

CHILD, GROWN = "2012-03-04", "1990-03-04"


def register(person: Person, birth_date: str, *, unique_id: str | None = "a-terminal-of-a-child") -> Response:
    said: dict[str, Any] = person.registration(birth_date=birth_date)
    if unique_id is not None:
        said["terminal"] = {**person.terminal, "unique_id": unique_id}
    return person.world.call("POST", "/accounts", said)


def refusal(answer: Response) -> tuple[int, str, list[str]]:
    return answer.status, answer.json["code"], list(answer.json["fields"])


@pytest.fixture
def kid(world: LocalCloud) -> Person:
    return Person(world, "kid@example.com", nickname="Nightingale")


def test_after_a_refusal_another_date_from_the_same_terminal_is_refused_for_a_day(kid: Person) -> None:
    for birth_date in (CHILD, GROWN, GROWN):
        assert refusal(register(kid, birth_date)) == (422, "TooYoung", ["birth_date"])
    kid.world.advance(86_399)
    assert refusal(register(kid, GROWN)) == (422, "TooYoung", ["birth_date"])
    kid.world.advance(1)
    assert register(kid, GROWN).status == 202


def test_another_address_from_there_is_refused_too_and_other_terminals_are_not(kid: Person) -> None:
    register(kid, CHILD)
    assert refusal(register(Person(kid.world, "other@example.com"), GROWN))[1] == "TooYoung"
    assert register(kid, GROWN, unique_id="a-terminal-of-somebody-else").status == 202


def test_without_a_terminal_nothing_is_stored(kid: Person) -> None:
    before = kid.world.dump()["tables"]
    assert refusal(register(kid, CHILD, unique_id=None)) == (422, "TooYoung", ["birth_date"])
    assert kid.world.dump()["tables"] == before
    assert register(kid, GROWN, unique_id=None).status == 202


def test_all_that_is_kept_of_a_child_is_a_hash_that_ends(kid: Person) -> None:
    before = kid.world.dump()["tables"]
    register(kid, CHILD)
    after = kid.world.dump()["tables"]
    new = [row for name, table in after.items() for row in table if row not in before[name]]
    assert len(new) == 1
    assert new[0].keys() == {"pk", "sk", "schema_version", "commit_id", "expires_at"}
    stored = everything_stored(kid.world)
    for word in ("a-terminal-of-a-child", "kid@example.com", "Nightingale", CHILD):
        assert word not in stored
    assert kid.world.outbox() == []


def test_a_parents_request_closes_the_account_as_its_owner_would(home: Home) -> None:
    answer = home.world.invoke("remove_child", {"email": home.owner.email})
    assert home.owner.call("GET", "/me").status == 401
    home.world.advance(20 * 60)
    erasure = home.world.call("GET", f"/erasures/{answer['closed']['erasure_id']}").json
    assert erasure["state"] == "done"
    assert [row["ordered_by"] for row in rows(home.world, "erasure/erasure", "Ledger")] == ["a parent"]
    assert home.owner.account_id not in str(home.world.dump()["tables"]["sowa-local-Items"])
    assert home.stranger.sign_in().status == 201
    assert home.world.invoke("remove_child", {"email": home.owner.email}) == {"closed": None}


def test_an_account_that_goes_by_a_number_is_found_by_it(world: LocalCloud) -> None:
    kid = Caller(world, "+48601234567")
    assert kid.confirm(kid.register()).status == 201
    assert world.invoke("remove_child", {"phone": "+48 601 234 567"})["closed"] is not None
    assert kid.sign_in().status == 401


def test_an_address_of_nobody_closes_nothing(home: Home) -> None:
    assert home.world.invoke("remove_child", {"email": "nobody@example.com"}) == {"closed": None}
    assert home.owner.call("GET", "/me").status == 200
