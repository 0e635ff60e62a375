"""HTTP routes of accounts."""

from __future__ import annotations

from msgspec import structs

from chalicelib.accounts import rules, shapes
from chalicelib.accounts.actions import contact_change, registering
from chalicelib.contacts import rules as contacts_rules
from chalicelib.contacts.actions import addresses, codes
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import KeyReused, Misdirected, NotFound
from chalicelib.register import policy_versions

routes = RouteTable(__name__)

_REGISTER = {
    "email": "$new_email",
    "password": "$password",
    "country": "PL",
    "nickname": "Ola",
    "birth_date": "1990-05-17",
    "policy_version": "$policy_version",
    "language": "pl",
}


@routes.post(
    "/accounts",
    who=Who.ANYONE,
    asks=shapes.Register,
    answers=shapes.Registered,
    status=202,
    refuses=(
        *contacts_rules.MESSAGE_REFUSALS,
        rules.TooYoung,
        rules.PasswordTooEasy,
        rules.CountryUnknown,
        registering.PolicyOutdated,
        KeyReused,
        Misdirected,
    ),
    example=_REGISTER,
)
def register(visitor: Visitor, body: shapes.Register) -> shapes.Registered:
    """Begin an account: a code goes to the address. The answer is the same whether the address has an account or not;
    the birth date is checked and not kept."""
    registration_id = registering.register(
        **structs.asdict(body),
        current_policy=policy_versions.known().in_force.name,
        repeat_key=visitor.repeat_key,
        source_ip=visitor.source_ip,
    )
    return shapes.Registered(registration_id=registration_id)


@routes.post(
    "/accounts/code",
    who=Who.ANYONE,
    asks=shapes.SendCode,
    status=202,
    refuses=(NotFound, codes.CodeTooSoon, *contacts_rules.MESSAGE_REFUSALS[2:]),
    example={"registration_id": "$waiting_registration_id"},
)
def send_new_code(visitor: Visitor, body: shapes.SendCode) -> None:
    """Send another code for a registration; the one before ends. Not more often than every half minute."""
    registering.send_new_code(body.registration_id, visitor.repeat_key, visitor.source_ip)


# Not answered from memory: the exact repeat sends the same code again, in case the first was lost.
@routes.post(
    "/me/address",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.ChangeAddress,
    answers=shapes.Moving,
    status=202,
    stepped_up=True,
    idempotent=False,
    refuses=(*contacts_rules.MESSAGE_REFUSALS, codes.CodeTooSoon, KeyReused),
    example={"email": "$new_email"},
)
def change_address(caller: Caller, body: shapes.ChangeAddress) -> shapes.Moving:
    """Begin to change the account's address: a code goes to the new one. The answer is the same whether somebody has it
    already."""
    contact = addresses.contact_from(body.email, body.phone)
    return shapes.Moving(change_id=contact_change.ask(caller.account, contact, caller.repeat_key, caller.source_ip))
