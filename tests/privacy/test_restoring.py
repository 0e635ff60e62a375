"""A restore brings back what was lost, and nobody who has left since, nor what was deleted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.alarms.actions import deleting
from chalicelib.aws.clients import client
from chalicelib.privacy.actions import restore_keys
from chalicelib.settings import settings
from chalicelib.store import records, restored_keys
from chalicelib.store.records import TableClosed
from chalicelib.store.restored_keys import RootSecretDiffers
from infra.local import dump, module_caches
from infra.local.cloud import Snapshot
from infra.local.gateway import Response
from tests.canaries import Life
from tests.conftest import Home
from tests.factors import ROOT, App, Key, recovery_codes
from tests.gift_cards.cards import counts, issue, new_code, redeem, report
from tests.identities.people import enter, link
from tests.identities.platforms import google_token
from tests.plans.steps import refused
from tests.privacy.backups import copied, empty_like
from tests.scene import NEW_PASSWORD, PASSWORD, Camera, Person, new_camera, new_person
from tests.sharing.test_sharing import accept, shared_with
from tests.worlds.interleavings import CLIENTS, play
from tests.worlds.invariants import Stored, violations
from tests.worlds.scenarios.money import paid

RESTORED_TO = "2026-01-05T08:00:00Z"
TABLES = {"items": "items_table", "keys": "keys_table", "ledger": "ledger_table", "fiscal": "fiscal_table"}


def in_place(monkeypatch: pytest.MonkeyPatch, **tables: str) -> None:
    """Deployed with other tables: every container is a new one."""
    for setting, name in tables.items():
        monkeypatch.setitem(vars(settings), setting, name)
    module_caches.forget()


@pytest.fixture(autouse=True)
def _afterwards(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield
    monkeypatch.undo()
    module_caches.forget()


def replayed(home: Home, restored_to: str = RESTORED_TO) -> Any:
    return home.world.invoke("replay_erasures", {"restored_to": restored_to})


def keys_restored(home: Home, restored_to: str = RESTORED_TO) -> Any:
    return home.world.invoke("restore_keys", {"restored_to": restored_to})


def lose_keys(home: Home, monkeypatch: pytest.MonkeyPatch, copy: str) -> None:
    """The table of keys is made anew, empty, and the installation told where a copy of the lost one is."""
    lost = settings.keys_table
    in_place(monkeypatch, keys_table=empty_like(home, lost, f"{lost}-new"), restored_keys_table=copy)


def restored(home: Home, monkeypatch: pytest.MonkeyPatch, then: Callable[[], object], *, keys: bool = False) -> None:
    """The tables of a moment, after which something happened that they do not know of."""
    items, of_keys = copied(home, settings.items_table), copied(home, settings.keys_table) if keys else ""
    then()
    later(home)
    in_place(monkeypatch, items_table=items)
    if keys:
        lose_keys(home, monkeypatch, of_keys)
        assert keys_restored(home)["finished"]


def later(home: Home) -> None:
    home.world.settle()
    home.world.advance(20 * 60)


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
    assert replayed(home) == {"erasures": 1, "subjects": 3, "deletions": 2, "finished": True}
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
    kept = {*_in_place(), settings.ledger_table, settings.fiscal_table}
    old = dumped["tables"].keys() - kept
    return Stored({**dumped, "tables": {name: rows for name, rows in dumped["tables"].items() if name not in old}})


def test_then_everybody_else_signs_in_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    replayed(home)
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
    replayed(home)
    assert home.owner.sign_in().status == 401
    assert enter(home.world, google_token(home.world)).json["account_id"] != home.owner.account_id
    again = new_person(home.world, home.owner.email)
    assert again.account_id != home.owner.account_id
    assert again.bind(home.camera).status == 201


def test_a_device_that_was_removed_stays_removed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(home.owner.call("GET", "/devices").json["items"]) == 1
    restored(home, monkeypatch, lambda: home.owner.call("DELETE", f"/devices/{home.camera.device_id}"))
    replayed(home)
    home.owner.sign_in()
    assert home.owner.call("GET", "/devices").json["items"] == []
    assert home.owner.bind(home.camera).status == 201
    # Objects are not restored, and nobody listens to the stream of the copy here, which says that a session ended.
    spared = ("no_object", "pushes_go_to_who_may_hear")
    assert not [one for one in violations(_stored().dump) if not one.startswith(spared)]


def test_it_may_be_repeated(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    first, second = (replayed(home) for _ in range(2))
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
            patch.setattr(clock, "ticks_s", partial(next, itertools.count(0, 50)))
            answers.append(replayed(home))
        if answers[-1]["finished"]:
            break
        assert home.camera.ask_ticket().status == 503
    assert len(answers) > 2
    assert answers[-1] == {"erasures": 2, "subjects": 6, "deletions": 4, "finished": True}
    assert _rows_that_name(left) == []


def test_what_was_erased_before_is_not_looked_for(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    close(home)
    home.world.advance(3_600)
    restored(home, monkeypatch, lambda: None)
    answer = replayed(home, home.world.now().isoformat())
    assert answer == {"erasures": 0, "subjects": 0, "deletions": 0, "finished": True}


def test_nobody_is_let_in_between_any_two_calls_of_a_replay(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """So no pair of a replay and a request is played otherwise (tests/worlds/conflicts.py)."""
    restored(home, monkeypatch, lambda: close(home))
    before = home.world.snapshot()
    said = [_said_within(home, before, count) for count in range(1, len(_calls_of_a_replay(home, before)) + 1)]
    opening = _calls_of_a_replay(home, before).index("service")
    assert opening > 20 and len(said) > opening + 1
    assert said == [503] * opening + [401] * (len(said) - opening)  # everybody signs in anew


def _calls_of_a_replay(home: Home, before: Snapshot) -> list[str]:
    """What kind of row each of them puts, if one."""
    _begin(home, before)
    home.world.trace.clear()
    assert replayed(home)["finished"]
    return [call.params.get("Item", {}).get("pk", {}).get("S", "").partition("#")[0] for call in home.world.trace]


def _said_within(home: Home, before: Snapshot, count: int) -> int:
    """With what status somebody is answered after so many calls of a replay, which goes on then."""
    _begin(home, before)
    operator, person = CLIENTS

    def choose(order: str, waiting: list[str]) -> str:
        wanted = operator if order.count(operator) < count else person
        return wanted if wanted in waiting else waiting[0]

    played = play(home.world.aws, (lambda: replayed(home), lambda: home.stranger.call("GET", "/me")), choose)
    assert played.answers[operator]["finished"]
    return int(played.answers[person].status)


def _begin(home: Home, before: Snapshot) -> None:
    home.world.restore(before)
    module_caches.forget()


def test_a_replay_that_dies_opens_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(home, monkeypatch, lambda: close(home))
    monkeypatch.setattr("chalicelib.register.erase.run_pass", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        replayed(home)
    assert home.stranger.sign_in().status == 503


def test_even_with_all_keys_nothing_of_who_left_can_be_opened(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life(home.world, "ola", "Antarctica/Troll")
    life.live()

    def leave() -> None:
        home.world.advance(60)
        life.person.step_up()
        life.person.close()

    restored(home, monkeypatch, leave)
    replayed(home)
    left = life.person.account_id, life.camera.device_id
    assert not [row["pk"] for _, row, _ in _stored().sealed if row["pk"].endswith(left)]
    assert not set(left) & _stored().first_ids("DataKey").keys()


def test_a_new_installation_is_open(home: Home) -> None:
    assert records.in_service_since() == 0
    assert new_camera(home.world, "SN0002").token


# ── What was deleted ─────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass
class Past:
    """What an owner had, and deletes: all but the alarm, the guest and the app that he keeps."""

    home: Home
    friend: Person
    invited: Person
    app: App
    passkey: Key
    passkey_id: str
    codes: list[str]
    shares: dict[str, str] = field(default_factory=dict)
    answered: Response | None = None

    @classmethod
    def lived(cls, home: Home) -> Past:
        world, owner, device_id = home.world, home.owner, home.camera.device_id
        friend = new_person(world, "friend@example.com", nickname="Ewa")
        invited = new_person(world, "invited@example.com", nickname="Jan")
        shares = {one.email: shared_with(home, one) for one in (home.stranger, friend)}
        shares[invited.email] = str(owner.share(device_id, email=invited.email).json["share_id"])
        home.camera.see(2)
        owner.step_up()
        assert link(owner, google_token(world)).status == 201
        app, passkey = App.added(owner), Key()
        added = passkey.add_to(owner)
        shown = invited.call("GET", "/shares").json["items"], owner.call("GET", ROOT).json["passkeys"]
        assert [len(one) for one in shown] == [1, 1]
        return cls(home, friend, invited, app, passkey, added["passkey_id"], recovery_codes(owner), shares)

    @property
    def device(self) -> str:
        return f"/devices/{self.home.camera.device_id}"

    def alarm_ids(self, person: Person) -> list[str]:
        return [alarm["alarm_id"] for alarm in person.alarms(self.home.camera.device_id)]

    def delete(self) -> None:
        home, owner = self.home, self.home.owner
        home.world.advance(60)
        newest = next(one for one in self.alarm_ids(owner) if one != home.alarm_id)
        (linked,) = owner.call("GET", "/me/identities").json["items"]
        for path in (
            f"{self.device}/shares/{self.shares[self.friend.email]}",
            f"{self.device}/shares/{self.shares[self.invited.email]}",
            f"{ROOT}/passkeys/{self.passkey_id}",
            f"/me/identities/{linked['identity_id']}",
        ):
            owner.step_up()
            assert owner.call("DELETE", path).status == 204, path
        assert owner.call("DELETE", f"{self.device}/alarms/{newest}").status == 204
        assert owner.set_privacy(home.camera.device_id, on=True).status == 200
        changed = {"rights": ["live"]}
        assert owner.call("PATCH", f"{self.device}/shares/{self.shares[home.stranger.email]}", changed).status == 200
        assert owner.call("PUT", "/me/password", {"current": PASSWORD, "new": NEW_PASSWORD}).status == 204
        assert owner.sign_in(NEW_PASSWORD, {"recovery_code": self.codes[0]}).status == 201

    def require_void(self) -> None:
        """What is made or requested anew, whatever the ledger knows."""
        home, owner = self.home, self.home.owner
        for person in (owner, home.stranger):
            body = {"refresh_token": person.refresh_token}
            assert home.world.call("POST", "/sessions/refresh", body).status == 401
            assert person.call("GET", "/me").status == 401
        for password in (PASSWORD, NEW_PASSWORD):
            for code in self.codes[:2]:
                assert owner.sign_in(password, {"recovery_code": code}).status == 401
        home.world.advance(3_600)
        assert self.invited.sign_in().status == 201
        assert self.invited.call("GET", "/shares").json["items"] == []
        assert accept(self.invited, self.shares[self.invited.email]).status == 404

    def require_deleted(self) -> None:
        """What the ledger of deletions knows."""
        home, owner = self.home, self.home.owner
        assert owner.sign_in(PASSWORD, self.app.next_code()).status == 401
        asked = owner.sign_in(NEW_PASSWORD)
        assert (asked.status, "totp" in asked.json["methods"]) == (403, True)
        assert "passkey" not in asked.json["methods"]
        assert owner.sign_in(NEW_PASSWORD, self.app.next_code()).status == 201
        assert owner.call("GET", ROOT).json["passkeys"] == []
        assert enter(home.world, google_token(home.world)).json["account_id"] != owner.account_id
        assert self.friend.sign_in().status == 201
        assert self.friend.call("GET", "/devices").json["items"] == []
        assert self.friend.call("GET", f"{self.device}/alarms").status == 404
        assert home.stranger.sign_in().status == 201
        assert home.stranger.call("GET", f"{self.device}/alarms").status == 403
        assert self.alarm_ids(owner) == [home.alarm_id]
        assert owner.device(home.camera.device_id)["privacy_mode"]

    def require_kept(self) -> None:
        home, owner = self.home, self.home.owner
        assert owner.device(home.camera.device_id)["name"] == "Garden"
        assert owner.call("GET", ROOT).json["totp"] is not None
        guests = owner.call("GET", f"{self.device}/shares").json["items"]
        assert [(one["email"], one["rights"]) for one in guests] == [(home.stranger.email, ["live"])]
        (device,) = home.stranger.call("GET", "/devices").json["items"]
        assert device["name"] == "Garden"


def test_nothing_that_was_deleted_comes_back_with_the_items(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    past = Past.lived(home)
    since = home.world.now().isoformat()
    restored(home, monkeypatch, past.delete)
    replayed(home, since)
    past.require_void()
    past.require_deleted()
    past.require_kept()


def close_the_friends(past: Past) -> None:
    """Somebody with a camera of his own leaves, too."""
    past.friend.step_up()
    assert past.friend.close().status == 202


def _dead(past: Past, tables: Stored) -> list[str]:
    """What of the one who left can still be decrypted."""
    return [row["pk"] for _, row, _ in tables.sealed if past.friend.account_id in row["pk"]]


@pytest.mark.parametrize("first", ["items", "keys"])
def test_items_and_keys_restored_together_bring_nothing_back_in_either_order(
    home: Home, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    past = Past.lived(home)
    new_camera(home.world, "SN0002", owner=past.friend)
    since, items, keys = home.world.now().isoformat(), copied(home, settings.items_table), copied(
        home, settings.keys_table
    )
    past.delete()
    close_the_friends(past)
    later(home)
    in_place(monkeypatch, items_table=items)
    lose_keys(home, monkeypatch, keys)
    assert home.stranger.sign_in().status == 503
    steps = [replayed, keys_restored] if first == "items" else [keys_restored, replayed]
    for step in steps:
        assert step(home, since)["finished"]
    past.require_void()
    assert past.friend.sign_in().status == 401
    assert past.friend.account_id not in str(_stored().ciphers)
    assert _rows_that_name((past.friend.account_id,)) == []
    past.friend = new_person(home.world, past.friend.email)
    past.require_deleted()
    past.require_kept()


@pytest.mark.parametrize("which", ["ledger first", "items first"])
def test_items_and_a_ledger_of_a_later_moment_bring_nothing_back_in_either_order(
    home: Home, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    past = Past.lived(home)
    since, items = home.world.now().isoformat(), copied(home, settings.items_table)
    past.delete()
    home.world.settle()
    ledger = copied(home, settings.ledger_table)
    later(home)
    if which == "ledger first":
        in_place(monkeypatch, ledger_table=ledger)
    in_place(monkeypatch, items_table=items)
    replayed(home, since)
    in_place(monkeypatch, ledger_table=ledger)
    past.require_void()
    past.require_deleted()
    past.require_kept()


@pytest.mark.parametrize("which", ["ledger first", "items first"])
def test_items_and_a_ledger_of_the_same_moment_bring_nobody_back_whose_key_is_gone(
    home: Home, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    """The ledger knows of nothing since: the keys alone do, and what ends by time."""
    past = Past.lived(home)
    since, items, ledger = home.world.now().isoformat(), copied(home, settings.items_table), copied(
        home, settings.ledger_table
    )
    past.delete()
    close_the_friends(past)
    later(home)
    order = [{"ledger_table": ledger}, {"items_table": items}]
    for table in order if which == "ledger first" else reversed(order):
        in_place(monkeypatch, **table)
    assert replayed(home, since)["deletions"] < 5
    past.require_void()
    assert past.friend.sign_in().status == 401
    assert past.friend.account_id not in str(_stored().ciphers)
    assert home.stranger.sign_in().status == 201
    assert home.stranger.call("GET", past.device).json["name"] == "Garden"
    again = new_person(home.world, past.friend.email)
    assert again.account_id != past.friend.account_id


def test_a_ledger_restored_alone_changes_nothing_for_who_has_left_and_who_has_not(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    past = Past.lived(home)
    ledger = copied(home, settings.ledger_table)
    past.delete()
    close_the_friends(past)
    later(home)
    in_place(monkeypatch, ledger_table=ledger)
    assert past.friend.sign_in().status == 401
    assert _rows_that_name((past.friend.account_id,)) == []
    past.friend = new_person(home.world, past.friend.email)
    past.require_deleted()
    past.require_kept()


def test_the_fiscal_table_restored_alone_has_every_invoice_of_before(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid(home)
    before = dump.dump()["tables"][settings.fiscal_table]
    in_place(monkeypatch, fiscal_table=copied(home, settings.fiscal_table))
    assert dump.dump()["tables"][settings.fiscal_table] == before != []
    assert home.owner.call("GET", "/orders").json["items"][0]["state"] == "paid"
    close(home)
    later(home)
    assert dump.dump()["tables"][settings.fiscal_table] == before


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_that_are_missing_are_added_and_none_is_replaced(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copied(home, settings.keys_table)
    owners, strangers = f"key#{home.owner.account_id}", f"key#{home.stranger.account_id}"
    with home.world.aws.outside():
        client("dynamodb").delete_item(TableName=settings.keys_table, Key={"pk": {"S": strangers}})
        (theirs,) = (row for row in _keys(copy) if row["pk"]["S"] == owners)
        client("dynamodb").put_item(TableName=copy, Item=theirs | {"encrypted_key": {"B": b"another"}})
    before = _keys(settings.keys_table)
    assert home.stranger.sign_in().status == 401
    in_place(monkeypatch, restored_keys_table=copy)
    assert keys_restored(home) == {"copy": copy, "added": 1, "stayed_deleted": 0, "finished": True}
    assert [row for row in _keys(settings.keys_table) if row["pk"]["S"] != strangers] == before
    assert home.stranger.sign_in().status == 201
    assert home.stranger.call("GET", "/me").json["nickname"] == "Zed"
    assert home.owner.call("GET", "/me").json["nickname"] == "Ola"


def _keys(table: str) -> list[dict[str, Any]]:
    return sorted(client("dynamodb").scan(TableName=table)["Items"], key=lambda row: str(row["pk"]["S"]))


@pytest.mark.parametrize("is_lost", [False, True], ids=["the table is there", "the table is lost"])
def test_no_key_comes_back_of_who_has_left_nor_of_what_hung_on_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, is_lost: bool
) -> None:
    second = new_camera(home.world, "SN0002", owner=home.stranger)
    copy = copied(home, settings.keys_table)
    assert home.stranger.call("DELETE", f"/devices/{second.device_id}").status == 202
    close(home)
    later(home)
    if is_lost:
        lose_keys(home, monkeypatch, copy)
        assert home.stranger.sign_in().status == 503
    else:
        in_place(monkeypatch, restored_keys_table=copy)
    answer = keys_restored(home)
    assert (answer["stayed_deleted"], answer["finished"]) == (3, True)
    living = {row["pk"]["S"] for row in _keys(settings.keys_table)}
    gone = {f"key#{one}" for one in (home.owner.account_id, home.camera.device_id, second.device_id)}
    assert gone <= {row["pk"]["S"] for row in _keys(copy)}
    assert not gone & living
    assert f"key#{home.stranger.account_id}" in living
    assert home.stranger.sign_in().status == 201


def test_no_key_comes_back_of_what_hung_on_an_account_before_its_erasure_has_found_it(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = copied(home, settings.keys_table)
    close(home)
    lose_keys(home, monkeypatch, copy)
    assert keys_restored(home)["stayed_deleted"] == 2
    assert f"key#{home.camera.device_id}" not in {row["pk"]["S"] for row in _keys(settings.keys_table)}


def test_a_key_that_came_meanwhile_is_not_replaced(home: Home) -> None:
    before = _keys(settings.keys_table)
    assert restored_keys.add([row | {"encrypted_key": {"B": b"another"}} for row in before]) == 0
    assert _keys(settings.keys_table) == before


def test_a_key_that_is_past_its_end_stays_away(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = Camera(home.world, "SN0002")
    camera.load()
    camera.activate()
    short_lived = {row["pk"]["S"] for row in _keys(settings.keys_table) if "expires_at" in row}
    lose_keys(home, monkeypatch, copied(home, settings.keys_table))
    home.world.clock.move_to(home.world.now().timestamp() + 40 * 86_400)
    assert keys_restored(home)["finished"]
    assert short_lived
    assert not short_lived & {row["pk"]["S"] for row in _keys(settings.keys_table)}


def test_keys_are_added_by_instalments_and_the_root_secret_last(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copied(home, settings.keys_table)
    lose_keys(home, monkeypatch, copy)
    monkeypatch.setattr(restored_keys, "_PAGE", 2)
    answers = []
    for _ in range(20):
        with monkeypatch.context() as patch:
            patch.setattr(clock, "ticks_s", partial(next, itertools.count(0, restore_keys.BUDGET_S)))
            answers.append(keys_restored(home))
        if answers[-1]["finished"]:
            break
        assert home.stranger.sign_in().status == 503
    assert len(answers) > 2
    assert [row["pk"] for row in _keys(settings.keys_table)] == [row["pk"] for row in _keys(copy)]
    assert home.stranger.sign_in().status == 201


def test_a_key_that_is_deleted_while_others_are_added_is_not_brought_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_place(monkeypatch, restored_keys_table=copied(home, settings.keys_table))
    looked = restored_keys.missing

    def just_before(page: Any) -> Any:
        close(home)
        monkeypatch.setattr(restored_keys, "missing", looked)
        return looked(page)

    monkeypatch.setattr(restored_keys, "missing", just_before)
    assert keys_restored(home)["finished"]
    assert f"key#{home.owner.account_id}" not in {row["pk"]["S"] for row in _keys(settings.keys_table)}


def test_no_other_root_secret_is_made_where_a_copy_is_to_be_restored(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_keys(home, monkeypatch, copied(home, settings.keys_table))
    assert home.stranger.sign_in().status == 503
    assert _keys(settings.keys_table) == []


def test_a_copy_under_another_root_secret_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = copied(home, settings.keys_table)
    lost = settings.keys_table
    in_place(monkeypatch, keys_table=empty_like(home, lost, f"{lost}-new"))
    home.world.call("POST", "/accounts", home.stranger.registration())
    before = _keys(settings.keys_table)
    in_place(monkeypatch, restored_keys_table=copy)
    with pytest.raises(RootSecretDiffers):
        keys_restored(home)
    assert _keys(settings.keys_table) == before


def test_without_a_copy_nothing_is_finished(home: Home) -> None:
    assert keys_restored(home) == {"copy": "", "added": 0, "stayed_deleted": 0, "finished": False}


# ── What a restore makes void ────────────────────────────────────────────────────────────────────────────────────────


def test_no_answer_of_before_is_given_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    key = {"Idempotency-Key": "signing-out-0123456789"}
    assert home.stranger.call("DELETE", "/sessions/current", headers=key).status == 204
    assert home.stranger.call("DELETE", "/sessions/current", headers=key).status == 204
    restored(home, monkeypatch, lambda: None)
    replayed(home)
    assert _stored().of("Answered")
    assert home.stranger.call("DELETE", "/sessions/current", headers=key).status == 401


def test_an_offer_of_before_is_void_and_may_be_made_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.step_up()
    transfer_id = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    restored(home, monkeypatch, lambda: home.owner.call("DELETE", f"/devices/{home.camera.device_id}/transfer"))
    replayed(home)
    home.stranger.sign_in()
    home.stranger.step_up()
    assert home.stranger.accept(transfer_id).status == 404
    home.owner.sign_in()
    home.owner.step_up()
    anew = home.owner.offer(home.camera.device_id, email=home.stranger.email)
    assert home.stranger.accept(anew).status == 201


def test_an_invitation_of_before_is_void_and_may_be_made_anew(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    share_id = home.owner.share(home.camera.device_id, email=home.stranger.email).json["share_id"]
    assert [one["share_id"] for one in home.stranger.call("GET", "/shares").json["items"]] == [share_id]
    assert len(home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"]) == 1
    restored(home, monkeypatch, lambda: None)
    replayed(home)
    home.stranger.sign_in()
    assert home.stranger.call("GET", "/shares").json["items"] == []
    assert accept(home.stranger, share_id).status == 404
    home.owner.sign_in()
    assert home.owner.call("GET", f"/devices/{home.camera.device_id}/shares").json["items"] == []
    anew = home.owner.share(home.camera.device_id, email=home.stranger.email)
    assert accept(home.stranger, anew.json["share_id"]).status == 200


def test_a_copy_of_ones_data_of_before_is_opened_by_no_link(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.step_up()
    assert home.owner.call("POST", "/privacy/exports").status == 202
    home.world.settle()
    assert len(home.owner.call("GET", "/privacy/exports").json["items"]) == 1
    restored(home, monkeypatch, lambda: None)
    replayed(home)
    home.owner.sign_in()
    assert home.owner.call("GET", "/privacy/exports").json["items"] == []


# ── What was replaced ────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_address_that_was_left_opens_nothing_and_the_new_one_does(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, left = home.owner, home.owner.email

    def move() -> None:
        owner.step_up()
        change_id = owner.change_address(email="ola.anew@example.com")
        owner.email = "ola.anew@example.com"
        body = {"change_id": change_id, "code": owner.newest_code()}
        assert owner.call("POST", "/me/address/confirm", body).status == 200

    restored(home, monkeypatch, move)
    replayed(home)
    assert owner.sign_in().status == 201
    assert owner.call("GET", "/me").json["email"] == "ola.anew@example.com"
    assert new_person(home.world, left).account_id != owner.account_id


def test_an_app_that_was_replaced_makes_no_codes(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    stolen, anew = App.added(home.owner), []

    def replace() -> None:
        home.world.advance(60)
        anew.append(App.added(home.owner))

    restored(home, monkeypatch, replace)
    replayed(home)
    assert home.owner.sign_in(factor=stolen.next_code()).status == 401
    assert home.owner.sign_in(factor=anew[0].next_code()).status == 201


def test_all_alarms_that_were_deleted_stay_deleted_and_later_ones_are_there(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(home, monkeypatch, lambda: home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms"))
    replayed(home)
    home.owner.sign_in()
    assert home.owner.alarms(home.camera.device_id) == []
    orders = _stored().of("Removal")
    assert [device_id for device_id, _ in orders] == [home.camera.device_id]
    for device_id, order_id in orders:
        home.world.advance(120)
        deleting.carry_out_removal(device_id, order_id)
    assert not [row for row in _stored().of("Alarm").values() if "picture" in row]
    home.owner.sign_in()
    home.camera.see(3)
    assert len(home.owner.alarms(home.camera.device_id)) == 1


def test_a_cover_and_a_face_that_were_deleted_are_not_pointed_to(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.owner.show_face()
    home.owner.cover(home.camera.device_id)
    assert home.owner.avatar() and home.owner.cover_of(home.camera.device_id)

    def delete() -> None:
        home.world.advance(60)
        for path in ("/me/avatar", f"/devices/{home.camera.device_id}/cover"):
            assert home.owner.call("DELETE", path).status == 204

    restored(home, monkeypatch, delete)
    replayed(home)
    home.owner.sign_in()
    assert home.owner.avatar() is home.owner.cover_of(home.camera.device_id) is None


# ── Gift cards ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_card_that_was_redeemed_since_is_spent_and_its_plan_is_there_as_of_then(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = new_code(home.world)
    restored(home, monkeypatch, lambda: redeem(home, code))
    home.world.clock.move_to(home.world.now().timestamp() + 86_400)
    assert replayed(home)["deletions"] == 1
    home.owner.sign_in()
    plan = home.owner.call("GET", f"/devices/{home.camera.device_id}/plan").json
    assert (plan["state"], plan["until"]) == ("active", "2026-02-04T08:00:00Z")
    (batch,) = report(home.world)
    assert counts(batch) == {"issued": 1, "redeemed": 1, "revoked": 0, "expired": 0, "left": 0}
    assert _wrong_with_cards() == []
    assert redeem(home, code).json["until"] == plan["until"]
    other = new_camera(home.world, "SN0044", owner=home.owner).device_id
    assert refused(redeem(home, code, device_id=other)) == (409, "GiftCardSpent")


def _wrong_with_cards() -> list[str]:
    """What became of the activity of before, nobody tells again."""
    return [wrong for wrong in violations(_stored().dump) if "_gift_card_" in wrong]


def test_replayed_once_more_it_is_had_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    code = new_code(home.world)
    restored(home, monkeypatch, lambda: redeem(home, code))
    replayed(home)
    before = _stored().of("Ownership")
    assert replayed(home)["deletions"] == 1
    assert _stored().of("Ownership") == before
    assert sum(row["redeemed"] for row in _stored().of("GiftCardBatch").values()) == 1


def test_a_card_whose_device_or_account_is_gone_is_spent_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = new_code(home.world)

    def redeem_and_leave() -> None:
        assert redeem(home, code).status == 200
        close(home)

    restored(home, monkeypatch, redeem_and_leave)
    replayed(home)
    home.stranger.sign_in()
    theirs = new_camera(home.world, "SN0044", owner=home.stranger).device_id
    assert refused(redeem(home, code, by=home.stranger, device_id=theirs)) == (409, "GiftCardSpent")
    assert _wrong_with_cards() == []


def test_a_card_for_a_device_that_was_bound_since_is_spent_all_the_same(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, camera = new_code(home.world), new_camera(home.world, "SN0044")

    def bind_and_redeem() -> None:
        assert home.owner.bind(camera).status == 201
        assert redeem(home, code, device_id=camera.device_id).status == 200

    restored(home, monkeypatch, bind_and_redeem)
    replayed(home)
    home.owner.sign_in()
    assert refused(redeem(home, code)) == (409, "GiftCardSpent")


def test_cards_that_nobody_had_redeemed_are_taken_still(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = issue(home.world, 2)
    restored(home, monkeypatch, lambda: redeem(home, issued["codes"][0]))
    replayed(home)
    home.owner.sign_in()
    assert redeem(home, issued["codes"][1]).json["until"] == "2026-03-06T08:00:00Z"


def test_cards_that_were_withdrawn_since_stay_so(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    issued = issue(home.world)

    def withdraw() -> None:
        revoke = {"batch_id": issued["batch_id"]}
        assert home.world.invoke("revoke_gift_cards", revoke)["batch"]["state"] == "revoked"

    restored(home, monkeypatch, withdraw)
    replayed(home)
    home.owner.sign_in()
    assert refused(redeem(home, issued["codes"][0])) == (410, "GiftCardRevoked")


# ── The ledger of deletions ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_deletion_is_noted_in_its_own_commit_for_as_long_as_a_table_can_be_restored(home: Home) -> None:
    before = len(_noted())
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}/alarms/{home.alarm_id}").status == 204
    noted = _noted()
    assert len(noted) == before + 1
    (row,) = (one for one in noted if home.alarm_id in str(one.get("rows")))
    assert row["expires_at"] == int(home.world.now().timestamp()) + 35 * 86_400


def _noted() -> list[dict[str, Any]]:
    return [row for row in dump.dump()["tables"][settings.ledger_table] if row["pk"].startswith("deletion#")]
