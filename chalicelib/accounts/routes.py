"""What may be asked about accounts."""

from __future__ import annotations

from msgspec import UNSET, structs

from chalicelib.accounts import rules, shapes
from chalicelib.accounts.actions import addresses, moving, profile, regions, registering, resets
from chalicelib.avatars.actions import portraits as avatars
from chalicelib.devices.actions import standing as devices
from chalicelib.entry.gate import Visitor, Who
from chalicelib.entry.http import Routes
from chalicelib.errors import Conflict, Invalid, KeyReused, Misdirected, NotFound, TooMany, Words
from chalicelib.register import policy_table
from chalicelib.sessions.actions import credentials, opening
from chalicelib.sessions.actions.standing import Caller
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
_TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "terminal-1"}


@routes.post(
    "/accounts",
    who=Who.ANYONE,
    asks=shapes.Register,
    answers=shapes.Registered,
    status=202,
    refuses=(
        *rules.MESSAGE_REFUSALS,
        rules.TooYoung,
        rules.PasswordTooEasy,
        rules.CountryUnknown,
        registering.PolicyOutdated,
        KeyReused,
        Misdirected,
    ),
    example=_REGISTER,
)
def register(visitor: Visitor, asked: shapes.Register) -> shapes.Registered:
    registration_id = registering.register(
        **structs.asdict(asked),
        current_policy=policy_table.versions()[0]["version"],
        repeat_key=visitor.repeat_key,
        source_ip=visitor.source_ip,
    )
    return shapes.Registered(registration_id=registration_id)


@routes.post(
    "/accounts/code",
    who=Who.ANYONE,
    asks=shapes.SendCode,
    status=202,
    refuses=(NotFound, rules.CodeTooSoon, *rules.MESSAGE_REFUSALS[2:]),
    example={"registration_id": "$waiting_registration_id"},
)
def send_new_code(visitor: Visitor, asked: shapes.SendCode) -> None:
    registering.send_new_code(asked.registration_id, visitor.repeat_key, visitor.source_ip)


@routes.post(
    "/accounts/confirm",
    who=Who.ANYONE,
    asks=shapes.Confirm,
    answers=Tokens,
    status=201,
    refuses=(rules.CodeWrong, rules.CodeOver, rules.AddressTaken, KeyReused),
    example={"registration_id": "$registration_id", "code": "$registration_code", "terminal": _TERMINAL},
)
def confirm(visitor: Visitor, asked: shapes.Confirm) -> Tokens:
    return opening.enter_by_code(asked.registration_id, asked.code, asked.terminal, visitor.repeat_key)


@routes.get("/me", who=Who.PERSON, along=avatars.place_of, answers=shapes.Me, example={})
def get_me(caller: Caller) -> shapes.Me:
    return shapes.Me.of(caller.account, avatars.url_of(caller.along[0]))


@routes.patch(
    "/me",
    who=Who.PERSON,
    along=avatars.place_of,
    asks=shapes.ChangeMe,
    answers=shapes.Me,
    refuses=(rules.CountryUnknown, regions.RegionFixed),
    example={"nickname": "Aleksandra"},
)
def change_me(caller: Caller, asked: shapes.ChangeMe) -> shapes.Me:
    changes = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
    return profile.change_profile(caller.account, caller.terminal, avatars.url_of(caller.along[0]), **changes)


@routes.put(
    "/me/password",
    who=Who.PERSON,
    asks=shapes.ChangePassword,
    refuses=(rules.CurrentPasswordWrong, rules.PasswordTooEasy, TooMany, Conflict),
    example={"current": "$password", "new": "$new_password"},
)
def change_password(caller: Caller, asked: shapes.ChangePassword) -> None:
    credentials.change_password(caller, asked.current, asked.new)


@routes.post(
    "/password-resets",
    who=Who.ANYONE,
    asks=shapes.AskReset,
    answers=shapes.Resetting,
    status=202,
    refuses=(*rules.MESSAGE_REFUSALS, rules.CodeTooSoon),
    example={"email": "$email"},
)
def ask_for_reset(visitor: Visitor, asked: shapes.AskReset) -> shapes.Resetting:
    contact = addresses.asked(asked.email, asked.phone)
    owner_id = None if asked.sn is None and asked.mac is None else _owner_of_named(asked)
    reset_id = resets.ask(contact, visitor.language, visitor.repeat_key, visitor.source_ip, owner_id)
    return shapes.Resetting(reset_id=reset_id)


def _owner_of_named(asked: shapes.AskReset) -> str:
    for name in ("email", "sn", "mac"):
        if getattr(asked, name) is None:
            raise Invalid(fields={name: Words("is needed with a device", "jest potrzebne przy urządzeniu")})
    return devices.owner_of(asked.sn or "", asked.mac or "")


@routes.post(
    "/password-resets/confirm",
    who=Who.ANYONE,
    asks=shapes.Reset,
    refuses=(rules.CodeWrong, rules.CodeOver, rules.PasswordTooEasy),
    example={"reset_id": "$reset_id", "code": "$reset_code", "password": "$new_password"},
)
def reset_password(visitor: Visitor, asked: shapes.Reset) -> None:
    credentials.reset_password(asked.reset_id, asked.code, asked.password, visitor.repeat_key)


# Not answered from memory: the exact repeat sends the same code again, in case the first was lost.
@routes.post(
    "/me/address",
    who=Who.PERSON,
    asks=shapes.ChangeAddress,
    answers=shapes.Moving,
    status=202,
    stepped_up=True,
    once=False,
    refuses=(*rules.MESSAGE_REFUSALS, rules.CodeTooSoon, KeyReused),
    example={"email": "$new_email"},
)
def change_address(caller: Caller, asked: shapes.ChangeAddress) -> shapes.Moving:
    contact = addresses.asked(asked.email, asked.phone)
    return shapes.Moving(change_id=moving.ask(caller.account, contact, caller.repeat_key, caller.source_ip))


@routes.post(
    "/me/address/confirm",
    who=Who.PERSON,
    along=avatars.place_of,
    asks=shapes.ConfirmAddress,
    answers=shapes.Me,
    refuses=(rules.CodeWrong, rules.CodeOver, rules.AddressTaken, Conflict),
    example={"change_id": "$change_id", "code": "$change_code"},
)
def confirm_address(caller: Caller, asked: shapes.ConfirmAddress) -> shapes.Me:
    avatar_url = avatars.url_of(caller.along[0])
    return moving.confirm(caller.account, caller.terminal, asked.change_id, asked.code, avatar_url)
