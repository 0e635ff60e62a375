"""Two terminals of one person, or two people at one address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.neighbour import neighbour
from tests.scene import PASSWORD, Person, elsewhere
from tests.worlds.invariants import Stored
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, either_way, exactly, stepped_up
from tests.worlds.scenarios import leaving, people, steps
from tests.worlds.scenarios.people import newcomer
from tests.worlds.scenarios.steps import settled


def _register(key: str) -> Act:
    return lambda home, person: people.register(home, person, key)


def _two_registrations(home: Home, person: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := people.registrations(home, person, stored)) != 2:
        yield f"{count} registrations"


def _one_registration(home: Home, person: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := people.registrations(home, person, stored)) != 1:
        yield f"{count} registrations"
    if answers[0].json != answers[1].json:
        yield "the same request has two answers"


def _registered_twice(home: Home) -> list[tuple[Person, str, str]]:
    return [people.registered(home) for _ in range(2)]


def _confirm(which: int, key: str) -> Act:
    return lambda home, states: people.confirm(home, states[which], key)


def _one_account(home: Home, states: Any, answers: Answers, stored: Stored) -> Wrong:
    made = stored.first_ids("Account").keys() & {state[1] for state in states}
    if len(made) != 1:
        yield f"{len(made)} accounts"
    winners = {answer.json["account_id"] for answer in answers if answer.status == 201}
    if winners != made:
        yield "an account that nobody was told of"


def _refresh(home: Home, state: None) -> Response:
    return people.refresh(home, state, ONE_KEY)


def _refresh_with_another_key(home: Home, state: Any) -> Response:
    return people.refresh(home, None, ANOTHER_KEY)


def _refreshed(home: Home) -> Any:
    """The tokens of a successor, of which none was used; the answer may have been lost."""
    return people.refresh(home, None, ONE_KEY).json


def _use_successor(home: Home, given: Any) -> Response:
    return home.world.call("GET", "/me", token=given["access_token"])


def _refresh_successor(home: Home, given: Any) -> Response:
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": given["refresh_token"]})


def _successor_or_nobody(home: Home, given: Any, answers: Answers, stored: Stored) -> Wrong:
    """The family has the one successor, or nobody is left in it."""
    if answers[0].status == 201 and answers[0].json["refresh_token"] != given["refresh_token"]:
        yield "another successor"
    is_left = (home.owner.account_id, home.owner.session_id) in stored.of("Session")
    if is_left != (answers[0].status == 201):
        yield "somebody is in whose family has ended, or the other way round"


def _one_successor_lives(home: Home, given: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from _successor_or_nobody(home, given, answers, stored)
    if answers[0].status == 201 and _turned(home, answers[1]) != 201:
        yield "the last successor is dead"


def _same_successor(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    if len({answer.json["refresh_token"] for answer in answers}) != 1:
        yield "two successors"
    if people.refreshes(home, state, stored) != 1:
        yield "not one turn"


def _sign_in(home: Home, state: Any) -> Response:
    return people.sign_in(home, None, ONE_KEY)


def _one_session(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    if (count := people.sign_ins(home, None, stored)) != 1:
        yield f"{count} sessions"
    bodies = [{"refresh_token": answer.json["refresh_token"]} for answer in answers]
    turned = [home.world.call("POST", "/sessions/refresh", body).status for body in bodies]
    if sorted(turned) != [201, 401]:
        yield f"the two refresh tokens are answered with {turned}"


def _sign_in_on(unique_id: str) -> Act:
    def act(home: Home, state: Any) -> Response:
        terminal = {**home.stranger.terminal, "unique_id": unique_id}
        return Person(**{**vars(home.stranger), "terminal": terminal}).sign_in()

    return act


def _both_are_known(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    known = sum(account_id == home.stranger.account_id for account_id, _ in stored.of("KnownTerminal"))
    if known != 3:
        yield f"{known} terminals are known"
    if (count := people.sign_ins(home, None, stored)) != 2:
        yield f"{count} sessions"


def _elsewhere(home: Home) -> Person:
    return elsewhere(home.owner)


def _end_others(home: Home, other: Person) -> Response:
    return people.end_others(home, other, ONE_KEY)


def _be_ended_by_others(home: Home, other: Person) -> Response:
    return other.call("DELETE", "/sessions", headers=steps.once(ANOTHER_KEY))


def _refresh_elsewhere(home: Home, other: Person) -> Response:
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": other.refresh_token})


def _take_pushes_elsewhere(home: Home, other: Person) -> Response:
    return other.take_pushes("platform-token-elsewhere")


def _sign_in_on_a_third(home: Home, other: Person) -> Response:
    return Person(**{**vars(home.owner), "terminal": {**home.owner.terminal, "unique_id": "t3"}}).sign_in()


def _sign_in_once_more(home: Home, state: Any) -> Response:
    return people.sign_in(home, None, ANOTHER_KEY)


def _one_is_signed_in(home: Home, state: None, answers: Answers, stored: Stored) -> Wrong:
    if (count := sum(account_id == home.stranger.account_id for account_id, _ in stored.of("Session"))) != 1:
        yield f"{count} sessions of one phone"
    bodies = [{"refresh_token": answer.json["refresh_token"]} for answer in answers]
    turned = [home.world.call("POST", "/sessions/refresh", body).status for body in bodies]
    if sorted(turned) != [201, 401]:
        yield f"the two refresh tokens are answered with {turned}"


def _take_pushes(home: Home, state: Any) -> Response:
    return home.stranger.take_pushes("platform-token-of-the-stranger")


def _owner_takes_pushes(home: Home, state: Any) -> Response:
    return home.owner.take_pushes("another-token-of-a-platform")


def _sign_out(home: Home, other: Person) -> Response:
    return other.call("DELETE", "/sessions/current")


def _change_password(home: Home, state: Any) -> Response:
    return home.owner.call("PUT", "/me/password", {"current": PASSWORD, "new": "another password of the owner"})


def _other_has_ended(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    """Whatever was given to it meanwhile opens nothing."""
    if (home.owner.account_id, other.session_id) in stored.of("Session"):
        yield "the other terminal is still signed in"
    given = (answers[1].json or {}).get("access_token")
    if given is not None and home.world.call("GET", "/me", token=given).status != 401:
        yield "its new token opens something"


def _third_is_in_or_ended(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    yield from _other_has_ended(home, other, (answers[0], answers[0]), stored)
    if (home.owner.account_id, home.owner.session_id) not in stored.of("Session"):
        yield "who asked was signed out"


def _one_is_left(home: Home, other: Person, answers: Answers, stored: Stored) -> Wrong:
    if (count := sum(account_id == home.owner.account_id for account_id, _ in stored.of("Session"))) != 1:
        yield f"{count} sessions are left"


def close(home: Home, state: Any) -> Response:
    return home.owner.close()


def _owner_signs_in(home: Home, state: Any) -> Response:
    return Person(**vars(home.owner)).sign_in()


def _owner_signs_in_elsewhere(home: Home, state: Any) -> Response:
    terminal = {**home.owner.terminal, "unique_id": "t2"}
    return Person(**{**vars(home.owner), "terminal": terminal}).sign_in()


def _owner_guesses(home: Home, state: Any) -> Response:
    return Person(**vars(home.owner)).sign_in("not the password of anybody")


def _guess_at_strangers(home: Home, state: Any) -> Response:
    """Somebody else, at a terminal of his own."""
    terminal = {**home.stranger.terminal, "unique_id": "somebody-elses"}
    return Person(**{**vars(home.stranger), "terminal": terminal}).sign_in("not the password of anybody")


def owner_is_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if answers[0].status == 202:
        yield from (f"{where} is left" for where in _rows_of(stored, home.owner.account_id))


def _owner_has_gone(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    yield from (f"{where} is left" for where in _rows_of(stored, home.owner.account_id))
    if (count := len(stored.of("Erasure"))) != 1:
        yield f"{count} erasures"


def _arrive(key: str) -> Act:
    return lambda home, ticket: leaving.arrive(home, ticket, key)


def _vouched_for_and_registered(home: Home) -> tuple[str, tuple[Person, str, str]]:
    registered = people.registered(home)
    return neighbour().ticket(email=registered[0].email), registered


def _one_arrival(home: Home, ticket: str, answers: Answers, stored: Stored) -> Wrong:
    if (count := leaving.arrivals(home, ticket, stored)) != 1:
        yield f"{count} arrivals"


def _rows_of(stored: Stored, account_id: str) -> Iterator[str]:
    names = ("Account", "OutboxMessage", "Session", "Endpoint", "Code", "Order", "Answered", "TerminalGuesses", "Totp")
    yield from (name for name in names for where in stored.of(name) if where[0] == account_id)


def _change_password(home: Home, state: Any) -> Response:
    return people.change_password(home, None, ONE_KEY)


def _turned(home: Home, answer: Response) -> int:
    """Access tokens are over when all has come to rest."""
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": answer.json["refresh_token"]}).status


def _one_goes_on(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (status := _turned(home, answers[1])) != 201:
        yield f"the refreshed session is answered with {status}"


def _reset(home: Home, state: Any) -> Response:
    return people.reset(home, state, ONE_KEY)


def _old_password_is_out(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if answers[1].status == 201 and (status := _turned(home, answers[1])) != 401:
        yield f"who signed in with the old password is answered with {status}"
    if people.new_passwords(home, None, stored) != 1:
        yield "not one new password"


def _ask_to_move_to(email: str, key: str) -> Act:
    return lambda home, state: home.owner.call("POST", "/me/address", {"email": email}, headers=steps.once(key))


def _both_about_to_move(home: Home) -> list[tuple[str, str]]:
    """Owner and stranger, to the same address."""
    states = []
    for person in (home.owner, home.stranger):
        person.step_up()
        states.append((person.change_address(email="moved@example.com"), _newest_code(home)))
    return states


def _newest_code(home: Home) -> str:
    return Person(home.world, "moved@example.com").newest_code()


def _owner_moves(home: Home, states: Any) -> Response:
    return people.move(home, states[0], ONE_KEY)


def _stranger_moves(home: Home, states: Any) -> Response:
    body = {"change_id": states[1][0], "code": states[1][1]}
    return home.stranger.call("POST", "/me/address/confirm", body, headers=steps.once(ANOTHER_KEY))


def _about_to_move_and_registered(home: Home) -> Any:
    move = people.about_to_move(home)
    person = Person(home.world, "moved@example.com")
    return [move, (person, person.register(), person.newest_code())]


def _about_to_move_and_reset(home: Home) -> Any:
    return [people.about_to_move(home), people.reset_asked(home)]


def _reset_state(home: Home, states: Any) -> Response:
    return people.reset(home, states[1], ONE_KEY)


def _moved_or_reset(home: Home, states: Any, answers: Answers, stored: Stored) -> Wrong:
    """Who was signed out by the reset takes no address with him."""
    if answers[0].status == 204 and people.moves(home, states[0], stored):
        yield "the address is another one"


def _about_to_reset_and_close(home: Home) -> tuple[str, str]:
    stepped_up(home)
    return people.reset_asked(home)


def _close_as_mover(home: Home, states: Any) -> Response:
    return home.owner.close()


RACES = (
    Race("register, register", newcomer, _register(ONE_KEY), _register(ANOTHER_KEY),
         exactly((202, 202)), _two_registrations),
    Race("register, register again", newcomer, _register(ONE_KEY), _register(ONE_KEY),
         exactly((202, 202)), _one_registration),
    Race("confirm, confirm another", _registered_twice, _confirm(0, ONE_KEY), _confirm(1, ANOTHER_KEY),
         either_way((201, 409)), _one_account),
    # Of codes at the same moment one is looked at.
    Race("confirm, confirm", lambda home: [people.registered(home)], _confirm(0, ONE_KEY), _confirm(0, ANOTHER_KEY),
         either_way((201, 410), (201, 422)), _one_account),
    Race("confirm, confirm again", lambda home: [people.registered(home)], _confirm(0, ONE_KEY),
         _confirm(0, ONE_KEY), either_way((201, 201), (201, 410), (201, 422)), _one_account),
    Race("change the password, refresh", settled, _change_password, _refresh,
         exactly((204, 201), (401, 201)), _one_goes_on),
    Race("reset, sign in", people.reset_asked, _reset, _owner_signs_in_elsewhere,
         exactly((204, 201), (204, 401)), _old_password_is_out),
    Race("ask to move, ask to move elsewhere", stepped_up, _ask_to_move_to("a@example.com", ONE_KEY),
         _ask_to_move_to("b@example.com", ANOTHER_KEY), either_way((202, 429))),
    Race("move, move to the same", _both_about_to_move, _owner_moves, _stranger_moves, either_way((200, 409))),
    Race("move, confirm a registration", _about_to_move_and_registered, _owner_moves, _confirm(1, ANOTHER_KEY),
         exactly((200, 409), (409, 201))),
    Race("close, move", _both_about_to_move, _close_as_mover, _owner_moves,
         exactly((202, 200), (202, 401), (202, 409), (202, 410)), owner_is_gone),
    Race("arrive, arrive again", leaving.vouched_for, _arrive(ONE_KEY), _arrive(ONE_KEY),
         exactly((201, 201)), _one_arrival),
    Race("arrive, arrive with the same ticket", leaving.vouched_for, _arrive(ONE_KEY), _arrive(ANOTHER_KEY),
         either_way((201, 410)), _one_arrival),
    Race("arrive, confirm a registration", _vouched_for_and_registered,
         lambda home, state: leaving.arrive(home, state[0], ONE_KEY),
         lambda home, state: people.confirm(home, state[1], ANOTHER_KEY), either_way((201, 409))),
    Race("leave for good, close", leaving.arrived_elsewhere,
         lambda home, arrival: leaving.leave_for_good(home, arrival, ONE_KEY), close,
         either_way((202, 401)), _owner_has_gone),
    Race("refresh, refresh", settled, _refresh, _refresh, exactly((201, 201)), _same_successor),
    Race("refresh, refresh with another key", settled, _refresh, _refresh_with_another_key, exactly((201, 201)),
         _same_successor),
    Race("refresh once more, use the successor", _refreshed, _refresh_with_another_key, _use_successor,
         exactly((201, 200), (401, 200)), _successor_or_nobody),
    Race("refresh once more, refresh the successor", _refreshed, _refresh_with_another_key, _refresh_successor,
         exactly((201, 201), (401, 201)), _one_successor_lives),
    Race("sign in, sign in again", settled, _sign_in, _sign_in, exactly((201, 201)), _one_session),
    Race("sign in, sign in elsewhere", settled, _sign_in_on("t2"), _sign_in_on("t3"), exactly((201, 201)),
         _both_are_known),
    Race("sign out others, refresh", _elsewhere, _end_others, _refresh_elsewhere,
         exactly((204, 201), (204, 401)), _other_has_ended),
    Race("sign out others, take pushes", _elsewhere, _end_others, _take_pushes_elsewhere,
         exactly((204, 204), (204, 401), (204, 409)), _other_has_ended),
    Race("sign out others, sign in", _elsewhere, _end_others, _sign_in_on_a_third,
         exactly((204, 201)), _third_is_in_or_ended),
    Race("sign out others, sign out others", _elsewhere, _end_others, _be_ended_by_others,
         either_way((204, 401)), _one_is_left),
    Race("sign in, sign in on the same phone", settled, _sign_in, _sign_in_once_more, exactly((201, 201)),
         _one_is_signed_in),
    Race("take pushes, sign in on the same phone", settled, _take_pushes, _sign_in,
         exactly((204, 201), (401, 201), (204, 429))),
    Race("take pushes, sign out", _elsewhere, _take_pushes_elsewhere, _sign_out, exactly((204, 204), (401, 204))),
    Race("take pushes, change the password", settled, _owner_takes_pushes, _change_password, exactly((204, 204))),
    Race("take pushes elsewhere, change the password", _elsewhere, _take_pushes_elsewhere, _change_password,
         exactly((204, 204), (401, 204))),
    Race("reset, move", _about_to_move_and_reset, _reset_state, _owner_moves,
         exactly((204, 401), (204, 409), (410, 200), (422, 200)), _moved_or_reset),
    Race("reset, close", _about_to_reset_and_close, _reset, close, exactly((204, 401), (410, 202), (422, 202))),
    Race("close, sign in", stepped_up, close, _owner_signs_in,
         exactly((202, 201), (202, 401), (401, 201)), owner_is_gone),
    Race("close, sign in elsewhere", stepped_up, close, _owner_signs_in_elsewhere,
         exactly((202, 201), (202, 401)), owner_is_gone),
    Race("close, guess", stepped_up, close, _owner_guesses, exactly((202, 401)), owner_is_gone),
    Race("guess, sign in", settled, _guess_at_strangers, _sign_in_on("t1"), exactly((401, 201))),
)
