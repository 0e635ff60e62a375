"""Routes of who has forgotten the password: an account is found by its address, or with a device of its own as well."""

from __future__ import annotations

from chalicelib.accounts import rules, shapes
from chalicelib.accounts.actions import resets
from chalicelib.contacts import rules as contacts_rules
from chalicelib.contacts.actions import addresses, codes
from chalicelib.entry.callers import Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import Invalid
from chalicelib.sessions.actions import credentials
from chalicelib.stock.actions import stock as stocks
from chalicelib.words import Phrase

routes = RouteTable(__name__)


@routes.post(
    "/password-resets",
    who=Who.ANYONE,
    asks=shapes.AskReset,
    answers=shapes.Resetting,
    status=202,
    refuses=(*contacts_rules.MESSAGE_REFUSALS, codes.CodeTooSoon),
    example={"email": "$email"},
    tag="accounts",
)
def ask_for_reset(visitor: Visitor, body: shapes.AskReset) -> shapes.Resetting:
    """Begin to set another password: a code goes to the address. The answer is the same whether it has an account."""
    contact = addresses.contact_from(body.email, body.phone)
    owner_id = None if body.sn is None and body.mac is None else _owner_of_named(body)
    reset_id = resets.ask(contact, visitor.language, visitor.repeat_key, visitor.source_ip, owner_id)
    return shapes.Resetting(reset_id=reset_id)


def _owner_of_named(body: shapes.AskReset) -> str:
    for name in ("email", "sn", "mac"):
        if getattr(body, name) is None:
            raise Invalid(fields={name: Phrase("needed_with_a_device")})
    return stocks.owner_of(body.sn or "", body.mac or "")


@routes.post(
    "/password-resets/confirm",
    who=Who.ANYONE,
    asks=shapes.Reset,
    refuses=(codes.CodeWrong, codes.CodeOver, rules.PasswordTooEasy),
    example={"reset_id": "$reset_id", "code": "$reset_code", "password": "$new_password"},
    tag="accounts",
)
def reset_password(visitor: Visitor, body: shapes.Reset) -> None:
    """Set another password by the code that was sent, and sign all terminals out. The person is told by mail."""
    credentials.reset_password(body.reset_id, body.code, body.password, visitor.repeat_key)
