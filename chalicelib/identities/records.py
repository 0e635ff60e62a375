"""What is remembered of sign-ins with another platform."""

from __future__ import annotations

from pynamodb.attributes import UnicodeAttribute

from chalicelib.aws.table import Item
from chalicelib.register.rows import B2
from chalicelib.register.tags import key


class SpentNonce(Item):
    """A nonce that opened a session or linked a platform, kept for as long as it could be used again."""

    partition = "nonce"
    place = "nonce"

    request_hash = key(UnicodeAttribute(), B2, why="keyed hash: is it the same sign-in again?")
