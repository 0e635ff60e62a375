"""People register, sign in and out, and change what is theirs."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

from chalicelib.aws.clients import client
from chalicelib.contacts.actions.addresses import Contact
from chalicelib.push.actions import notifying as push
from chalicelib.push.actions import recipients
from infra.local.gateway import Response
from tests.conftest import Home
from tests.identities.people import enter, link, maja
from tests.identities.platforms import google_token
from tests.scene import (
    NEW_PASSWORD,
    PASSWORD,
    Person,
    ask_for_reset,
    elsewhere,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.steps import (
    ADDRESS_CHANGED,
    ELSEWHERE,
    NEW_SIGN_IN,
    PASSWORD_CHANGED,
    once,
    settle,
    settled,
)
from tests.worlds.sweep import Scenario, leap


def newcomer(home: Home) -> Person:
    return Person(home.world, "new@example.com", nickname="Iza")


def register(home: Home, person: Person, key: str) -> Response:
    return home.world.call("POST", "/accounts", person.registration(), headers=once(key))


def registrations(home: Home, person: Person, stored: Stored) -> int:
    wanted = Contact("email", person.email).hashed
    return sum(row["address_hash"] == wanted for row in stored.of("Registration").values())


def registered(home: Home) -> tuple[Person, str, str]:
    person = newcomer(home)
    registration_id = person.register()
    return person, registration_id, person.newest_code()


def _registered_a_minute_ago(home: Home) -> tuple[Person, str, str]:
    state = registered(home)
    home.world.advance(60)
    return state


def _ask_for_new_code(home: Home, state: Any, key: str) -> Response:
    return home.world.call("POST", "/accounts/code", {"registration_id": state[1]}, headers=once(key))


def _codes_sent_again(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Code")[state[1]]["sends"]) - 1


def confirm(home: Home, state: Any, key: str) -> Response:
    person, registration_id, code = state
    body = {"registration_id": registration_id, "code": code, "terminal": person.terminal}
    return home.world.call("POST", "/accounts/confirm", body, headers=once(key))


def _accounts_made(home: Home, state: Any, stored: Stored) -> int:
    return int(state[1] in stored.first_ids("Account"))


def sign_in(home: Home, state: None, key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": home.stranger.terminal}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def _sign_in_elsewhere(home: Home, state: None, key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": ELSEWHERE}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def sign_ins(home: Home, state: None, stored: Stored) -> int:
    return _sessions_beside_the_first(home.stranger, stored)


def _sessions_beside_the_first(person: Person, stored: Stored) -> int:
    """Beside the one that the person registered with, which another on the same terminal ends."""
    first = person.account_id, person.session_id
    return sum(where[0] == first[0] and where != first for where in stored.of("Session"))


def _unknown_at_google(home: Home) -> str:
    return google_token(home.world)


def _known_at_google(home: Home) -> tuple[Person, str]:
    return maja(home.world), google_token(home.world)


def enter_with_a_platform(home: Home, id_token: str, key: str) -> Response:
    return enter(home.world, id_token, key=key)


def _made_for_a_newcomer(home: Home, id_token: str, stored: Stored) -> int:
    wanted = Contact("email", "maja@example.com").hashed
    made = sum(account["address_hash"] == wanted for account in stored.first_ids("Account").values())
    assert made == len(stored.of("Identity"))
    return made


def _enter_again(home: Home, state: tuple[Person, str], key: str) -> Response:
    return enter_with_a_platform(home, state[1], key)


def _sign_ins_again(home: Home, state: tuple[Person, str], stored: Stored) -> int:
    return _sessions_beside_the_first(state[0], stored)


def _about_to_link(home: Home) -> str:
    home.owner.step_up()
    return google_token(home.world)


def _link(home: Home, id_token: str, key: str) -> Response:
    return link(home.owner, id_token, **once(key))


def _links(home: Home, state: str, stored: Stored) -> int:
    return len(stored.of("Identity"))


def linked(home: Home) -> str:
    return str(link(home.owner, _about_to_link(home)).json["identity_id"])


def unlink(home: Home, identity_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"/me/identities/{identity_id}", headers=once(key))


def _unlinkings(home: Home, state: str, stored: Stored) -> int:
    return 1 - len(stored.of("Identity"))


def refresh(home: Home, state: None, key: str) -> Response:
    return home.world.call("POST", "/sessions/refresh", {"refresh_token": home.owner.refresh_token}, headers=once(key))


def _own_session(home: Home, stored: Stored) -> Any:
    return next((row for where, row in stored.of("Session").items() if where[0] == home.owner.account_id), None)


def refreshes(home: Home, state: None, stored: Stored) -> int:
    return int(_own_session(home, stored)["generation"]) - 1


def _family_ended(home: Home) -> None:
    """A token that was spent long ago came back, so the session is gone; its terminal is still pushed to."""
    tokens = [home.owner.refresh_token]
    for _ in range(2):
        answer = home.world.call("POST", "/sessions/refresh", {"refresh_token": tokens[-1]})
        tokens.append(answer.json["refresh_token"])
    leap(home.world, 60)
    assert home.world.call("POST", "/sessions/refresh", {"refresh_token": tokens[0]}).status == 401


def _mail_came_back(home: Home) -> None:
    """To somebody who is invited; the provider tells of it once its queue is looked into."""
    home.world.mail.decide("nobody@example.com", "bounced")
    assert home.owner.share(home.camera.device_id, email="nobody@example.com").status == 201


def _reports_noted(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Undelivered"))


def _just_refreshed(home: Home) -> None:
    """That the new token is used for the first time is written down by the request that does."""
    home.owner.access_token = refresh(home, None, "the-key-of-a-refreshing").json["access_token"]


def _push_failed(home: Home) -> None:
    """The platform knows the owner's terminal no more; that a push did not reach it waits to be heard."""
    with home.world.aws.outside():
        (target,) = recipients.read_targets([home.owner.account_id])[home.owner.account_id]
        client("sns").set_endpoint_attributes(EndpointArn=target.arn, Attributes={"Enabled": "false"})
        push.notify_of_alarm([target], home.camera.device_id, home.alarm_id)


def _terminals_forgotten(home: Home, state: None, stored: Stored) -> int:
    return int(home.owner.account_id not in {account_id for account_id, _ in stored.of("Endpoint")})


def _sign_out(home: Home, state: None, key: str) -> Response:
    return home.owner.call("DELETE", "/sessions/current", headers=once(key))


def _sign_outs(home: Home, state: None, stored: Stored) -> int:
    return int(_own_session(home, stored) is None)


def _elsewhere(home: Home) -> Person:
    """The owner is pushed to on another terminal, too."""
    other = elsewhere(home.owner)
    assert other.take_pushes("platform-token-elsewhere").status == 204
    home.world.settle()
    return other


def _end_session(home: Home, other: Person, key: str) -> Response:
    return home.owner.call("DELETE", f"/sessions/{other.session_id}", headers=once(key))


def end_others(home: Home, other: Person, key: str) -> Response:
    return home.owner.call("DELETE", "/sessions", headers=once(key))


def _endings(home: Home, other: Person, stored: Stored) -> int:
    return int((home.owner.account_id, other.session_id) not in stored.of("Session"))


def _signed_in_elsewhere(home: Home) -> None:
    elsewhere(home.owner)


def _ask_for_step_up(home: Home, state: None, key: str) -> Response:
    return home.owner.call("POST", "/step-up", {}, headers=once(key))


def _step_up_codes(home: Home, state: None, stored: Stored) -> int:
    return sum(account_id == home.owner.account_id for account_id, _ in stored.of("Code"))


def _step_up_code(home: Home) -> str:
    assert home.owner.call("POST", "/step-up", {}).status == 202
    return home.owner.newest_code()


def _step_up(home: Home, code: str, key: str) -> Response:
    return home.owner.call("POST", "/step-up/confirm", {"code": code}, headers=once(key))


def _step_ups(home: Home, code: str, stored: Stored) -> int:
    return int("stepped_up_until" in _own_session(home, stored))


def _change_me(home: Home, state: None, key: str) -> Response:
    return home.owner.call("PATCH", "/me", {"nickname": "Aleksandra"}, headers=once(key))


def _changes_of_me(home: Home, state: None, stored: Stored) -> int:
    return int(stored.decrypted(stored.first_ids("Account")[home.owner.account_id], "nickname") == "Aleksandra")


def _take_pushes(home: Home, person: Person, key: str) -> Response:
    body = {"platform": "fcm", "token": "another-token-of-a-platform"}
    return person.call("PUT", "/terminals/current/push", body, headers=once(key))


def _a_phone_of_the_owner(home: Home) -> Person:
    """Who never signed out there."""
    assert home.owner.take_pushes("another-token-of-a-platform").status == 204
    home.world.settle()
    return home.stranger


def _terminals(home: Home, person: Person, stored: Stored) -> int:
    rows = [row for where, row in stored.of("Endpoint").items() if where[0] == person.account_id]
    return sum("arn" in row and stored.decrypted(row, "token") == "another-token-of-a-platform" for row in rows)


def change_password(home: Home, state: None, key: str) -> Response:
    body = {"current": PASSWORD, "new": NEW_PASSWORD}
    return home.owner.call("PUT", "/me/password", body, headers=once(key))


def new_passwords(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Account")[home.owner.account_id]["session_generation"]) - 1


def _ask_for_reset(home: Home, state: None, key: str) -> Response:
    return home.world.call("POST", "/password-resets", {"email": home.owner.email}, headers=once(key))


def _reset_codes(home: Home, state: None, stored: Stored) -> int:
    return sum(int(row["sends"]) for row in stored.first_ids("ResetCode").values())


def reset_asked(home: Home) -> tuple[str, str]:
    return ask_for_reset(home.world, home.owner.email), home.owner.newest_code()


def reset(home: Home, state: tuple[str, str], key: str) -> Response:
    body = {"reset_id": state[0], "code": state[1], "password": NEW_PASSWORD}
    return home.world.call("POST", "/password-resets/confirm", body, headers=once(key))


def stepped_up(home: Home) -> None:
    home.owner.step_up()


def _ask_to_move(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", "/me/address", {"email": "moved@example.com"}, headers=once(key))


def _moves_asked(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("AddressChange"))


def about_to_move(home: Home) -> tuple[str, str]:
    home.owner.step_up()
    return home.owner.change_address(email="moved@example.com"), Person(home.world, "moved@example.com").newest_code()


def move(home: Home, state: tuple[str, str], key: str) -> Response:
    body = {"change_id": state[0], "code": state[1]}
    return home.owner.call("POST", "/me/address/confirm", body, headers=once(key))


def moves(home: Home, state: Any, stored: Stored) -> int:
    moved = Contact("email", "moved@example.com").hashed
    return int(stored.first_ids("Account")[home.owner.account_id]["address_hash"] == moved)


def remove_child(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("remove_child", {"email": home.owner.email})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


SCENARIOS = (
    Scenario("register", "POST /accounts", newcomer, register, registrations, at_most=2),
    Scenario(
        "ask for a new code",
        "POST /accounts/code",
        _registered_a_minute_ago,
        _ask_for_new_code,
        _codes_sent_again,
        may_say=(429,),
    ),
    Scenario("confirm a registration", "POST /accounts/confirm", registered, confirm, _accounts_made, may_say=(410,)),
    Scenario("sign in", "POST /sessions", settled, sign_in, sign_ins, at_most=2),
    Scenario("sign in on a new terminal", "POST /sessions", settled, _sign_in_elsewhere, sign_ins, at_most=2),
    Scenario(
        "enter with a platform",
        "POST /sessions/federated",
        _unknown_at_google,
        enter_with_a_platform,
        _made_for_a_newcomer,
        may_say=(401,),
    ),
    Scenario(
        "enter with a platform again",
        "POST /sessions/federated",
        _known_at_google,
        _enter_again,
        _sign_ins_again,
        may_say=(401,),
    ),
    Scenario(
        "link a platform", "POST /me/identities", _about_to_link, _link, _links, may_say=(422,), keeps_answer=True
    ),
    Scenario(
        "unlink a platform",
        "DELETE /me/identities/{identity_id}",
        linked,
        unlink,
        _unlinkings,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("refresh", "POST /sessions/refresh", settled, refresh, refreshes),
    Scenario(
        "sign out", "DELETE /sessions/current", settled, _sign_out, _sign_outs, may_say=(401,), keeps_answer=True
    ),
    Scenario(
        "sign another terminal out",
        "DELETE /sessions/{session_id}",
        _elsewhere,
        _end_session,
        _endings,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("sign all other terminals out", "DELETE /sessions", _elsewhere, end_others, _endings, keeps_answer=True),
    Scenario(
        "ask for a step-up",
        "POST /step-up",
        settled,
        _ask_for_step_up,
        _step_up_codes,
        may_say=(429,),
    ),
    Scenario("step up", "POST /step-up/confirm", _step_up_code, _step_up, _step_ups, may_say=(410,), keeps_answer=True),
    Scenario(
        "change one's password",
        "PUT /me/password",
        settled,
        change_password,
        new_passwords,
        may_say=(422,),
        keeps_answer=True,
        told=PASSWORD_CHANGED,
    ),
    Scenario("ask for a reset", "POST /password-resets", settled, _ask_for_reset, _reset_codes, may_say=(429,)),
    Scenario(
        "reset a password",
        "POST /password-resets/confirm",
        reset_asked,
        reset,
        new_passwords,
        may_say=(410,),
        told=PASSWORD_CHANGED,
    ),
    Scenario("ask to move", "POST /me/address", stepped_up, _ask_to_move, _moves_asked, may_say=(429,)),
    Scenario(
        "move to another address",
        "POST /me/address/confirm",
        about_to_move,
        move,
        moves,
        may_say=(410,),
        keeps_answer=True,
        told=ADDRESS_CHANGED,
    ),
    Scenario("change one's nickname", "PATCH /me", settled, _change_me, _changes_of_me, keeps_answer=True),
    Scenario(
        "change one's nickname with a new token",
        "PATCH /me",
        _just_refreshed,
        _change_me,
        _changes_of_me,
        keeps_answer=True,
    ),
    Scenario(
        "take pushes",
        "PUT /terminals/current/push",
        lambda home: home.stranger,
        _take_pushes,
        _terminals,
        keeps_answer=True,
    ),
    Scenario(
        "take pushes elsewhere",
        "PUT /terminals/current/push",
        lambda home: home.owner,
        _take_pushes,
        _terminals,
        keeps_answer=True,
    ),
    Scenario(
        "take over a phone",
        "PUT /terminals/current/push",
        _a_phone_of_the_owner,
        _take_pushes,
        _terminals,
        keeps_answer=True,
    ),
    # What nobody asks for happens by itself, and is tried again by itself.
    Scenario("a session has ended", "on_session_ended", _family_ended, settle, is_asked=False),
    Scenario("a mail came back", "on_mail_reported", _mail_came_back, settle, _reports_noted, is_asked=False),
    Scenario("a push failed", "on_push_failed", _push_failed, settle, _terminals_forgotten, is_asked=False),
    Scenario(
        "a new terminal is told of",
        ("forward_item_changes", "on_letter_written"),
        _signed_in_elsewhere,
        settle,
        is_asked=False,
        told=NEW_SIGN_IN,
    ),
)
