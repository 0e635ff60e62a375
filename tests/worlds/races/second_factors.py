"""Two uses of one second factor."""

from __future__ import annotations

from typing import Any

from infra.local.gateway import Response
from tests.conftest import Home
from tests.factors import ROOT, App, Key
from tests.scene import PASSWORD, Person
from tests.worlds.invariants import Stored
from tests.worlds.races.people import close, owner_is_gone
from tests.worlds.races.race import ANOTHER_KEY, ONE_KEY, Act, Answers, Race, Wrong, either_way, exactly
from tests.worlds.scenarios import people, second_factors, steps


def _confirm_app(key: str) -> Act:
    return lambda home, code: second_factors.confirm_app(home, code, key)


def _remove_app(home: Home, state: Any) -> Response:
    return second_factors.remove_app(home, state, ONE_KEY)


def _one_app(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    if (count := second_factors.apps(home, state, stored)) != 1:
        yield f"{count} apps"


def _sign_in_with(key: str) -> Act:
    return lambda home, factor: second_factors.sign_in_with(home, factor, key)


def _one_came_in(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """On the same terminal or another: the code is used up."""
    if (count := people.sign_ins(home, None, stored)) != 1:
        yield f"{count} sessions"


def _owner_has_an_app(home: Home) -> dict[str, str]:
    factor = App.added(home.owner).next_code()
    home.owner.step_up()
    return factor


def _owner_has_an_app_and_a_passkey(home: Home) -> str:
    App.added(home.owner)
    passkey_id = str(Key().add_to(home.owner)["passkey_id"])
    home.owner.step_up()
    return passkey_id


def _remove_passkey(home: Home, passkey_id: str) -> Response:
    return home.owner.call("DELETE", f"{ROOT}/passkeys/{passkey_id}", headers=steps.once(ANOTHER_KEY))


def _remove_app_again(home: Home, state: Any) -> Response:
    return second_factors.remove_app(home, state, ANOTHER_KEY)


def _owner_has_an_app_and_a_passkey_begun(home: Home) -> dict[str, Any]:
    App.added(home.owner)
    home.owner.step_up()
    return Key().made_for(home.owner)


def _confirm_passkey(home: Home, made: Any) -> Response:
    body = {"name": "My phone", "credential": made}
    return home.owner.call("POST", f"{ROOT}/passkeys/confirm", body, headers=steps.once(ANOTHER_KEY))


def _owner_signs_in(home: Home, state: Any) -> Response:
    """On another phone: on the same one it would end the session that confirms."""
    return Person(**{**vars(home.owner), "terminal": {**home.owner.terminal, "unique_id": "t2"}}).sign_in()


def _owner_signs_in_with(home: Home, factor: Any) -> Response:
    terminal = {**home.owner.terminal, "unique_id": "t2"}
    return Person(**{**vars(home.owner), "terminal": terminal}).sign_in(factor=factor)


def _shorten_password(home: Home, state: Any) -> Response:
    body = {"current": PASSWORD, "new": "Trz4Sowy"}
    return home.owner.call("PUT", "/me/password", body, headers=steps.once(ANOTHER_KEY))


def _remove_all(home: Home, state: Any) -> Response:
    return second_factors.remove_all(home, state, ONE_KEY)


def _no_factor_if_removed(home: Home, state: Any, answers: Answers, stored: Stored) -> Wrong:
    """Whoever has lost all of them keeps none that somebody adds at the same moment."""
    if answers[0].status == 200 and second_factors.passkeys(home, state, stored):
        yield "a passkey is left"


RACES = (
    Race("confirm the app, confirm the app", second_factors.app_begun, _confirm_app(ONE_KEY), _confirm_app(ANOTHER_KEY),
         either_way((204, 410)), _one_app),
    Race("confirm the app, confirm the app again", second_factors.app_begun, _confirm_app(ONE_KEY),
         _confirm_app(ONE_KEY), exactly((204, 204)), _one_app),
    Race("close, confirm the app", second_factors.app_begun, close, _confirm_app(ANOTHER_KEY),
         exactly((202, 204), (202, 401), (202, 409), (202, 410)), owner_is_gone),
    Race("sign in with a code, sign in with it elsewhere", second_factors.strangers_app, _sign_in_with(ONE_KEY),
         _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("sign in with a code, sign in with it again", second_factors.strangers_app, _sign_in_with(ONE_KEY),
         _sign_in_with(ONE_KEY), exactly((201, 201)), _one_came_in),
    Race("sign in with a recovery code, sign in with it elsewhere", second_factors.strangers_recovery_code,
         _sign_in_with(ONE_KEY), _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("sign in with a passkey, sign in with it elsewhere", second_factors.strangers_passkey,
         _sign_in_with(ONE_KEY), _sign_in_with(ANOTHER_KEY), either_way((201, 401)), _one_came_in),
    Race("remove the app, sign in with it", _owner_has_an_app, _remove_app, _owner_signs_in_with,
         exactly((204, 201), (204, 401))),
    Race("remove the app, remove the app again", _owner_has_an_app, _remove_app, _remove_app_again,
         either_way((204, 404))),
    Race("remove the app, remove the passkey", _owner_has_an_app_and_a_passkey, _remove_app, _remove_passkey,
         exactly((204, 204), (204, 409), (409, 204))),
    Race("remove the app, confirm a passkey", _owner_has_an_app_and_a_passkey_begun, _remove_app, _confirm_passkey,
         exactly((204, 201), (409, 201))),
    Race("remove all factors, confirm a passkey", _owner_has_an_app_and_a_passkey_begun, _remove_all, _confirm_passkey,
         exactly((200, 201), (200, 401), (200, 409), (503, 201)), _no_factor_if_removed),
    Race("confirm the app, sign in without it", second_factors.app_begun, _confirm_app(ONE_KEY), _owner_signs_in,
         exactly((204, 201), (204, 403))),
    Race("remove the app, choose a short password", _owner_has_an_app, _remove_app, _shorten_password,
         exactly((204, 409), (409, 204), (401, 204), (204, 422))),
)
