"""What may be asked about commands."""

from __future__ import annotations

from chalicelib.commands import actions, shapes
from chalicelib.devices.actions import standing as devices
from chalicelib.entry.gate import Who
from chalicelib.entry.http import Routes
from chalicelib.errors import NotFound
from chalicelib.sessions.actions.standing import Caller

routes = Routes(__name__)


@routes.post(
    "/devices/{device_id}/commands",
    who=Who.PERSON,
    along=devices.places_of,
    asks=shapes.Give,
    answers=shapes.Command,
    status=202,
    refuses=(NotFound, devices.RightMissing, devices.PrivacyModeOn, actions.MailboxFull),
    example={"command": "restart"},
)
def give_command(caller: Caller, device_id: str, asked: shapes.Give) -> shapes.Command:
    return actions.give(caller, asked)


@routes.get(
    "/devices/{device_id}/commands/{command_id}",
    who=Who.PERSON,
    along=actions.places_of_one,
    answers=shapes.Command,
    refuses=(NotFound, devices.RightMissing),
    example={},
)
def get_command(caller: Caller, device_id: str, command_id: str) -> shapes.Command:
    return actions.command_of(caller)
