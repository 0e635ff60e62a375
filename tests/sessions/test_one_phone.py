"""A phone that signs in again: its former session and push address end with the commit that opens the new one (B2)."""

from __future__ import annotations

import pytest

from infra.local.cloud import LocalCloud
from infra.strict_moto import DIES_AFTER
from tests.push.refusing import sns_refuses
from tests.scene import Camera, Person, elsewhere, just_before, new_camera, new_person, rows

KEY, OTHER_KEY = {"Idempotency-Key": "signing-in-0123456789"}, {"Idempotency-Key": "signing-in-again-0123456789"}
TOKEN, OTHER = "platform-token-0001", "platform-token-0002"


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


@pytest.fixture
def camera(ola: Person) -> Camera:
    return new_camera(ola.world, owner=ola)


def listed(person: Person) -> list[str]:
    return [one["session_id"] for one in person.call("GET", "/sessions").json["items"]]


def pushed(world: LocalCloud, to: str) -> int:
    return sum(one["kind"] == "push" for one in world.outbox(to))


def targets(world: LocalCloud) -> list[str]:
    return [one for row in rows(world, "account/audience") for one in row.get("targets", ())]


def again(person: Person, **headers: str) -> Person:
    """The same person, signed in anew on the same phone."""
    other = Person(**vars(person))
    assert other.sign_in(**headers).status == 201
    return other


def test_a_phone_that_signs_in_again_is_listed_once_and_its_former_tokens_open_nothing(ola: Person) -> None:
    anew = again(ola)
    assert listed(anew) == [anew.session_id]
    assert ola.call("GET", "/me").status == 401
    assert ola.world.call("POST", "/sessions/refresh", {"refresh_token": ola.refresh_token}).status == 401
    third = again(anew)
    assert listed(third) == [third.session_id]


def test_it_is_pushed_to_once_and_by_its_former_session_from_that_commit_on_no_more(
    ola: Person, camera: Camera
) -> None:
    assert ola.take_pushes(TOKEN).status == 204
    with sns_refuses():
        anew = again(ola)
        assert targets(ola.world) == []
        camera.see(1)
        assert pushed(ola.world, TOKEN) == 0
    ola.world.redrive()
    assert anew.take_pushes(TOKEN).status == 204
    camera.see(2)
    assert pushed(ola.world, TOKEN) == 1
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
    assert len(ola.world.dump()["endpoints"]) == 1


def test_another_phone_stays_signed_in_and_is_pushed_to(ola: Person, camera: Camera) -> None:
    phone = elsewhere(ola)
    phone.take_pushes(OTHER)
    ola.take_pushes(TOKEN)
    anew = again(ola)
    assert sorted(listed(anew)) == sorted([anew.session_id, phone.session_id])
    camera.see(1)
    assert (pushed(ola.world, TOKEN), pushed(ola.world, OTHER)) == (0, 1)


def test_the_same_phone_of_another_person_is_another_phone(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com", terminal=ola.terminal)
    anew = again(zed)
    assert (ola.call("GET", "/me").status, anew.call("GET", "/me").status) == (200, 200)


def test_a_phone_that_was_signed_out_signs_in_as_before(ola: Person) -> None:
    assert ola.call("DELETE", "/sessions/current").status == 204
    anew = again(ola)
    assert listed(anew) == [anew.session_id]


def test_a_phone_whose_session_is_over_and_was_not_reaped_yet_signs_in_and_is_pushed_to_once(
    ola: Person, camera: Camera
) -> None:
    """DynamoDB takes its time to delete what has expired; until then the row has the push address."""
    assert ola.take_pushes(TOKEN).status == 204
    ola.world.clock.move_to(ola.world.now().timestamp() + 90 * 86_400)
    anew = again(ola)
    assert listed(anew) == [anew.session_id]
    ola.world.settle()
    assert targets(ola.world) == []
    assert anew.take_pushes(TOKEN).status == 204
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1
    assert len(rows(ola.world, "account/session")) == len(rows(ola.world, "account/endpoint")) == 1


def test_the_exact_repeat_of_a_sign_in_keeps_its_session_and_its_pushes(ola: Person, camera: Camera) -> None:
    first = again(ola, **KEY)
    assert first.take_pushes(TOKEN).status == 204
    repeated = again(ola, **KEY)
    assert repeated.session_id == first.session_id
    assert first.call("GET", "/me").status == 401
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1
    assert repeated.call("DELETE", "/sessions/current").status == 204
    assert targets(ola.world) == []
    camera.see(2)
    assert pushed(ola.world, TOKEN) == 1


def test_a_session_that_was_ended_and_begun_anew_by_a_late_repeat_takes_pushes_again(
    ola: Person, camera: Camera
) -> None:
    """Its address of before was not forgotten yet when it began anew."""
    first = again(ola, **KEY)
    assert first.take_pushes(TOKEN).status == 204
    with sns_refuses():
        assert first.call("DELETE", "/sessions/current").status == 204
        ola.world.settle()
    anew = again(ola, **KEY)
    assert anew.session_id == first.session_id
    assert anew.take_pushes(TOKEN).status == 204
    ola.world.redrive()
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 1


def test_a_sign_in_whose_answer_was_lost_ends_the_former_session_all_the_same(ola: Person) -> None:
    anew = Person(**vars(ola))
    ola.world.faults.fail(4, DIES_AFTER)
    assert anew.sign_in(**KEY).status != 201
    ola.world.faults.clear()
    assert anew.sign_in(**KEY).status == 201
    assert listed(anew) == [anew.session_id]


@pytest.mark.parametrize("nth", range(1, 5))
def test_of_two_sign_ins_of_one_phone_at_once_one_is_left(ola: Person, nth: int) -> None:
    others: list[Person] = []
    mine = Person(**vars(ola))
    with just_before(ola.world, nth, lambda: others.append(again(ola, **OTHER_KEY))):
        assert mine.sign_in(**KEY).status == 201
    assert listed(mine) == [mine.session_id]
    assert others[0].call("GET", "/me").status == 401


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_phone_that_takes_pushes_while_it_signs_in_anew_is_pushed_to_by_nothing_that_ended(
    ola: Person, camera: Camera, nth: int
) -> None:
    anew = Person(**vars(ola))
    with just_before(ola.world, nth, lambda: ola.take_pushes(TOKEN)):
        status = anew.sign_in(**KEY).status
    if status == 429:  # it had just taken them
        assert anew.sign_in(**KEY).status == 201
    assert listed(anew) == [anew.session_id]
    assert targets(ola.world) == []
    camera.see(1)
    assert pushed(ola.world, TOKEN) == 0
    ola.world.settle()
    assert ola.world.dump()["endpoints"] == rows(ola.world, "account/endpoint") == []


@pytest.mark.parametrize("nth", range(1, 7))
def test_a_phone_that_signs_in_anew_while_it_takes_pushes_is_pushed_to_by_nothing_that_ended(
    ola: Person, camera: Camera, nth: int
) -> None:
    def act() -> None:
        again(ola)
        ola.world.settle()

    before = Person(**vars(ola))
    with just_before(ola.world, nth, act):
        assert before.take_pushes(TOKEN).status in (204, 401)
    ola.world.settle()
    assert targets(ola.world) == []
    assert ola.world.dump()["endpoints"] == rows(ola.world, "account/endpoint") == []
    assert again(ola).take_pushes(TOKEN).status == 204
    ola.world.settle()
    assert len(targets(ola.world)) == len(rows(ola.world, "account/endpoint")) == 1
