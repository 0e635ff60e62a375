"""Accounts of all kinds over more than two years: each deletion has a warning that arrived, and every account is
accounted for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.scene import Person, new_camera, new_person, pay, rows

DAY_S = 86_400
JOB = "check_inactive_accounts"


def checks(world: LocalCloud) -> dict[str, str]:
    """The next day of each account."""
    found = rows(world, "inactivity-checks/inactivity-check")
    return {row["sk"].partition("#")[2]: row["pk"].partition("#")[2] for row in found}


def run_job(world: LocalCloud) -> str | None:
    """What it rang for, if it did."""
    try:
        world.run_schedule(JOB)
    except Exception as fault:
        return repr(fault)
    finally:
        world.settle()
    return None


def on_next_day(world: LocalCloud, until: float, then: Callable[[], object] = lambda: None) -> list[str]:
    """Days on which something is due, one after the other, until one of them says that it is enough: nothing happens
    between them. What rang."""
    rang = []
    while True:
        days = (datetime.fromisoformat(one).replace(tzinfo=UTC).timestamp() for one in checks(world).values())
        day = min(days, default=until)
        at = max(world.now().timestamp(), day + DAY_S - 1)
        if at >= until:
            return rang
        world.clock.move_to(at)
        fault = run_job(world)
        rang += [] if fault is None else [fault]
        if then():
            return rang
        world.clock.move_to(world.now().timestamp() + 1)


def after(world: LocalCloud, days: int) -> float:
    return float(world.now().timestamp() + days * DAY_S)


def warnings(world: LocalCloud, person: Person) -> list[str]:
    return [one["subject"] for one in world.outbox(person.email) if "will be deleted" in one.get("subject", "")]


def state_of(world: LocalCloud, person: Person) -> Any:
    return next(row for row in rows(world, "account/inactivity") if row["pk"] == f"account#{person.account_id}")


def is_there(world: LocalCloud, person: Person) -> bool:
    return any(row["pk"] == f"account#{person.account_id}" for row in rows(world, "account/account"))


def test_an_account_is_looked_at_once_a_year_and_not_at_each_request(home: Home) -> None:
    assert checks(home.world).keys() == {home.owner.account_id, home.stranger.account_id}
    home.world.trace.clear()
    home.owner.call("GET", "/me")
    assert not [call for call in home.world.trace if "Put" in call.name or "Update" in call.name]
    first = checks(home.world)
    assert run_job(home.world) is None and checks(home.world) == first


def test_two_years_of_accounts_of_all_kinds_end_as_they_should(home: Home) -> None:
    world = home.world
    names = ("leaves", "bounces", "comes-back", "pays", "guest", "shares")
    people = {name: new_person(world, f"{name}@example.com") for name in names}
    world.mail.decide("bounces@example.com", "bounced")
    camera = new_camera(world, "SN0500", owner=people["pays"])
    shared = new_camera(world, "SN0501", owner=people["shares"])
    share = people["shares"].share(shared.device_id, email="guest@example.com").json["share_id"]
    assert people["guest"].call("POST", f"/shares/{share}/accept").status == 200
    done: set[str] = set()

    def happens() -> None:
        if "came" not in done and warnings(world, people["comes-back"]):
            done.add("came")
            assert people["comes-back"].sign_in().status == 201
        if world.now().year == 2027 and world.now().month >= 9 and "paid" not in done:
            done.add("paid")
            assert people["pays"].sign_in().status == 201
            order = people["pays"].order(camera.device_id, "continuous-7-year")
            assert order.status == 201, order.body
            assert pay(world, order.json["order_id"]).status == 200
            world.settle()

    rang = on_next_day(world, after(world, 765), happens)
    assert done == {"came", "paid"}
    gone = {name for name, person in people.items() if not is_there(world, person)}
    assert gone == {"leaves", "guest", "shares"}
    assert len(rang) == 1 and "AccountsUnreachable" in rang[0]
    for name in gone:
        assert len(warnings(world, people[name])) == 4
    assert len(warnings(world, people["comes-back"])) == 1
    guests = [one["subject"] for one in world.outbox("guest@example.com") if "may go" in one.get("subject", "")]
    assert len(guests) == 1
    assert state_of(world, people["bounces"])["stage"] == "unreachable"
    living = {row["pk"].partition("#")[2] for row in rows(world, "account/account")}
    assert checks(world).keys() == living


def test_who_restricted_processing_or_objected_is_neither_warned_nor_deleted(home: Home) -> None:
    leaves = new_person(home.world, "leaves@example.com")
    assert home.owner.call("PUT", "/privacy/restriction", {"reason": "claims"}).status == 200
    assert home.stranger.call("PUT", "/privacy/objections/IDLE", {}).json["state"] == "open"
    on_next_day(home.world, after(home.world, 765))
    assert not is_there(home.world, leaves) and len(warnings(home.world, leaves)) == 4
    for person in (home.owner, home.stranger):
        assert is_there(home.world, person) and not warnings(home.world, person)
        assert state_of(home.world, person)["stage"] == "used"


@contextmanager
def just_before_ending(world: LocalCloud, person: Person, act: Callable[[], object]) -> Iterator[None]:
    """Somebody acts right before the commit that would end this account."""
    mine, done = threading.current_thread().name, []

    def before_call(thread: str, call: Any) -> None:
        ends = call.name == "dynamodb.TransactWriteItems" and f"key#{person.account_id}" in repr(call.params)
        if thread == mine and ends and not done:
            done.append(call)
            other = threading.Thread(target=act)
            other.start()
            other.join()

    world.aws.order_by(before_call)
    try:
        yield
    finally:
        world.aws.order_by(None)
    assert done, "nothing would have ended it"


def test_who_signs_in_as_the_account_is_about_to_go_keeps_it_whoever_is_first(home: Home) -> None:
    on_next_day(home.world, after(home.world, 800), lambda: len(warnings(home.world, home.stranger)) == 4)
    assert is_there(home.world, home.stranger)
    home.world.clock.move_to(home.world.now().timestamp() + 2 * DAY_S)
    came: list[int] = []
    with just_before_ending(home.world, home.stranger, lambda: came.append(home.stranger.sign_in().status)):
        run_job(home.world)
    assert came == [201] and is_there(home.world, home.stranger)
    assert home.stranger.call("GET", "/me").status == 200
    assert run_job(home.world) is None and is_there(home.world, home.stranger)
    assert checks(home.world)[home.stranger.account_id] > f"{home.world.now():%Y-%m-%d}"
    assert state_of(home.world, home.stranger)["stage"] == "used"


def test_what_cannot_be_reached_is_closed_to_all_but_signing_in_and_emptied_a_year_later(home: Home) -> None:
    home.world.mail.decide(home.owner.email, "bounced")
    rang = on_next_day(home.world, after(home.world, 740))
    assert any("AccountsUnreachable" in one for one in rang)
    assert is_there(home.world, home.owner)
    device = next(row for row in rows(home.world, "device/device") if row["pk"] == f"device#{home.camera.device_id}")
    assert "private_since" in device and "private_until" not in device
    on_next_day(home.world, after(home.world, 370))
    assert not [row for row in rows(home.world, "device/device") if row["pk"] == f"device#{home.camera.device_id}"]
    assert is_there(home.world, home.owner)
    assert home.owner.sign_in().status == 201
    run_job(home.world)
    on_next_day(home.world, after(home.world, 340))
    assert state_of(home.world, home.owner)["stage"] == "used"


def test_a_closed_account_is_looked_at_no_more(home: Home) -> None:
    assert home.stranger.account_id in checks(home.world)
    home.stranger.step_up()
    assert home.stranger.close().status == 202
    home.world.advance(600)
    assert checks(home.world).keys() == {home.owner.account_id}
