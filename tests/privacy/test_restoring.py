"""A restore brings back what was lost, and nobody who has left since."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.aws.clients import client
from chalicelib.settings import settings
from chalicelib.store import records
from chalicelib.store.records import TableClosed
from infra.local import dump, module_caches
from tests.conftest import Home
from tests.identities.people import enter, link
from tests.identities.platforms import google_token
from tests.scene import PASSWORD, Camera, new_camera, new_person
from tests.worlds.canaries import Life
from tests.worlds.invariants import Stored, violations

RESTORED_TO = "2026-01-05T08:00:00Z"


def copied(home: Home, table_name: str) -> str:
    """As point-in-time recovery does it: the table as it is at this moment, under another name."""
    with home.world.aws.outside():
        described = client("dynamodb").describe_table(TableName=table_name)["Table"]
        keys = {name: described[name] for name in ("KeySchema", "AttributeDefinitions")}
        client("dynamodb").create_table(TableName=f"{table_name}-restored", BillingMode="PAY_PER_REQUEST", **keys)
        for item in client("dynamodb").scan(TableName=table_name)["Items"]:
            client("dynamodb").put_item(TableName=f"{table_name}-restored", Item=item)
    return f"{table_name}-restored"


def in_place(monkeypatch: pytest.MonkeyPatch, **tables: str) -> None:
    """Deployed with other tables: every container is a new one."""
    for setting, name in tables.items():
        monkeypatch.setitem(vars(settings), setting, name)
    module_caches.forget()


@pytest.fixture(autouse=True)
def _afterwards(monkeypatch: pytest.MonkeyPatch) -> Any:
    yield
    monkeypatch.undo()
    module_caches.forget()


def restored(home: Home, monkeypatch: pytest.MonkeyPatch, then: Any, *, keys: bool = True) -> None:
    """The tables of a moment, after which something happened that they do not know of."""
    backup = {"items_table": copied(home, settings.items_table)}
    if keys:
        backup["keys_table"] = copied(home, settings.keys_table)
    then()
    home.world.settle()
    home.world.advance(20 * 60)
    in_place(monkeypatch, **backup)


def close(home: Home) -> None:
    home.owner.step_up()
    assert home.owner.close().status == 202


def test_a_restored_table_is_closed_to_everybody(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: None)
    for answer in (
        home.stranger.call("GET", "/me"),
        home.stranger.sign_in(),
        home.world.call("POST", "/accounts", home.stranger.registration()),
        home.camera.ask_ticket(),
        home.camera.activate(),
    ):
        assert (answer.status, answer.json["code"], answer.headers["Retry-After"]) == (503, "TableClosed", "600")
    with pytest.raises(TableClosed):
        Camera(home.world, "SN0042").load()


@pytest.mark.parametrize("which", ["items_table", "keys_table"])
def test_either_table_alone_keeps_it_closed(home: Home, monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    in_place(monkeypatch, **{which: copied(home, getattr(settings, which))})
    assert home.stranger.sign_in().status == 503


@pytest.mark.parametrize("keys", [False, True], ids=["Items alone", "Items and Keys"])
def test_who_has_left_since_does_not_come_back(home: Home, monkeypatch: pytest.MonkeyPatch, keys: bool) -> None:
    restored(home, monkeypatch, lambda: close(home), keys=keys)
    left = home.owner.account_id, home.camera.device_id
    assert len(_rows_that_name(left)) > 5
    assert home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO}) == {
        "erasures": 1,
        "subjects": 3,
        "finished": True,
    }
    assert _rows_that_name(left) == []


def _rows_that_name(subject_ids: tuple[str, ...]) -> list[str]:
    """In the tables of people and keys that are in place now."""
    rows = [row for name in _in_place() for row in dump.dump()["tables"][name]]
    return [row["pk"] for row in rows if any(one in str(row) for one in subject_ids)]


def _in_place() -> set[str]:
    return {settings.items_table, settings.keys_table}


def _stored() -> Stored:
    """Without the old tables, which nobody will read again."""
    dumped = dump.dump()
    old = {"sowa-local-Items", "sowa-local-Keys"} - _in_place()
    return Stored({**dumped, "tables": {name: rows for name, rows in dumped["tables"].items() if name not in old}})


def test_then_everybody_else_signs_in_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO})
    refreshed = home.world.call("POST", "/sessions/refresh", {"refresh_token": home.stranger.refresh_token})
    assert (refreshed.status, home.stranger.call("GET", "/me").status) == (401, 401)
    assert home.stranger.sign_in(PASSWORD).status == 201
    assert home.stranger.call("GET", "/me").json["nickname"] == "Zed"


def test_the_address_the_platform_and_the_camera_of_who_left_are_free(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.owner.step_up()
    assert link(home.owner, google_token(home.world)).status == 201
    restored(home, monkeypatch, lambda: close(home))
    home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO})
    assert home.owner.sign_in().status == 401
    assert enter(home.world, google_token(home.world)).json["account_id"] != home.owner.account_id
    again = new_person(home.world, home.owner.email)
    assert again.account_id != home.owner.account_id
    assert again.bind(home.camera).status == 201


def test_a_device_that_was_removed_stays_removed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: home.owner.call("DELETE", f"/devices/{home.camera.device_id}"))
    home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO})
    home.owner.sign_in()
    assert home.owner.call("GET", "/devices").json["items"] == []
    assert home.owner.bind(home.camera).status == 201
    assert not [one for one in violations(_stored().dump) if not one.startswith("no_object")]


def test_it_may_be_repeated(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    first, second = (home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO}) for _ in range(2))
    assert first == second


def test_it_goes_on_by_instalments_and_opens_the_tables_with_the_last(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = new_camera(home.world, "SN0002", owner=home.stranger)
    left = home.owner.account_id, home.camera.device_id, home.stranger.account_id, second.device_id

    def both_leave() -> None:
        close(home)
        home.stranger.step_up()
        assert home.stranger.close().status == 202

    restored(home, monkeypatch, both_leave)
    answers = []
    for _ in range(20):
        with monkeypatch.context() as patch:
            patch.setattr(clock, "ticks_s", partial(next, itertools.count(0, 100)))
            answers.append(home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO}))
        if answers[-1]["finished"]:
            break
        assert home.camera.ask_ticket().status == 503
    assert len(answers) > 2
    assert answers[-1] == {"erasures": 2, "subjects": 6, "finished": True}
    assert _rows_that_name(left) == []


def test_what_was_erased_before_is_not_looked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    close(home)
    home.world.advance(3_600)
    restored(home, monkeypatch, lambda: None)
    answer = home.world.invoke("replay_erasures", {"restored_to": home.world.now().isoformat()})
    assert answer == {"erasures": 0, "subjects": 0, "finished": True}


def test_a_replay_that_dies_opens_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    monkeypatch.setattr("chalicelib.register.erase.run_pass", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO})
    assert home.stranger.sign_in().status == 503


def test_even_with_all_keys_nothing_of_who_left_can_be_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(home.world, "ola", "Antarctica/Troll")
    life.live()

    def leave() -> None:
        home.world.advance(60)
        life.person.step_up()
        life.person.close()

    restored(home, monkeypatch, leave)
    home.world.invoke("replay_erasures", {"restored_to": RESTORED_TO})
    left = life.person.account_id, life.camera.device_id
    assert not [row["pk"] for _, row, _ in _stored().sealed if row["pk"].endswith(left)]
    assert not set(left) & _stored().first_ids("DataKey").keys()


def test_a_new_installation_is_open(home: Home) -> None:
    assert records.in_service_since() == 0
    assert new_camera(home.world, "SN0002").token
