"""Signing out acts on the next request, and on this terminal only."""

from __future__ import annotations

from infra.local.cloud import LocalCloud
from tests.scene import Person, elsewhere, new_person

KEY = {"Idempotency-Key": "signing-out-0123456789"}


def two_terminals(world: LocalCloud) -> tuple[Person, Person]:
    here = new_person(world)
    return here, elsewhere(here)


def test_after_signing_out_neither_token_opens_anything(world: LocalCloud) -> None:
    here, there = two_terminals(world)
    answer = here.call("DELETE", "/sessions/current")
    assert (answer.status, answer.body) == (204, b"")
    assert here.call("GET", "/me").status == 401
    assert world.call("POST", "/sessions/refresh", {"refresh_token": here.refresh_token}).status == 401
    assert there.call("GET", "/me").status == 200
    assert world.call("POST", "/sessions/refresh", {"refresh_token": there.refresh_token}).status == 201


def test_who_signed_out_may_sign_in_again(world: LocalCloud) -> None:
    here = new_person(world)
    here.call("DELETE", "/sessions/current")
    assert here.sign_in().status == 201
    assert here.call("GET", "/me").status == 200


def test_the_exact_repeat_of_signing_out_is_still_answered(world: LocalCloud) -> None:
    here = new_person(world)
    assert here.call("DELETE", "/sessions/current", headers=KEY).status == 204
    assert here.call("DELETE", "/sessions/current", headers=KEY).status == 204
    assert here.call("DELETE", "/sessions/current").status == 401
    assert here.call("DELETE", "/sessions/current", headers={"Idempotency-Key": "another-0123456789"}).status == 401
    assert here.call("GET", "/me", headers=KEY).status == 401


def test_signing_out_takes_no_body(world: LocalCloud) -> None:
    here = new_person(world)
    assert here.call("DELETE", "/sessions/current", {"session_id": "another"}).status == 400
    assert here.call("GET", "/me").status == 200
