"""Records of sign-ins with another platform."""

from __future__ import annotations

from collections.abc import Iterable

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store.keys import Key
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Identity(Item):
    """The account that an account of another platform belongs to: at most one."""

    pk_prefix = "identity"
    sk_prefix = "identity"

    account_id = key(UnicodeAttribute(), rows.REGISTRATION, why="random id")

    @classmethod
    def keys_of(cls, hashes: Iterable[str] | None) -> list[Key[Identity]]:
        """The keys of the identities that may vouch for an account."""
        return [cls.key(hashed) for hashed in sorted(hashes or ())]


class SpentNonce(Item):
    """A nonce that began a session or linked a platform, kept for as long as it could be used again."""

    pk_prefix = "nonce"
    sk_prefix = "nonce"

    request_hash = key(UnicodeAttribute(), rows.SIGN_IN, why="keyed hash: is it the same sign-in again?")


class OfferedPicture(Item):
    """The address of a picture that another platform keeps of somebody, until it is fetched or given up."""

    pk_prefix = "account"
    sk_prefix = "offered-picture"
    stream_queue = "OfferedPictures"

    platform = personal(rows.REGISTRATION)
    url = personal(rows.REGISTRATION)
    offered_at = key(Time(), rows.REGISTRATION, why="time: an upload is always newer", exported=True)
