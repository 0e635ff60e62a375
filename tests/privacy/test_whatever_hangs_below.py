"""An account is closed in one small commit, whatever hangs below it, after which nothing of it yields anything."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.accounts.records import Account
from chalicelib.devices.actions import binding
from chalicelib.push.records import Endpoint
from chalicelib.settings import settings
from chalicelib.stock.actions import stock as stocks
from chalicelib.stock.records import Stock
from chalicelib.store import ciphers
from chalicelib.store.commit import commit, create
from chalicelib.store.records import read
from tests.conftest import Home
from tests.privacy.leaving import QUARTER
from tests.scene import Camera, Person, new_camera, new_person, rows

# At night as many as an account may have beside the one that it has.
MANY = 999 if "EVERY_SIZE" in os.environ else 110
FIELDS = {"model": "Sowa One", "name": "Garden", "time_zone": "Europe/Warsaw", "dst": True}


def give_devices(home: Home, count: int) -> list[str]:
    """As binding gives them, several to a commit; each has a camera of its own."""
    made = []
    with home.world.aws.outside():
        account, key = read(Account.key(home.owner.account_id), ciphers.key_of(home.owner.account_id))
        assert account is not None
        assert key is not None
        for number in range(count):
            sn = f"SN9{number:05}"
            stock_id = stocks.id_of(sn)
            device, _, begins = binding.new_ownership(account, key, stock_id, sn=sn, **FIELDS)
            camera = Stock.new(
                stock_id, model="Sowa One", code_hash=stocks.code_hash(stock_id, f"CODE{number:05}"),
                secret_hash=stocks.secret_hash(stock_id, f"secret-{number}"), wrong_codes=0, device_id=device.pk_id,
            )  # fmt: skip
            commit(create(camera), *begins)
            made.append(device.pk_id)
    return made


def close(person: Person) -> Any:
    person.step_up()
    person.world.trace.clear()
    answer = person.close()
    assert answer.status == 202
    return answer.json


def shape_of_closing(person: Person) -> list[tuple[str, int]]:
    """Each call of the request that closed an account, and how many items its commit had."""
    return [(call.operation, len(call.params.get("TransactItems", ()))) for call in person.world.trace]


def test_the_commit_that_closes_an_account_is_as_small_with_a_thousand_devices(home: Home) -> None:
    close(home.stranger)
    as_with_none = shape_of_closing(home.stranger)
    devices = give_devices(home, MANY)
    assert settings.most_devices == 1000
    assert len(rows(home.world, "account/device-owned")) == MANY + 1
    told = close(home.owner)
    assert shape_of_closing(home.owner) == as_with_none
    assert max(count for _, count in as_with_none) <= 20
    # Before anything is tidied every one of the cameras is free.
    for number in (0, MANY - 1):
        other = new_person(home.world, f"p{number}@example.com")
        camera = Camera(home.world, f"SN9{number:05}")
        camera.code = f"CODE{number:05}"
        answer = other.bind(camera)
        assert answer.status == 201, answer.body
        assert not answer.json["device_id"].startswith(home.owner.account_id)
    home.world.advance(QUARTER)
    assert home.world.call("GET", f"/erasures/{told['erasure_id']}").json["state"] == "done"
    left = {row["pk"] for table in home.world.dump()["tables"].values() for row in table}
    assert not [device_id for device_id in devices if f"device#{device_id}" in left or f"key#{device_id}" in left]
    tied = sorted(row["device_id"] for row in rows(home.world, "stock/stock") if "device_id" in row)
    assert len(tied) == 2
    assert not [one for one in tied if one.startswith(home.owner.account_id)]


def test_a_hundred_devices_are_listed_with_five_calls(home: Home) -> None:
    devices = {home.camera.device_id, *give_devices(home, MANY)}
    seen: list[str] = []
    cursor = ""
    while True:
        home.world.trace.clear()
        page = home.owner.call("GET", f"/devices?limit=100{cursor}").json
        hundreds = -(-len(page["items"]) // 100)
        assert len(home.world.trace) <= 2 + 3 * hundreds
        seen += [one["device_id"] for one in page["items"]]
        if page["cursor"] is None:
            break
        assert len(page["items"]) == 100
        cursor = f"&cursor={page['cursor']}"
    assert len(seen) == len(set(seen)) == MANY + 1
    assert set(seen) == devices


@pytest.mark.parametrize("cursor", ["~", "x" * 64, "é", "a#b", "-1"])
def test_a_cursor_of_nobodys_is_an_end_or_a_page(home: Home, cursor: str) -> None:
    answer = home.owner.call("GET", f"/devices?cursor={cursor.encode().hex() if cursor == 'é' else cursor}")
    assert answer.status in (200, 422)


def test_after_closing_nothing_yields_anything_though_nothing_is_tidied(home: Home) -> None:
    """Requests that follow at once, before any event is delivered: with presence asserted before."""
    device_id, world = home.camera.device_id, home.world
    home.owner.call("POST", f"/devices/{device_id}/transfer", {"email": home.stranger.email})
    home.owner.step_up()
    assert home.owner.call("POST", f"/devices/{device_id}/transfer", {"email": home.stranger.email}).status == 202
    guest = new_person(world, "guest@example.com")
    share_id = home.owner.share(device_id, email=guest.email, rights=["live", "alarms"]).json["share_id"]
    assert guest.call("POST", f"/shares/{share_id}/accept").status == 200
    invited = new_person(world, "invited@example.com")
    assert home.owner.share(device_id, email=invited.email).status == 201
    live = home.owner.watch(device_id)
    watched = guest.watch(device_id)
    home.camera.stream(init="a")
    home.camera.stream()
    key = {"headers": {"Idempotency-Key": "a-key-of-the-owner-1"}}
    renamed = home.owner.call("PATCH", f"/devices/{device_id}", {"name": "Secret place"}, **key)
    world.settle()

    def asked() -> list[int]:
        def playlist(view: Any) -> int:
            return world.call("GET", urlsplit(view["playlist_url"]).path).status

        return [
            playlist(live),
            playlist(watched),
            home.owner.call("PATCH", f"/devices/{device_id}", {"name": "Secret place"}, **key).status,
            guest.call("GET", f"/devices/{device_id}").status,
            guest.call("GET", f"/devices/{device_id}/alarms").status,
            home.camera.ask_ticket().status,
            home.camera.report().status,
        ]

    def listed() -> list[int]:
        return [
            len(guest.call("GET", "/devices").json["items"]),
            len(guest.call("GET", "/alarms").json["items"]),
            len(guest.call("GET", "/shares").json["items"]),
            len(invited.call("GET", "/shares").json["items"]),
            len(home.stranger.call("GET", "/transfers").json["items"]),
        ]

    assert renamed.status == 200
    assert asked() == [200, 200, 200, 200, 200, 200, 200]
    assert listed() == [1, 1, 1, 1, 1]
    close(home.owner)
    assert asked() == [404, 404, 401, 404, 404, 409, 409]
    assert listed() == [0, 0, 0, 0, 0]
    assert home.stranger.call("GET", "/transfers").json["items"] == []


def test_what_was_answered_before_is_not_answered_again_of_who_is_gone(home: Home) -> None:
    """Repeats with their keys: presence first, then the same once the guest, or the owner, has closed."""
    device_id, guest = home.camera.device_id, new_person(home.world, "gil@example.com", nickname="Gil")
    share_id = home.owner.share(device_id, email=guest.email, rights=["alarms"]).json["share_id"]

    def once(number: int) -> dict[str, Any]:
        return {"headers": {"Idempotency-Key": f"a-key-of-a-request-{number}"}}

    def accept() -> Any:
        return guest.call("POST", f"/shares/{share_id}/accept", **once(1))

    def change() -> Any:
        return home.owner.call("PATCH", f"/devices/{device_id}/shares/{share_id}", {"rights": ["live"]}, **once(2))

    def rename() -> Any:
        return home.owner.call("PATCH", f"/devices/{device_id}", {"name": "Secret place"}, **once(3))

    first = [accept(), change(), rename()]
    assert [one.body for one in (accept(), change(), rename())] == [one.body for one in first]
    assert (first[0].json["owner"], first[1].json["name"]) == ("Ola", "Gil")
    guest.step_up()
    assert guest.close().status == 202
    assert (change().status, rename().status) == (404, 200)

    def remove() -> Any:
        return home.owner.call("DELETE", f"/devices/{device_id}", **once(4))

    removed = remove()
    assert (rename().status, remove().body) == (404, removed.body)


def test_a_kept_answer_of_binding_ends_with_the_device(home: Home) -> None:
    camera = new_camera(home.world, "SN0007")
    key = {"Idempotency-Key": "a-key-of-a-binding-1"}
    bound = home.owner.bind(camera, **key)
    assert home.owner.bind(camera, **key).body == bound.body
    assert home.owner.call("DELETE", f"/devices/{bound.json['device_id']}").status == 202
    assert home.owner.bind(camera, **key).status == 404


def test_an_account_is_closed_whatever_sns_has_not_answered(home: Home) -> None:
    """Many terminals whose address SNS never said: a few subjects more, and not a row of the commit for each."""
    with home.world.aws.outside():
        for number in range(120):
            cipher = _cipher_of(home.owner)
            row = Endpoint.new(home.owner.account_id, f"ended{number}", cipher=cipher, platform="fcm", token="t" * 163)
            commit(create(row))
    close(home.owner)
    (commit_call,) = [count for name, count in shape_of_closing(home.owner)[-1:]]
    assert commit_call <= 20
    home.world.settle()
    assert rows(home.world, "push-token/push-token") == []


def _cipher_of(person: Person) -> ciphers.SubjectCipher:
    (row,) = read(ciphers.key_of(person.account_id))
    assert row is not None
    return row.unlocked()
