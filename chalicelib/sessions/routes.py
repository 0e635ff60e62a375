"""HTTP routes of signing in."""

from __future__ import annotations

from chalicelib.accounts import rules as accounts_rules
from chalicelib.accounts import shapes as accounts_shapes
from chalicelib.contacts import rules as contacts_rules
from chalicelib.contacts.actions import addresses, codes
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.errors import Conflict, KeyReused, NotFound, NotSignedIn, TooMany
from chalicelib.second_factors import rules as factors_rules
from chalicelib.sessions import shapes
from chalicelib.sessions.actions import credentials, ending, opening, proving, tokens
from chalicelib.sessions.needs import OwnSession
from chalicelib.sessions.records import Session

routes = RouteTable(__name__)

_TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "terminal-1"}


@routes.post(
    "/sessions",
    who=Who.ANYONE,
    asks=shapes.SignIn,
    answers=shapes.Tokens,
    status=201,
    refuses=(
        opening.PasswordWrong,
        contacts_rules.AddressInvalid,
        contacts_rules.PhoneInvalid,
        factors_rules.SecondFactorNeeded,
        factors_rules.SecondFactorWrong,
        KeyReused,
        TooMany,
    ),
    example={"email": "$email", "password": "$password", "terminal": _TERMINAL},
)
def sign_in(visitor: Visitor, body: shapes.SignIn) -> shapes.Tokens:
    """Open a session by address and password, and a second factor where the account has one."""
    contact = addresses.contact_from(body.email, body.phone)
    return opening.sign_in(contact, body.password, body.terminal, visitor.repeat_key, body.second_factor)


@routes.post(
    "/sessions/refresh",
    who=Who.ANYONE,
    asks=shapes.Refresh,
    answers=shapes.Tokens,
    status=201,
    refuses=(NotSignedIn,),
    example={"refresh_token": "$refresh_token"},
)
def refresh(visitor: Visitor, body: shapes.Refresh) -> shapes.Tokens:
    """The next pair of tokens. An answer that was lost is asked for again with the same refresh token; any other use of
    a spent one ends the session."""
    return tokens.refresh(body.refresh_token, visitor.repeat_key)


# Not answered from memory: the exact repeat sends the same code again, in case the first was lost.
@routes.post(
    "/step-up",
    who=Who.PERSON,
    before_agreement=True,
    status=202,
    idempotent=False,
    refuses=(codes.CodeTooSoon, contacts_rules.TooManyMessages),
    example={},
)
def ask_for_step_up(caller: Caller) -> None:
    """Send a code to the account's own address, for raised trust."""
    proving.ask_for_step_up(caller)


@routes.post(
    "/step-up/confirm",
    who=Who.PERSON,
    before_agreement=True,
    asks=shapes.StepUp,
    status=200,
    refuses=(codes.CodeWrong, codes.CodeOver),
    example={"code": "$step_up_code"},
)
def step_up(caller: Caller, body: shapes.StepUp) -> None:
    """Ten minutes of raised trust for this session, by the code that was sent."""
    proving.step_up(caller, body.code)


@routes.get("/sessions", who=Who.PERSON, before_agreement=True, query=Page, answers=shapes.Sessions, example={})
def list_sessions(caller: Caller, page: Page) -> shapes.Sessions:
    """The terminals that are signed in, the one used last first."""
    return page_of(ending.sessions_of(caller), page)


@routes.delete("/sessions/current", who=Who.PERSON, before_agreement=True, ends_session=True, example={})
def sign_out(caller: Caller) -> None:
    """End this session, and pushes to its terminal."""
    ending.sign_out(caller)


@routes.delete(
    "/sessions/{session_id}",
    who=Who.PERSON,
    before_agreement=True,
    ends_session=True,
    needs=OwnSession(),
    refuses=(NotFound,),
    example={},
)
def end_session(caller: Caller, session: Session) -> None:
    """Sign one terminal out, from its next request on."""
    ending.end_session(caller, session)


@routes.delete("/sessions", who=Who.PERSON, before_agreement=True, example={})
def end_other_sessions(caller: Caller) -> None:
    """Sign all other terminals out, from their next request on."""
    ending.end_other_sessions(caller)


@routes.post(
    "/accounts/confirm",
    who=Who.ANYONE,
    asks=accounts_shapes.Confirm,
    answers=shapes.Tokens,
    status=201,
    refuses=(codes.CodeWrong, codes.CodeOver, accounts_rules.AddressTaken, KeyReused),
    example={"registration_id": "$registration_id", "code": "$registration_code", "terminal": _TERMINAL},
    tag="accounts",
)
def confirm(visitor: Visitor, body: accounts_shapes.Confirm) -> shapes.Tokens:
    """Make a registration an account, by the code that was sent, and open its first session."""
    return opening.enter_by_code(body.registration_id, body.code, body.terminal, visitor.repeat_key)


@routes.put(
    "/me/password",
    who=Who.PERSON,
    before_agreement=True,
    asks=accounts_shapes.ChangePassword,
    refuses=(accounts_rules.CurrentPasswordWrong, accounts_rules.PasswordTooEasy, TooMany, Conflict),
    example={"current": "$password", "new": "$new_password"},
    tag="accounts",
)
def change_password(caller: Caller, body: accounts_shapes.ChangePassword) -> None:
    """Set another password, and sign all other terminals out. The person is told by mail."""
    credentials.change_password(caller, body.current, body.new)
