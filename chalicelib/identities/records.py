"""Records of sign-ins with another platform."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.register import rows
from chalicelib.store import keys
from chalicelib.store.keys import Key
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal


class Identity(Item):
    """The account that an account of another platform belongs to: at most one."""

    pk_prefix = "identity"
    sk_prefix = "identity"
    is_deleted_for_good = True

    account_id = key(UnicodeAttribute(), rows.REGISTRATION, why="random id", points_to="holder")


class LinkedPlatform(Item):
    """The account's side of it. The sort id is a keyed hash of account and platform, so that of each platform there is
    one at most."""

    pk_prefix = "account"
    sk_prefix = "platform"
    is_deleted_for_good = True

    platform = personal(rows.REGISTRATION)
    linked_at = key(Time(), rows.REGISTRATION, why="time", exported=True)
    found_at = key(
        UnicodeAttribute(), rows.REGISTRATION, why="where an account of that platform leads here", points_to="row"
    )

    @property
    def identity_key(self) -> Key[Identity]:
        return Identity.key(keys.id_of(keys.raw_of(self.found_at)["pk"]["S"]))


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
