"""HTTP routes of shares."""

from __future__ import annotations

from msgspec import UNSET, structs

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import OWNER
from chalicelib.contacts.rules import MESSAGE_REFUSALS
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Page, page_of
from chalicelib.errors import NotFound
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import guests, owners
from chalicelib.sharing.actions.guests import Offered
from chalicelib.sharing.actions.owners import Given
from chalicelib.sharing.needs import GivenShare, ReceivedShare

routes = RouteTable(__name__)


@routes.post(
    "/devices/{device_id}/shares",
    who=Who.PERSON,
    unrestricted=True,
    needs=OWNER,
    asks=shapes.ShareDevice,
    answers=shapes.Share,
    status=201,
    refuses=(
        NotFound,
        access.RightMissing,
        *MESSAGE_REFUSALS,
        rules.ShareExists,
        rules.SharedWithOneself,
        rules.TooManyShares,
        rules.TooManyInvitations,
    ),
    example={"email": "$invited_email", "rights": ["live", "alarms"], "channels": ["1"]},
)
def share_device(caller: Caller, device: DeviceAccess, body: shapes.ShareDevice) -> shapes.Share:
    """Invite somebody by an address, whether it has an account or not: nobody is looked up."""
    return owners.share_device(caller, device, body)


@routes.get(
    "/devices/{device_id}/shares",
    who=Who.PERSON,
    before_agreement=True,
    needs=OWNER,
    query=Page,
    answers=shapes.Shares,
    refuses=(NotFound, access.RightMissing),
    example={},
)
def list_shares_of_device(caller: Caller, device: DeviceAccess, page: Page) -> shapes.Shares:
    """Everybody who may use the device or is invited to, the first one first."""
    return page_of(owners.shares_of(device.device), page)


@routes.patch(
    "/devices/{device_id}/shares/{share_id}",
    who=Who.PERSON,
    needs=GivenShare(),
    asks=shapes.ChangeShare,
    answers=shapes.Share,
    refuses=(NotFound, access.RightMissing),
    example={"rights": ["live", "playback", "alarms"], "channels": None},
)
def change_share(caller: Caller, share: Given, body: shapes.ChangeShare) -> shapes.ShownShare:
    """Give somebody more rights or fewer, other channels or another end: from their next request on."""
    changes = {name: value for name, value in structs.asdict(body).items() if value is not UNSET}
    return owners.change_share(caller, share, **changes)


@routes.delete(
    "/devices/{device_id}/shares/{share_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=GivenShare(),
    refuses=(NotFound, access.RightMissing),
    example={},
)
def revoke_share(caller: Caller, share: Given) -> None:
    """End a share, or take an invitation back: from the other's next request on."""
    owners.revoke_share(caller, share)


@routes.get("/shares", who=Who.PERSON, before_agreement=True, query=Page, answers=shapes.ReceivedShares, example={})
def list_shares(caller: Caller, page: Page) -> shapes.ReceivedShares:
    """What others share with the caller, and the invitations that wait at his addresses; the first device first."""
    return page_of(guests.shares_of(caller), page)


@routes.post(
    "/shares/{share_id}/accept",
    who=Who.PERSON,
    needs=ReceivedShare(is_shown=True),
    answers=shapes.Received,
    refuses=(NotFound, rules.ShareExists, rules.SharedWithOneself, rules.TooManyReceived),
    example={},
)
def accept_share(caller: Caller, share: Offered) -> shapes.Received:
    """Accept an invitation; accepting again changes nothing."""
    return guests.accept(caller, share)


@routes.post(
    "/shares/{share_id}/decline",
    who=Who.PERSON,
    before_agreement=True,
    needs=ReceivedShare(),
    refuses=(NotFound, rules.AlreadyAccepted),
    example={},
)
def decline_share(caller: Caller, share: Offered) -> None:
    """Turn an invitation down."""
    guests.decline(caller, share)


@routes.delete(
    "/shares/{share_id}",
    who=Who.PERSON,
    before_agreement=True,
    needs=ReceivedShare(),
    refuses=(NotFound, rules.NotAccepted),
    example={},
)
def leave_share(caller: Caller, share: Offered) -> None:
    """Use somebody's device no more."""
    guests.leave(caller, share)
