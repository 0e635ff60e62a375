"""Routes of a person's own profile, which an account and its picture make up together."""

from __future__ import annotations

from msgspec import UNSET, structs

from chalicelib.accounts import rules, shapes
from chalicelib.accounts.actions import contact_change, profile, regions
from chalicelib.avatars.actions import portraits as avatars
from chalicelib.avatars.needs import OwnAvatar
from chalicelib.avatars.records import Avatar
from chalicelib.contacts.actions import codes
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import Conflict

routes = RouteTable(__name__)


@routes.get(
    "/me",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnAvatar(),
    answers=shapes.Me,
    example={},
    tag="accounts",
)
def get_me(caller: Caller, avatar: Avatar | None) -> shapes.Me:
    """The caller's own account, with a link of five minutes to the avatar."""
    return shapes.Me.of(caller.account, avatars.url_of(avatar))


@routes.patch(
    "/me",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnAvatar(),
    asks=shapes.ChangeMe,
    answers=shapes.Me,
    refuses=(rules.CountryUnknown, regions.RegionFixed),
    example={"nickname": "Aleksandra"},
    tag="accounts",
)
def change_me(caller: Caller, avatar: Avatar | None, body: shapes.ChangeMe) -> shapes.Me:
    """Change nickname, country or language; what is not sent stays. The region stays in any case."""
    changes = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    return profile.change_profile(caller.account, caller.terminal, avatars.url_of(avatar), **changes)


@routes.post(
    "/me/address/confirm",
    who=Who.PERSON,
    before_agreement=True,
    needs=OwnAvatar(),
    asks=shapes.ConfirmAddress,
    answers=shapes.Me,
    refuses=(codes.CodeWrong, codes.CodeOver, rules.AddressTaken, Conflict),
    example={"change_id": "$change_id", "code": "$change_code"},
    tag="accounts",
)
def confirm_address(caller: Caller, avatar: Avatar | None, body: shapes.ConfirmAddress) -> shapes.Me:
    """Make the new address the account's, by the code that was sent there."""
    avatar_url = avatars.url_of(avatar)
    return contact_change.confirm(caller.account, caller.terminal, body.change_id, body.code, avatar_url)
