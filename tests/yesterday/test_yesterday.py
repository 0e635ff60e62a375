"""What an earlier version stored is read, exported and erased by this one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.register import catalogue
from chalicelib.store.records import BASES
from infra.local import module_caches
from infra.local.cloud import LocalCloud
from tests.privacy.exports import archive
from tests.scene import Person
from tests.worlds.invariants import Stored, violations
from tests.yesterday import brought, files

FILES = files()


@pytest.fixture(params=FILES, ids=lambda file: file.name.removesuffix(".json.gz"))
def past(world: LocalCloud, request: pytest.FixtureRequest) -> Iterator[tuple[LocalCloud, dict[str, Any]]]:
    file: Path = request.param
    yield world, brought(world, file)
    module_caches.forget()


def owner(world: LocalCloud, said: dict[str, Any]) -> Person:
    account_id, token = said["account_id"], said["access_token"]
    return Person(world, "", account_id=account_id, access_token=token)


def test_every_kind_that_is_stored_for_longer_than_a_moment_was_left_behind(past: tuple[LocalCloud, Any]) -> None:
    """A kind that is newer than the file has no yesterday; these had one."""
    world, _ = past
    stored = Stored(world.dump())
    left = {kind.__name__ for kind in catalogue.RECORDS if stored.of(kind.__name__)}
    assert left >= {"Account", "Address", "Alarm", "Audience", "BoundCamera", "Device", "Endpoint", "Invoice", "Order"}
    assert left >= {"DataKey", "ErasedSubject", "Erasure", "InvoiceCounter", "Ownership", "Session", "Stock"}


def test_every_personal_value_opens_as_it_was_planted(past: tuple[LocalCloud, Any]) -> None:
    world, said = past
    stored = Stored(world.dump())
    mine = {said["account_id"], said["device_id"]}
    opened = [
        [kind.__name__, name, stored.decrypted(row, name)]
        for kind, row, name in stored.sealed
        if row["pk"].partition("#")[2] in mine
    ]
    assert len(said["planted"]) > 15
    assert [planted for planted in said["planted"] if planted not in opened] == []


def test_it_is_read_by_the_api(past: tuple[LocalCloud, Any]) -> None:
    world, said = past
    person = owner(world, said)
    assert person.call("GET", "/me").json["account_id"] == said["account_id"]
    (device,) = person.call("GET", "/devices").json["items"]
    assert (device["device_id"], device["plan"]["state"]) == (said["device_id"], "active")
    alarms = person.alarms(said["device_id"], type="motion")
    assert len(alarms) == 2
    one = person.call("GET", f"/devices/{said['device_id']}/alarms/{alarms[0]['alarm_id']}").json
    assert world.fetch(one["picture_url"]).status == 200
    assert [order["state"] for order in person.call("GET", "/orders").json["items"]] == ["paid"]
    assert violations(world.dump()) == []


def test_it_is_exported(past: tuple[LocalCloud, Any]) -> None:
    world, said = past
    person = owner(world, said)
    person.email = person.call("GET", "/me").json["email"]
    copy = archive(person)
    told = b"".join(copy.read(name) for name in copy.namelist()).decode("latin-1")
    kept_back = {("Account", "password_hash"), ("Device", "password"), ("Totp", "secret")}
    texts = [one for kind, name, one in said["planted"] if isinstance(one, str) and (kind, name) not in kept_back]
    assert [text for text in texts if text not in told] == []


def test_it_is_erased(past: tuple[LocalCloud, Any]) -> None:
    world, said = past
    person = owner(world, said)
    person.email = person.call("GET", "/me").json["email"]
    person.step_up()
    assert person.close().status == 202
    world.advance(20 * 60)
    for base in BASES[:2]:
        rows = world.dump()["tables"][base.Meta.table_name]
        assert not [row for row in rows if said["account_id"] in str(row) or said["device_id"] in str(row)]
    assert violations(world.dump()) == []
