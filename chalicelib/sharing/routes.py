"""What may be asked about shares."""

from __future__ import annotations

from msgspec import UNSET, structs

from chalicelib.accounts.rules import MESSAGE_REFUSALS
from chalicelib.devices.actions import standing as devices
from chalicelib.entry.gate import Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.sessions.actions.standing import Caller
from chalicelib.sharing import rules, shapes
from chalicelib.sharing.actions import guests, owners

routes = Routes(__name__)


@routes.post(
    "/devices/{device_id}/shares",
    who=Who.PERSON,
    along=devices.places_of,
    asks=shapes.ShareDevice,
    answers=shapes.Share,
    status=201,
    refuses=(
        NotFound,
        devices.RightMissing,
        *MESSAGE_REFUSALS,
        rules.ShareExists,
        rules.SharedWithOneself,
        rules.TooManyShares,
        rules.TooManyInvitations,
    ),
    example={"email": "$invited_email", "rights": ["live", "alarms"], "channels": ["1"]},
)
def share_device(caller: Caller, device_id: str, asked: shapes.ShareDevice) -> shapes.Share:
    return owners.share_device(caller, device_id, asked)


@routes.get(
    "/devices/{device_id}/shares",
    who=Who.PERSON,
    along=devices.places_of,
    answers=shapes.Shares,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def list_shares_of_device(caller: Caller, device_id: str) -> shapes.Shares:
    return owners.shares_of(caller)


@routes.patch(
    "/devices/{device_id}/shares/{share_id}",
    who=Who.PERSON,
    along=owners.places_of_one,
    asks=shapes.ChangeShare,
    answers=shapes.Share,
    refuses=(NotFound, devices.RightMissing),
    example={"rights": ["live", "playback", "alarms"], "channels": None},
)
def change_share(caller: Caller, device_id: str, share_id: str, asked: shapes.ChangeShare) -> shapes.Share:
    changes = {name: value for name, value in structs.asdict(asked).items() if value is not UNSET}
    return owners.change_share(caller, device_id, share_id, **changes)


@routes.delete(
    "/devices/{device_id}/shares/{share_id}",
    who=Who.PERSON,
    along=owners.places_of_one,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def revoke_share(caller: Caller, device_id: str, share_id: str) -> None:
    owners.revoke_share(caller, device_id, share_id)


@routes.get("/shares", who=Who.PERSON, answers=shapes.ReceivedShares, example={})
def list_shares(caller: Caller) -> shapes.ReceivedShares:
    return guests.shares_of(caller)


@routes.post(
    "/shares/{share_id}/accept",
    who=Who.PERSON,
    along=guests.places_of,
    answers=shapes.Received,
    refuses=(NotFound, rules.ShareExists, rules.SharedWithOneself, rules.TooManyReceived),
    example={},
)
def accept_share(caller: Caller, share_id: str) -> shapes.Received:
    return guests.accept(caller, share_id)


@routes.post(
    "/shares/{share_id}/decline",
    who=Who.PERSON,
    along=guests.places_of,
    refuses=(NotFound, rules.AlreadyAccepted),
    example={},
)
def decline_share(caller: Caller, share_id: str) -> None:
    guests.decline(caller, share_id)


@routes.delete(
    "/shares/{share_id}",
    who=Who.PERSON,
    along=guests.places_of,
    refuses=(NotFound, rules.NotAccepted),
    example={},
)
def leave_share(caller: Caller, share_id: str) -> None:
    guests.leave(caller, share_id)
