"""What may be asked about accounts."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, structs

from chalicelib.accounts import rules, shapes
from chalicelib.accounts.actions import profile, registering
from chalicelib.entry.gate import Visitor, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import KeyReused, NotFound
from chalicelib.register import policy_table
from chalicelib.sessions import actions as sessions
from chalicelib.sessions.actions import Caller
from chalicelib.sessions.shapes import Tokens

routes = Routes(__name__)

_REGISTER = {
    "email": "$new_email",
    "password": "$password",
    "country": "PL",
    "nickname": "Ola",
    "birth_date": "1990-05-17",
    "policy_version": "$policy_version",
    "language": "pl",
}
_WRONG_ADDRESS = (rules.AddressInvalid, rules.PhoneInvalid)
_TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "terminal-1"}


@routes.post(
    "/accounts",
    who=Who.ANYONE,
    asks=shapes.Register,
    answers=shapes.Registered,
    status=202,
    refuses=(*_WRONG_ADDRESS, rules.TooYoung, rules.PasswordTooEasy, registering.PolicyOutdated, KeyReused),
    example=_REGISTER,
)
def register(visitor: Visitor, asked: shapes.Register) -> shapes.Registered:
    registration_id = registering.register(
        **structs.asdict(asked),
        current_policy=policy_table.versions()[0]["version"],
        repeat_key=visitor.repeat_key,
    )
    return shapes.Registered(registration_id=registration_id)


@routes.post(
    "/accounts/code",
    who=Who.ANYONE,
    asks=shapes.SendCode,
    status=202,
    refuses=(NotFound, rules.CodeTooSoon),
    example={"registration_id": "$waiting_registration_id"},
)
def send_new_code(visitor: Visitor, asked: shapes.SendCode) -> None:
    registering.send_new_code(asked.registration_id, visitor.repeat_key)


@routes.post(
    "/accounts/confirm",
    who=Who.ANYONE,
    asks=shapes.Confirm,
    answers=Tokens,
    status=201,
    refuses=(rules.CodeWrong, rules.CodeOver, registering.AddressTaken),
    example={"registration_id": "$registration_id", "code": "$registration_code", "terminal": _TERMINAL},
)
def confirm(visitor: Visitor, asked: shapes.Confirm) -> Tokens:
    return sessions.enter_by_code(asked.registration_id, asked.code, asked.terminal, visitor.repeat_key)


@routes.get("/me", who=Who.PERSON, answers=shapes.Me, example={})
def get_me(caller: Caller) -> Any:
    return caller.account


@routes.patch("/me", who=Who.PERSON, asks=shapes.ChangeMe, answers=shapes.Me, example={"nickname": "Aleksandra"})
def change_me(caller: Caller, asked: shapes.ChangeMe) -> Any:
    changes = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
    return profile.change_profile(caller.account, **changes)
