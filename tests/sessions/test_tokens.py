"""Tokens: a quarter of an hour, one living successor, and hashes in place of themselves."""

from __future__ import annotations

import pytest

from chalicelib.errors import NotSignedIn
from chalicelib.sessions import rules
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from infra.strict_moto.faults import DIES_AFTER, LOST_REPLY
from tests.scene import Person, at_once, elsewhere, everything_stored, just_before, new_camera, new_person, rows
from tests.worlds.sweep import leap


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def refresh(ola: Person, token: str, key: str | None = None) -> Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return ola.world.call("POST", "/sessions/refresh", {"refresh_token": token}, headers=headers)


def opens(ola: Person, token: str) -> bool:
    answer = ola.world.call("GET", "/me", token=token)
    assert answer.status in (200, 401)
    return answer.status == 200


def pair(answer: Response) -> tuple[str, str]:
    assert answer.status == 201, answer.body
    return answer.json["access_token"], answer.json["refresh_token"]


def test_an_access_token_opens_for_fifteen_minutes_exactly(ola: Person) -> None:
    ola.world.advance(15 * 60 - 1)
    assert opens(ola, ola.access_token)
    ola.world.advance(1)
    assert not opens(ola, ola.access_token)


def test_a_refreshed_pair_opens_and_its_forerunner_does_not(ola: Person) -> None:
    old = ola.access_token
    answer = refresh(ola, ola.refresh_token)
    access, successor = pair(answer)
    assert (answer.json["account_id"], answer.json["expires_in_seconds"]) == (ola.account_id, 900)
    assert opens(ola, access)
    assert not opens(ola, old)
    assert successor != ola.refresh_token
    assert len(rows(ola.world, "account/session")) == 1


def test_an_expired_access_token_is_refreshed(ola: Person) -> None:
    ola.world.advance(3600)
    assert opens(ola, pair(refresh(ola, ola.refresh_token))[0])


@pytest.mark.parametrize("seconds", [0, 31, 80 * 24 * 3600])
def test_a_spent_token_yields_the_same_successor_however_late_if_neither_of_its_tokens_was_used(
    ola: Person, seconds: int
) -> None:
    first = pair(refresh(ola, ola.refresh_token))  # and the answer was lost in a tunnel
    leap(ola.world, seconds)
    again = refresh(ola, ola.refresh_token)
    assert (pair(again), again.json["expires_in_seconds"]) == (first, 900)
    assert opens(ola, first[0])
    assert len(rows(ola.world, "account/session")) == 1


def test_a_successor_that_is_yielded_late_lives_its_whole_time(ola: Person) -> None:
    access, _ = pair(refresh(ola, ola.refresh_token))
    ola.world.advance(3600)
    refresh(ola, ola.refresh_token)
    ola.world.advance(899)
    assert opens(ola, access)
    ola.world.advance(1)
    assert not opens(ola, access)


def test_answers_may_be_lost_more_than_once(ola: Person) -> None:
    answers = [pair(refresh(ola, ola.refresh_token)) for _ in range(3)]
    assert len(set(answers)) == 1
    second = [pair(refresh(ola, answers[0][1])) for _ in range(2)]
    assert second[0] == second[1] != answers[0]
    assert opens(ola, second[0][0])


def test_a_spent_token_ends_the_family_once_its_successors_access_token_was_used(ola: Person) -> None:
    access, successor = pair(refresh(ola, ola.refresh_token))
    assert opens(ola, access)
    assert refresh(ola, ola.refresh_token).status == 401
    assert not opens(ola, access)
    assert refresh(ola, successor).status == 401
    assert rows(ola.world, "account/session") == []


def test_that_a_token_was_used_is_written_down_at_its_first_use_only(ola: Person) -> None:
    def writes(token: str) -> list[str]:
        ola.world.trace.clear()
        assert opens(ola, token)
        return [name for name in ola.world.trace.names() if name != "dynamodb.BatchGetItem"]

    assert writes(ola.access_token) == []  # it followed upon no other
    access, _ = pair(refresh(ola, ola.refresh_token))
    assert [writes(access) for _ in range(3)] == [["dynamodb.UpdateItem"], [], []]


def test_what_is_refused_before_the_secret_is_proved_counts_as_no_use(ola: Person) -> None:
    first = pair(refresh(ola, ola.refresh_token))
    assert not opens(ola, first[0][:-1] + ("a" if first[0][-1] != "a" else "b"))
    assert not opens(ola, ola.access_token)
    assert pair(refresh(ola, ola.refresh_token)) == first


def test_an_exact_repeat_yields_the_successor_also_when_it_was_used(ola: Person) -> None:
    """The first try was slow and not lost, and comes after the second one's answer was used."""
    key = "the-key-of-a-refreshing"
    first = pair(refresh(ola, ola.refresh_token, key))
    assert opens(ola, first[0])
    ola.world.advance(100)
    again = refresh(ola, ola.refresh_token, key)
    assert (pair(again), again.json["expires_in_seconds"]) == (first, 800)
    assert opens(ola, first[0])


def test_an_exact_repeat_counts_for_a_day(ola: Person) -> None:
    key = "the-key-of-a-refreshing"
    first = pair(refresh(ola, ola.refresh_token, key))
    assert opens(ola, first[0])
    leap(ola.world, 24 * 3600 - 1)
    again = refresh(ola, ola.refresh_token, key)
    assert (pair(again), again.json["expires_in_seconds"]) == (first, 0)
    leap(ola.world, 1)
    assert refresh(ola, ola.refresh_token, key).status == 401
    assert rows(ola.world, "account/session") == []


def test_a_stolen_token_with_another_key_ends_the_family(ola: Person) -> None:
    first = pair(refresh(ola, ola.refresh_token, "the-key-of-a-refreshing"))
    assert opens(ola, first[0])
    assert refresh(ola, ola.refresh_token, "the-key-of-who-stole-it").status == 401
    assert not opens(ola, first[0])


def test_the_end_of_a_family_leaves_other_sessions_alone(ola: Person) -> None:
    other = elsewhere(ola).access_token
    assert opens(ola, pair(refresh(ola, ola.refresh_token))[0])
    assert refresh(ola, ola.refresh_token).status == 401
    assert opens(ola, other)


@pytest.mark.parametrize("nth", [1, 2])
def test_a_token_is_used_or_its_forerunner_yields_it_and_not_both(ola: Person, nth: int) -> None:
    access, _ = pair(refresh(ola, ola.refresh_token))
    used: list[bool] = []
    with just_before(ola.world, nth, lambda: used.append(opens(ola, access))):
        answer = refresh(ola, ola.refresh_token)
    assert used == [True]
    assert answer.status == 401
    assert rows(ola.world, "account/session") == []


@pytest.mark.parametrize("nth", [1, 2])
def test_a_token_whose_session_is_turned_while_it_is_used_opens_or_not(ola: Person, nth: int) -> None:
    access, successor = pair(refresh(ola, ola.refresh_token))
    turned: list[Response] = []
    with just_before(ola.world, nth, lambda: turned.append(refresh(ola, successor))):
        assert not opens(ola, access)
    assert opens(ola, pair(turned[0])[0])


def test_a_token_spent_long_ago_ends_the_family_too(ola: Person) -> None:
    stolen = ola.refresh_token
    _, second = pair(refresh(ola, stolen))
    access, _ = pair(refresh(ola, second))
    ola.world.advance(60)
    assert refresh(ola, stolen).status == 401
    assert not opens(ola, access)


def test_a_token_of_two_turns_ago_yields_nothing(ola: Person) -> None:
    _, second = pair(refresh(ola, ola.refresh_token))
    refresh(ola, second)
    assert refresh(ola, ola.refresh_token).status == 401


@pytest.mark.parametrize("nth", [1, 2])
def test_racing_refreshes_get_the_same_successor(ola: Person, nth: int) -> None:
    others: list[Response] = []
    with just_before(ola.world, nth, lambda: others.append(refresh(ola, ola.refresh_token))):
        answer = refresh(ola, ola.refresh_token)
    assert pair(answer) == pair(others[0])
    assert opens(ola, pair(answer)[0])


def test_many_refreshes_at_once_get_one_successor(ola: Person) -> None:
    answers = at_once(*[lambda: refresh(ola, ola.refresh_token)] * 6)
    assert len({pair(answer) for answer in answers}) == 1


def test_a_refresh_and_a_sign_out_at_once_leave_nobody_signed_in(ola: Person) -> None:
    with just_before(ola.world, 2, lambda: ola.call("DELETE", "/sessions/current")):
        answer = refresh(ola, ola.refresh_token)
    assert answer.status == 401
    assert rows(ola.world, "account/session") == []


@pytest.mark.parametrize(("fault", "status"), [(DIES_AFTER, 502), (LOST_REPLY, 201)])
def test_a_refresh_whose_answer_was_lost_is_repeated(ola: Person, fault: object, status: int) -> None:
    ola.world.faults.fail(2, fault)
    assert refresh(ola, ola.refresh_token).status == status
    assert opens(ola, pair(refresh(ola, ola.refresh_token))[0])


def test_a_refresh_works_for_ninety_days_and_each_begins_them_anew(ola: Person) -> None:
    (session,) = rows(ola.world, "account/session")
    day = 24 * 3600
    assert session["expires_at"] == int(ola.world.now().timestamp()) + 90 * day
    ola.world.advance(day)
    refresh(ola, ola.refresh_token)
    assert rows(ola.world, "account/session")[0]["expires_at"] == session["expires_at"] + day


def test_tokens_are_stored_as_hashes_only(ola: Person) -> None:
    camera = new_camera(ola.world, owner=ola)
    pairs = [(ola.access_token, ola.refresh_token), pair(refresh(ola, ola.refresh_token)), pair(ola.sign_in())]
    stored = everything_stored(ola.world)
    for token in [token for both in pairs for token in both] + [camera.token]:
        assert token not in stored
        assert token.rpartition(".")[2] not in stored


def test_access_and_refresh_tokens_are_no_substitutes(ola: Person) -> None:
    assert not opens(ola, ola.refresh_token)
    assert refresh(ola, ola.access_token).status == 401
    assert not opens(ola, "a" + ola.refresh_token[1:])
    assert refresh(ola, "r" + ola.access_token[1:]).status == 401


def test_a_secret_opens_its_own_session_only(ola: Person) -> None:
    zed = new_person(ola.world, "zed@example.com")
    _, ola_id, ola_session, ola_secret = ola.access_token.split(".")
    _, zed_id, zed_session, zed_secret = zed.access_token.split(".")
    for parts in [
        (ola_id, ola_session, zed_secret),
        (zed_id, ola_session, ola_secret),
        (zed_id, zed_session, ola_secret),
        (zed_id, ola_session, zed_secret),
    ]:
        assert not opens(ola, ".".join(("a", *parts)))


@pytest.mark.parametrize(
    "token",
    ["", " ", "a", "a.b.c", "a.b.c.d", "a.b.c.d.e", "a...", "a.b#c.d.e", "a.ä.b.c", "b.b.c.d", "a." + "x" * 65 + ".b.c",
     "a.b.c." + "x" * 5_000, "a.b.c.d\0", "null", "undefined", "c.b.c"],
)  # fmt: skip
def test_garbage_opens_nothing_and_asks_the_database_for_little(world: LocalCloud, token: str) -> None:
    world.trace.clear()
    assert world.call("GET", "/me", token=token).status == 401
    assert len(world.trace) <= 1
    with pytest.raises(NotSignedIn):
        # Refresh tokens are of the same make.
        rules.parse_token("r", token)


def test_a_well_made_token_is_cut_into_what_it_says() -> None:
    claim = rules.parse_token("a", rules.token("a", "account", "session", "secret"))
    assert claim == rules.Claim("account", "session", "secret")
    with pytest.raises(NotSignedIn):
        rules.parse_token("a", None)


@pytest.mark.parametrize("scheme", ["Basic", "", "Token", "BearerX"])
def test_only_bearers_come_in(ola: Person, scheme: str) -> None:
    answer = ola.world.call("GET", "/me", headers={"Authorization": f"{scheme} {ola.access_token}"})
    assert (answer.status, answer.json["code"]) == (401, "NotSignedIn")


def test_the_scheme_is_read_in_any_case(ola: Person) -> None:
    assert ola.world.call("GET", "/me", headers={"Authorization": f"bearer  {ola.access_token}"}).status == 200


@pytest.mark.parametrize(
    "body", [{}, {"refresh_token": None}, {"refresh_token": 7}, {"refresh_token": "r" * 513}, {"token": "r.a.b.c"}]
)
def test_a_refresh_without_its_token_is_invalid(world: LocalCloud, body: dict[str, object]) -> None:
    answer = world.call("POST", "/sessions/refresh", body)
    assert answer.status == 422
    assert answer.json["fields"]


@pytest.mark.parametrize("token", ["", "r", "r.a.b.c", "r.é.b.c", "nonsense", "r...", "r.a#b.c.d"])
def test_a_refresh_with_garbage_is_not_signed_in(world: LocalCloud, token: str) -> None:
    answer = world.call("POST", "/sessions/refresh", {"refresh_token": token})
    assert (answer.status, answer.json["code"]) == (401, "NotSignedIn")
