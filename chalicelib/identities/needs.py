"""The need of routes about one linked platform."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.errors import NotFound
from chalicelib.identities.records import LinkedPlatform
from chalicelib.store.records import Found


class OwnIdentity:
    """The caller's linked platform that the path names. Raises NotFound."""

    def keys(self, account_id: str, identity_id: str) -> Keys:
        return (LinkedPlatform.key(account_id, identity_id),)

    def admit(self, caller: Caller, found: Found, identity_id: str) -> LinkedPlatform:
        linked = found[LinkedPlatform.key(caller.account_id, identity_id)]
        if linked is None:
            raise NotFound
        return linked
