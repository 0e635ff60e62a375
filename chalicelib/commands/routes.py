"""HTTP routes of commands."""

from __future__ import annotations

from chalicelib.access import actions as access
from chalicelib.access.actions import DeviceAccess
from chalicelib.access.needs import OWNER
from chalicelib.commands import actions, shapes
from chalicelib.commands.needs import CommandOf
from chalicelib.commands.records import Command
from chalicelib.entry.callers import Caller, Who
from chalicelib.entry.http import RouteTable
from chalicelib.errors import NotFound

routes = RouteTable(__name__)


@routes.post(
    "/devices/{device_id}/commands",
    who=Who.PERSON,
    needs=OWNER,
    asks=shapes.Give,
    answers=shapes.Command,
    status=202,
    refuses=(NotFound, access.RightMissing, access.PrivacyModeOn, actions.MailboxFull),
    example={"command": "restart"},
)
def give_command(caller: Caller, device: DeviceAccess, body: shapes.Give) -> shapes.Command:
    """Send a command to the camera; one that is not connected gets it when it comes, within a day."""
    return actions.give(caller, device, body)


@routes.get(
    "/devices/{device_id}/commands/{command_id}",
    who=Who.PERSON,
    needs=CommandOf(),
    answers=shapes.Command,
    refuses=(NotFound, access.RightMissing),
    example={},
)
def get_command(caller: Caller, command: Command) -> shapes.Command:
    """What became of a command: whether it waits, was delivered, done, refused by the camera, or is over."""
    return shapes.Command.of(command)
