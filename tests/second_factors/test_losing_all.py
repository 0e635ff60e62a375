"""Who has lost every second factor is let in again by the operator, and by nobody else."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from tests.factors import ROOT, App, Key, recovery_codes
from tests.scene import NEW_PASSWORD, PASSWORD, Caller, Person, ask_for_reset, elsewhere, new_person, rows

SHORT = "Trz4Sowy"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    person = new_person(world)
    App.added(person)
    Key().add_to(person)
    recovery_codes(person)
    return person


def test_all_go_all_sessions_end_and_the_person_is_told(ola: Person) -> None:
    assert ola.world.invoke("remove_second_factors", {"email": ola.email}) == {"count": 2}
    assert ola.call("GET", "/me").status == 401
    for kind in ("totp", "passkey", "recovery-codes", "session"):
        assert rows(ola.world, f"account/{kind}") == []
    assert ola.world.outbox(ola.email)[0]["subject"] == "The second factors of your Sowa account were removed"
    assert ola.sign_in().status == 201
    assert ola.call("GET", ROOT).json == {"totp": None, "passkeys": [], "recovery_codes_left": 0}


def test_a_short_password_opens_nothing_alone_and_has_to_be_reset(ola: Person) -> None:
    assert ola.call("PUT", "/me/password", {"current": PASSWORD, "new": SHORT}).status == 204
    ola.world.invoke("remove_second_factors", {"email": ola.email})
    assert ola.sign_in(SHORT).status == 401
    body = {"reset_id": ask_for_reset(ola.world, ola.email), "code": ola.newest_code(), "password": NEW_PASSWORD}
    assert ola.world.call("POST", "/password-resets/confirm", body).status == 204
    assert ola.sign_in(NEW_PASSWORD).status == 201


def test_who_has_none_and_who_is_nobody_lose_nothing(world: LocalCloud) -> None:
    ola = new_person(world)
    for email in (ola.email, "nobody@example.com"):
        assert world.invoke("remove_second_factors", {"email": email}) == {"count": 0}
    assert ola.call("GET", "/me").status == 200


def test_it_is_found_by_a_number_too(world: LocalCloud) -> None:
    zed = Caller(world, "+48601234567")
    assert zed.confirm(zed.register()).status == 201
    App.added(zed)
    assert world.invoke("remove_second_factors", {"phone": zed.email}) == {"count": 1}


def test_nobody_elses_are_touched(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    App.added(zed)
    ola.world.invoke("remove_second_factors", {"email": ola.email})
    assert zed.call("GET", ROOT).json["totp"] is not None
    assert elsewhere(ola).call("GET", "/me").status == 200
