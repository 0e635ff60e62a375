"""SNS forgets a terminal behind the commit that ends it: whatever it refuses is in nobody's way, and is asked again."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from infra.strict_moto.faults import DIES_BEFORE
from tests.alarms.snapshots import objects, rows_now_of
from tests.conftest import Home
from tests.infra.test_package_watch import oldest, rings
from tests.privacy.leaving import HOUR, QUARTER, belongings, claims, closed, erasure, receipt
from tests.push.refusing import as_if_sns_had_answered_nobody, sns_refuses
from tests.scene import Camera, Person, elsewhere, new_camera, new_person, rows

TOKEN, OTHER = "platform-token-0001", "platform-token-0002"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    person = new_person(world)
    assert person.take_pushes(TOKEN).status == 204
    return person


@pytest.fixture
def camera(ola: Person) -> Camera:
    return new_camera(ola.world, owner=ola)


def tokens_at_sns(world: LocalCloud) -> list[str]:
    return sorted(endpoint["attributes"]["Token"] for endpoint in world.dump()["endpoints"])


def pushed(world: LocalCloud, to: str) -> int:
    return sum(one["kind"] == "push" for one in world.outbox(to))


def test_signing_out_asks_sns_for_nothing_and_is_done_whatever_sns_says(ola: Person, camera: Camera) -> None:
    with sns_refuses() as asked:
        ola.world.trace.clear()
        assert ola.call("DELETE", "/sessions/current").status == 204
        assert not [name for name in ola.world.trace.names() if name.startswith("sns.")]
        ola.world.settle()
        assert asked and tokens_at_sns(ola.world) == [TOKEN]
        camera.see(1)
        assert pushed(ola.world, TOKEN) == 0
    ola.world.redrive()
    assert tokens_at_sns(ola.world) == []
    assert rows(ola.world, "account/endpoint") == rows(ola.world, "account/endpoint-removal") == []


def test_a_session_that_ends_by_itself_is_pushed_to_no_more_whatever_sns_says(ola: Person, camera: Camera) -> None:
    there = elsewhere(ola)
    with sns_refuses():
        assert there.call("DELETE", "/sessions").status == 204
        ola.world.settle()
        camera.see(1)
        assert pushed(ola.world, TOKEN) == 0
    ola.world.redrive()
    assert tokens_at_sns(ola.world) == []


def test_a_terminal_whose_name_was_never_learnt_is_forgotten_when_its_session_ends(ola: Person) -> None:
    as_if_sns_had_answered_nobody(ola)
    with sns_refuses():
        assert ola.call("DELETE", "/sessions/current").status == 204
        ola.world.settle()
        assert tokens_at_sns(ola.world) == [TOKEN]
    ola.world.redrive()
    assert tokens_at_sns(ola.world) == []
    assert rows(ola.world, "account/endpoint") == []


def test_an_address_that_another_took_over_before_sns_forgot_it_is_left_to_them(ola: Person, camera: Camera) -> None:
    """SNS may give them the very name that the last holder's had."""
    zed = new_person(ola.world, "zed@example.com")
    theirs = new_camera(ola.world, "SN0002", owner=zed)
    (before,) = ola.world.dump()["endpoints"]
    assert ola.call("DELETE", "/sessions/current").status == 204
    assert zed.take_pushes(TOKEN).status == 204
    (after,) = ola.world.dump()["endpoints"]
    assert after["arn"] == before["arn"]
    assert rows(ola.world, "account/endpoint-removal") == []
    theirs.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_an_address_that_its_terminal_took_again_before_sns_forgot_it_stays(ola: Person, camera: Camera) -> None:
    assert ola.take_pushes(OTHER).status == 204
    assert ola.take_pushes(TOKEN).status == 204
    camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (1, 0)
    assert tokens_at_sns(ola.world) == [TOKEN]


def _dies_before_sns_is_asked(person: Person, token: str) -> None:
    """Whoever takes pushes; the row is there, and has no name."""
    world = person.world
    world.faults.fail(4, DIES_BEFORE)
    assert person.take_pushes(token).status == 502
    assert world.trace.names()[-1] == "sns.CreatePlatformEndpoint"
    world.faults.clear()


def test_an_address_that_was_replaced_is_forgotten_though_the_new_one_is_never_named(ola: Person) -> None:
    _dies_before_sns_is_asked(ola, OTHER)
    assert tokens_at_sns(ola.world) == []
    assert rows(ola.world, "account/endpoint-removal") == []
    assert ola.world.failures == []


def test_an_address_that_its_terminal_is_about_to_take_again_stays(ola: Person, camera: Camera) -> None:
    assert ola.take_pushes(OTHER).status == 204
    _dies_before_sns_is_asked(ola, TOKEN)
    assert tokens_at_sns(ola.world) == [TOKEN]
    assert rows(ola.world, "account/endpoint-removal") == []
    assert ola.take_pushes(TOKEN).status == 204
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


# ── Leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_erasure_deletes_all_data_though_sns_refuses_and_is_open_until_sns_has_forgotten_too(home: Home) -> None:
    at_sns = len(home.world.dump()["endpoints"])
    assert at_sns
    with sns_refuses() as asked:
        erasure_id = closed(home)["erasure_id"]
        home.world.settle()
        assert objects(home.world) == []
        assert [row for row in rows_now_of("Items") if any(told in str(row) for told in belongings(home))] == []
        assert asked
        home.world.clock.move_to(home.world.now().timestamp() + HOUR + 1)
        assert oldest(home.world, "resume_erasures") > HOUR and rings(home.world, "ErasureLate")
        assert erasure(home.world, erasure_id).json["state"] == "erasing"
        assert len(home.world.dump()["endpoints"]) == at_sns
    home.world.advance(QUARTER)
    assert home.world.dump()["endpoints"] == []
    said = claims(home.world, receipt(home.world, erasure_id))
    assert said["deleted_at_least"]["push endpoints"] == at_sns
    assert "endpoint" not in str(rows(home.world, "erasure/erasure", "Ledger")[0].get("open_endpoints", ""))


def test_closing_asks_sns_for_nothing_and_a_name_that_was_never_learnt_is_asked_for_behind_it(ola: Person) -> None:
    as_if_sns_had_answered_nobody(ola)
    ola.step_up()
    with sns_refuses() as asked:
        ola.world.trace.clear()
        answer = ola.close()
        assert answer.status == 202
        assert not [name for name in ola.world.trace.names() if name.startswith("sns.")]
        ola.world.advance(QUARTER)
        assert asked and tokens_at_sns(ola.world) == [TOKEN]
        assert erasure(ola.world, answer.json["erasure_id"]).json["state"] == "erasing"
    ola.world.redrive()
    ola.world.advance(QUARTER)
    assert tokens_at_sns(ola.world) == []
    assert erasure(ola.world, answer.json["erasure_id"]).json["state"] == "done"
    assert TOKEN not in str(ola.world.dump())
