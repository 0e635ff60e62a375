"""What still names a closed account, an address or an account of another platform, is nobody's."""

from __future__ import annotations

import pytest

from chalicelib.contacts.actions import addresses
from chalicelib.contacts.records import Address
from chalicelib.identities.records import Identity, LinkedPlatform
from chalicelib.store import ciphers, raw_items
from chalicelib.store.commit import commit, create
from chalicelib.store.records import read
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.conftest import Home
from tests.identities.people import as_said, enter, link, maja
from tests.identities.platforms import Served, google_token, platforms
from tests.neighbour import neighbour
from tests.scene import PASSWORD, Person, just_before, looks, new_person, rows
from tests.worlds.invariants import violations

WRONG = "wrong horse battery staple"


@pytest.fixture(autouse=True)
def served() -> Served:
    platforms().as_usual()
    return platforms()


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def closed(person: Person) -> Person:
    """Somebody whose address was left behind when the account was closed."""
    person.step_up()
    assert person.close().status == 202
    person.world.settle()
    hashed = addresses.contact_from(person.email, None).hashed
    commit(create(Address.new(hashed, account_id=person.account_id)))
    return person


def owner_of(person: Person) -> str:
    (row,) = read(Address.key(addresses.contact_from(person.email, None).hashed))
    assert row is not None
    return str(row.account_id)


# Addresses


def test_a_closed_accounts_address_can_be_registered_with(ola: Person) -> None:
    former = closed(ola).account_id
    again = new_person(ola.world)
    assert again.account_id not in ("", former)
    assert owner_of(again) == again.account_id
    assert again.sign_in().status == 201
    ola.world.advance(20 * 60)
    assert violations(ola.world.dump()) == []


def test_of_two_who_register_with_it_one_has_it(ola: Person) -> None:
    closed(ola)
    begun = [(ola.register(), ola.newest_code()) for _ in range(2)]
    answers = [
        ola.world.call(
            "POST", "/accounts/confirm", {"registration_id": begun_id, "code": code, "terminal": ola.terminal}
        )
        for begun_id, code in begun
    ]
    assert [as_said(answer) for answer in answers] == [(201, None), (409, "AddressTaken")]
    assert owner_of(ola) == answers[0].json["account_id"]


def test_a_closed_accounts_address_can_be_changed_to(ola: Person) -> None:
    closed(ola)
    zed = new_person(ola.world, "zed@example.com")
    zed.step_up()
    change_id = zed.change_address(email=ola.email)
    body = {"change_id": change_id, "code": Person(ola.world, ola.email).newest_code()}
    assert zed.call("POST", "/me/address/confirm", body).json["email"] == ola.email
    assert owner_of(ola) == zed.account_id
    ola.world.advance(20 * 60)
    assert violations(ola.world.dump()) == []


def test_a_platform_that_proved_a_closed_accounts_address_makes_a_new_account(world: LocalCloud) -> None:
    former = closed(new_person(world, "maja@example.com"))
    newcomer = maja(world)
    assert newcomer.account_id != former.account_id
    assert owner_of(newcomer) == newcomer.account_id


def test_who_comes_from_another_region_is_given_a_closed_accounts_address(world: LocalCloud) -> None:
    former = closed(new_person(world, "maja@example.com"))
    body = {"ticket": neighbour().ticket(), "password": PASSWORD, "terminal": former.terminal}
    answer = world.call("POST", "/accounts/arrivals", body)
    assert answer.status == 201, answer.body
    assert owner_of(former) == answer.json["account_id"]


@pytest.mark.parametrize("email", ["ola@example.com", "zed@example.com"])
def test_a_living_accounts_address_is_still_its_own(ola: Person, email: str) -> None:
    """Beside one that is free again."""
    new_person(ola.world, "zed@example.com")
    closed(new_person(ola.world, "gone@example.com"))
    assert as_said(enter(ola.world, google_token(ola.world, email=email))) == (409, "ProofNeeded")


def test_a_closed_accounts_address_is_answered_like_one_that_nobody_ever_had(ola: Person) -> None:
    closed(ola)
    asker = new_person(ola.world, "asker@example.com")
    asker.step_up()
    ola.world.settle()

    def seen(email: str) -> list[tuple[object, list[str]]]:
        asked = (
            lambda: ola.world.call("POST", "/accounts", Person(ola.world, email).registration()),
            lambda: Person(ola.world, email).sign_in(WRONG),
            lambda: ola.world.call("POST", "/password-resets", {"email": email}),
            lambda: asker.call("POST", "/me/address", {"email": email}),
        )
        return [_alike(ola.world, one) for one in asked]

    def _alike(world: LocalCloud, ask: object) -> tuple[object, list[str]]:
        world.trace.clear()
        return looks(ask()), world.trace.names()  # type: ignore[operator]

    before = ola.world.snapshot()
    known = seen(ola.email)
    ola.world.restore(before)
    assert known == seen("nob@example.com")


# Accounts of other platforms


def calls_to_commit(home: Home) -> int:
    """Which of the AWS calls of a closing is its commit."""
    before = home.world.snapshot()
    home.world.trace.clear()
    assert home.owner.close().status == 202
    number = home.world.trace.names().index("dynamodb.TransactWriteItems") + 1
    home.world.restore(before)
    return number


def linked_while_closing(home: Home) -> None:
    """The platform is linked when the closing has looked which are."""
    home.owner.step_up()
    token, nth = google_token(home.world), calls_to_commit(home)
    answers: list[Response] = []
    with just_before(home.world, nth, lambda: answers.append(link(home.owner, token))):
        assert home.owner.close().status == 202
    assert answers[0].status == 201
    assert [row.account_id for row in identities()] == [home.owner.account_id]


def identities() -> list[Identity]:
    found = raw_items.scan(Identity.Meta.table_name, when=Identity.sk == "identity")
    return [Identity.from_raw_data(item) for page in found for item in page]


def test_what_was_linked_while_the_account_was_closed_is_forgotten_with_it(home: Home) -> None:
    linked_while_closing(home)
    home.world.settle()
    assert identities() == []
    home.world.advance(20 * 60)
    assert violations(home.world.dump()) == []


def test_a_platform_that_still_names_a_closed_account_begins_a_new_one_which_the_erasure_leaves_alone(
    home: Home,
) -> None:
    linked_while_closing(home)
    newcomer = maja(home.world)
    assert newcomer.account_id != home.owner.account_id
    home.world.settle()
    home.world.advance(20 * 60)
    assert [row.account_id for row in identities()] == [newcomer.account_id]
    assert rows(home.world, "account/platform")[0]["pk"] == f"account#{newcomer.account_id}"
    assert enter(home.world, google_token(home.world)).json["account_id"] == newcomer.account_id
    assert violations(home.world.dump()) == []


def test_a_platform_that_still_names_a_closed_account_can_be_linked(home: Home) -> None:
    linked_while_closing(home)
    home.stranger.step_up()
    assert link(home.stranger, google_token(home.world)).status == 201
    home.world.settle()
    home.world.advance(20 * 60)
    assert [row.account_id for row in identities()] == [home.stranger.account_id]
    assert violations(home.world.dump()) == []


def test_who_links_when_the_account_is_closed_is_not_signed_in(home: Home) -> None:
    home.owner.step_up()
    id_token = google_token(home.world)
    home.world.trace.clear()
    before = home.world.snapshot()
    link(home.owner, id_token)
    nth = len(home.world.trace)
    home.world.restore(before)
    with just_before(home.world, nth, home.owner.close):
        assert as_said(link(home.owner, id_token)) == (401, "NotSignedIn")
    assert identities() == []


def test_which_platform_somebody_signs_in_with_is_stored_sealed_only(home: Home) -> None:
    home.owner.step_up()
    assert link(home.owner, google_token(home.world)).status == 201
    (row,) = rows(home.world, "account/platform")
    assert "google" not in str(row)
    (linked,) = LinkedPlatform.list_of(home.owner.account_id).items
    (key,) = read(ciphers.key_of(home.owner.account_id))
    assert key is not None
    assert linked.decrypted_with(key.unlocked()).platform == "google"
