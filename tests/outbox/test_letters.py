"""What a person must hear of is sent though the function that caused it dies, and leaves nothing behind."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.outbox.actions import messages
from infra.local import dump
from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import DIES_AFTER
from tests.conftest import Home
from tests.scene import NEW_PASSWORD, PASSWORD, Person, is_nothing_sent, rows
from tests.worlds.invariants import Stored, violations

SUBJECT = "The password of your Sowa account was changed"


def change_password(person: Person) -> int:
    return person.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD}).status


def told(person: Person) -> list[dict[str, Any]]:
    return [mail for mail in person.world.outbox(person.email) if mail["subject"] == SUBJECT]


def test_what_died_right_after_its_commit_is_told_of_all_the_same(home: Home) -> None:
    home.world.faults.fail(4, DIES_AFTER)
    assert change_password(home.owner) == 502
    home.world.faults.clear()
    assert len(told(home.owner)) == 1
    assert rows(home.world, "account/letter") == []
    assert violations(home.world.dump()) == []


def test_told_twice_it_is_sent_once(home: Home) -> None:
    with home.world.aws.lock:  # the stream waits
        assert change_password(home.owner) == 204
        ((where, _),) = Stored(dump.dump()).of("OutboxMessage").items()
    messages.send_message(*where)
    messages.send_message(*where)
    assert len(told(home.owner)) == 1


def test_a_letter_is_written_in_the_language_of_its_reader_and_lies_sealed(home: Home) -> None:
    home.owner.call("PATCH", "/me", {"language": "pl"})
    with home.world.aws.lock:
        assert change_password(home.owner) == 204
        assert home.owner.email not in json.dumps(dump.dump(), default=str)
    assert home.world.outbox(home.owner.email)[0]["subject"].startswith("Zmieniono hasło")


@pytest.mark.parametrize("name", ["nobody's", ""])
def test_a_letter_that_is_not_there_is_sent_to_nobody(world: LocalCloud, name: str) -> None:
    messages.send_message(name, name)
    assert is_nothing_sent(world)
