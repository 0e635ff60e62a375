"""The need of whoever agrees to a version of the policy."""

from __future__ import annotations

from chalicelib.entry.callers import Caller
from chalicelib.entry.needs import Keys
from chalicelib.policy.actions import agreeing
from chalicelib.policy.actions.agreeing import Offered
from chalicelib.store.records import Found


class OfferedVersion:
    """The version of this name, as far as it was published by now. Raises UnknownVersion."""

    def keys(self, account_id: str, version: str) -> Keys:
        return agreeing.keys_of(version)

    def admit(self, caller: Caller, found: Found, version: str) -> Offered:
        return agreeing.offered(found, version)
