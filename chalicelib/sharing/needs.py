"""Needs of routes about one share: the owner's, of what he gave, and the guest's, of what he was given (B9)."""

from __future__ import annotations

from msgspec import Struct

from chalicelib.access.needs import OfOwner
from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.sharing.actions import guests, owners
from chalicelib.sharing.actions.guests import Offered
from chalicelib.sharing.actions.owners import Given
from chalicelib.store.records import Found


class GivenShare(OfOwner):
    """A share or an invitation of one's own device. Raises RightMissing for a guest of it, NotFound."""

    def keys(self, account_id: str, device_id: str, share_id: str) -> Keys:
        return owners.keys_of(device_id, share_id)

    def admit(self, caller: Caller, found: Found, device_id: str, share_id: str) -> Given:
        return owners.given(caller.account_id, found, device_id, share_id)


class ReceivedShare(Struct, frozen=True):
    """A share that the caller was invited to, or has accepted; with `is_shown` one of which he may be shown something
    now. Raises NotFound."""

    is_shown: bool = False

    def keys(self, account_id: str, share_id: str) -> Keys:
        return guests.keys_of(share_id)

    def admit(self, caller: Caller, found: Found, share_id: str) -> Offered:
        if self.is_shown:
            guests.require_shown(found, share_id)
        return guests.offered(caller.account, found, share_id)
