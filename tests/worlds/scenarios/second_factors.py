"""Second factors are added, used and removed."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.datastructures import Headers

from infra.local.gateway import Response
from tests.conftest import Home
from tests.factors import ROOT, App, Key, asked, recovery_codes
from tests.scene import (
    PASSWORD,
)
from tests.worlds.invariants import Stored
from tests.worlds.scenarios.people import sign_ins, stepped_up
from tests.worlds.scenarios.steps import ELSEWHERE, once
from tests.worlds.sweep import Scenario


def _begin_app(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/totp", headers=once(key))


def _apps_begun(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("PendingTotp"))


def app_begun(home: Home) -> str:
    home.owner.step_up()
    return App.begun(home.owner).code()


def confirm_app(home: Home, code: str, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/totp/confirm", {"code": code}, headers=once(key))


def apps(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Totp"))


def _app_added(home: Home) -> App:
    app = App.added(home.owner)
    home.world.settle()
    return app


def remove_app(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("DELETE", f"{ROOT}/totp", headers=once(key))


def _apps_removed(home: Home, state: Any, stored: Stored) -> int:
    return 1 - apps(home, state, stored)


def _make_codes(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/recovery-codes", headers=once(key))


def _codes_made(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("RecoveryCodes"))


def _begin_passkey(home: Home, state: Any, key: str) -> Response:
    return home.owner.call("POST", f"{ROOT}/passkeys", headers=once(key))


def _challenged(home: Home, state: Any, stored: Stored) -> int:
    """One challenge more is over in five minutes and opens nothing."""
    return int(bool(stored.of("Challenge")))


def _passkey_made(home: Home) -> dict[str, Any]:
    home.owner.step_up()
    return Key().made_for(home.owner)


def _confirm_passkey(home: Home, made: dict[str, Any], key: str) -> Response:
    body = {"name": "My phone", "credential": made}
    return home.owner.call("POST", f"{ROOT}/passkeys/confirm", body, headers=once(key))


def passkeys(home: Home, state: Any, stored: Stored) -> int:
    return len(stored.of("Passkey"))


def _passkey_added(home: Home) -> str:
    passkey_id = Key().add_to(home.owner)["passkey_id"]
    home.world.settle()
    return str(passkey_id)


def _rename_passkey(home: Home, passkey_id: str, key: str) -> Response:
    return home.owner.call("PATCH", f"{ROOT}/passkeys/{passkey_id}", {"name": "Old phone"}, headers=once(key))


def _passkeys_renamed(home: Home, passkey_id: str, stored: Stored) -> int:
    return int(stored.decrypted(stored.of("Passkey")[home.owner.account_id, passkey_id], "name") == "Old phone")


def _remove_passkey(home: Home, passkey_id: str, key: str) -> Response:
    return home.owner.call("DELETE", f"{ROOT}/passkeys/{passkey_id}", headers=once(key))


def _passkeys_removed(home: Home, state: Any, stored: Stored) -> int:
    return 1 - passkeys(home, state, stored)


def strangers_app(home: Home) -> dict[str, Any]:
    factor = App.added(home.stranger).next_code()
    home.world.settle()
    return factor


def strangers_passkey(home: Home) -> dict[str, Any]:
    key = Key()
    key.add_to(home.stranger)
    factor = key.sign(asked(home.stranger)["passkey"])
    home.world.settle()
    return factor


def strangers_recovery_code(home: Home) -> dict[str, Any]:
    App.added(home.stranger)
    code = recovery_codes(home.stranger)[0]
    home.world.settle()
    return {"recovery_code": code}


def sign_in_with(home: Home, factor: dict[str, Any], key: str) -> Response:
    body = {"email": home.stranger.email, "password": PASSWORD, "terminal": ELSEWHERE, "second_factor": factor}
    return home.world.call("POST", "/sessions", body, headers=once(key))


def _all_factors(home: Home) -> None:
    App.added(home.owner)
    Key().add_to(home.owner)
    recovery_codes(home.owner)
    home.world.settle()


def remove_all(home: Home, state: Any, key: str) -> Response:
    """An operator gets the exception, and orders again."""
    try:
        answer = home.world.invoke("remove_second_factors", {"email": home.owner.email})
    except Exception as fault:
        return Response(503, Headers(), repr(fault).encode())
    return Response(200, Headers(), json.dumps(answer).encode())


def _factors_removed(home: Home, state: Any, stored: Stored) -> int:
    return int(stored.first_ids("Account")[home.owner.account_id]["second_factor_count"] == 0)


SCENARIOS = (
    Scenario("begin with an app", f"POST {ROOT}/totp", stepped_up, _begin_app, _apps_begun),
    Scenario(
        "confirm an app",
        f"POST {ROOT}/totp/confirm",
        app_begun,
        confirm_app,
        apps,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario(
        "remove an app",
        f"DELETE {ROOT}/totp",
        _app_added,
        remove_app,
        _apps_removed,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("make recovery codes", f"POST {ROOT}/recovery-codes", _app_added, _make_codes, _codes_made),
    Scenario("begin with a passkey", f"POST {ROOT}/passkeys", stepped_up, _begin_passkey, _challenged),
    Scenario(
        "confirm a passkey",
        f"POST {ROOT}/passkeys/confirm",
        _passkey_made,
        _confirm_passkey,
        passkeys,
        may_say=(410,),
        keeps_answer=True,
    ),
    Scenario(
        "rename a passkey",
        f"PATCH {ROOT}/passkeys/{{passkey_id}}",
        _passkey_added,
        _rename_passkey,
        _passkeys_renamed,
        keeps_answer=True,
    ),
    Scenario(
        "remove a passkey",
        f"DELETE {ROOT}/passkeys/{{passkey_id}}",
        _passkey_added,
        _remove_passkey,
        _passkeys_removed,
        may_say=(404,),
        keeps_answer=True,
    ),
    Scenario("sign in with an app", "POST /sessions", strangers_app, sign_in_with, sign_ins, may_say=(401,)),
    Scenario("sign in with a passkey", "POST /sessions", strangers_passkey, sign_in_with, sign_ins, may_say=(401,)),
    Scenario(
        "sign in with a recovery code",
        "POST /sessions",
        strangers_recovery_code,
        sign_in_with,
        sign_ins,
        may_say=(401,),
    ),
    Scenario(
        "remove second factors", "remove_second_factors", _all_factors, remove_all, _factors_removed
    ),
)
