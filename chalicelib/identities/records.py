"""What is remembered of sign-ins with another platform."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.keys import Key
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Identity(Item):
    """Which account an account of another platform belongs to: at most one."""

    partition = "identity"
    place = "identity"

    account_id = key(UnicodeAttribute(), rows.REGISTRATION, why="random id")

    @classmethod
    def keys_of(cls, hashes: Iterable[str] | None) -> list[Key[Identity]]:
        """Where those lie that may vouch for an account."""
        return [cls.key(hashed) for hashed in sorted(hashes or ())]


class SpentNonce(Item):
    """A nonce that opened a session or linked a platform, kept for as long as it could be used again."""

    partition = "nonce"
    place = "nonce"

    request_hash = key(UnicodeAttribute(), rows.SIGN_IN, why="keyed hash: is it the same sign-in again?")


class OfferedPicture(Item):
    """Where another platform keeps a picture of somebody who came from there, until it is fetched or given up."""

    partition = "account"
    place = "offered-picture"
    told_to = "OfferedPictures"

    platform = personal(rows.REGISTRATION)
    url = personal(rows.REGISTRATION)
    offered_at = key(Time(), rows.REGISTRATION, why="time: an upload is always newer", told=True)
