"""HTTP routes of other platforms."""

from __future__ import annotations

from chalicelib.accounts import rules as accounts_rules
from chalicelib.accounts.actions import registering
from chalicelib.entry.callers import Caller, Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.errors import Invalid, KeyReused, Misdirected, NotFound, TooMany
from chalicelib.identities import actions, rules, shapes
from chalicelib.identities.needs import OwnIdentity
from chalicelib.identities.records import LinkedPlatform
from chalicelib.register import policy_versions
from chalicelib.sessions.shapes import Tokens

routes = RouteTable(__name__)

_TERMINAL = {"os": "Android 16", "model": "Pixel 9", "unique_id": "terminal-1"}


@routes.get("/nonce", who=Who.ANYONE, answers=shapes.Nonce, example={})
def get_nonce(visitor: Visitor) -> shapes.Nonce:
    """A nonce for signing in with another platform; good for ten minutes, and once."""
    return actions.new_nonce()


@routes.post(
    "/sessions/federated",
    who=Who.ANYONE,
    asks=shapes.SignInWithPlatform,
    answers=Tokens,
    status=201,
    refuses=(
        rules.IdTokenRefused,
        rules.PlatformNotOffered,
        rules.PlatformSilent,
        rules.ProofNeeded,
        rules.EmailNotVouched,
        accounts_rules.TooYoung,
        accounts_rules.CountryUnknown,
        registering.PolicyOutdated,
        Misdirected,
        Invalid,
        KeyReused,
        TooMany,
    ),
    example={
        "provider": "google",
        "id_token": "$id_token",
        "country": "PL",
        "birth_date": "1990-05-17",
        "policy_version": "$policy_version",
        "terminal": _TERMINAL,
    },
)
def sign_in_with_platform(visitor: Visitor, body: shapes.SignInWithPlatform) -> Tokens:
    """Open a session by what another platform vouches for; a new account is made if neither is known. An address that
    has an account wants proof first."""
    current = policy_versions.known().in_force.name
    return actions.sign_in(body, current, visitor.language, visitor.repeat_key)


@routes.get("/me/identities", who=Who.PERSON, before_agreement=True, query=Page, answers=shapes.Identities, example={})
def list_identities(caller: Caller, page: Page) -> shapes.Identities:
    """The platforms with which the account can be opened, the first one first."""
    return page_of(actions.identities_of(caller), page)


@routes.post(
    "/me/identities",
    who=Who.PERSON,
    asks=shapes.Link,
    answers=shapes.Identity,
    status=201,
    stepped_up=True,
    refuses=(
        rules.IdTokenWrong,
        rules.PlatformNotOffered,
        rules.PlatformSilent,
        rules.IdentityTaken,
        rules.PlatformLinked,
        TooMany,
    ),
    example={"provider": "google", "id_token": "$id_token"},
)
def link_identity(caller: Caller, body: shapes.Link) -> shapes.Identity:
    """Let another platform vouch for this account from now on, one account of each. The person is told by mail."""
    return actions.link(caller, body.provider, body.id_token)


@routes.delete(
    "/me/identities/{identity_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnIdentity(),
    refuses=(NotFound,),
    example={},
)
def unlink_identity(caller: Caller, linked: LinkedPlatform) -> None:
    """End that: the platform's account opens nothing here from the next request on. The person is told by mail."""
    actions.unlink(caller, linked)
