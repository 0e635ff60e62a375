"""The need of routes about one command."""

from __future__ import annotations

from chalicelib.access.needs import OWNER, OfOwner
from chalicelib.commands.records import Command
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.store.records import Found


class CommandOf(OfOwner):
    """The command that the path names, for the device's owner. Raises RightMissing for a guest, NotFound."""

    def keys(self, account_id: str, device_id: str, command_id: str) -> Keys:
        return *OWNER.keys(account_id, device_id), Command.key(device_id, command_id)

    def admit(self, caller: Caller, found: Found, device_id: str, command_id: str) -> Command:
        OWNER.admit(caller, found, device_id)
        command = found[Command.key(device_id, command_id)]
        if command is None:
            raise NotFound
        return command
