"""Records of second factors."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain

_SIGNS_IN = "who steals a copy must not be able to make codes"
_FOR_SOWA_ALONE = "an id and a public key that nobody but this cloud can do anything with"


class Totp(Item):
    """The shared secret of an authenticator app (TOTP)."""

    pk_prefix = "account"
    sk_prefix = "totp"
    is_deleted_for_good = True
    replaced_for_good = ("added_at", "secret")

    secret = personal(rows.SIGN_IN, withheld=_SIGNS_IN)
    added_at = key(Time(), rows.SIGN_IN, why="time", exported=True)
    last_step = plain(NumberAttribute(), why="the half minute whose code was used last: no code works twice")


class PendingTotp(Item):
    """The same, until a first code proves that the app has it; the next one takes its place."""

    pk_prefix = "account"
    sk_prefix = "pending-totp"

    secret = personal(rows.SIGN_IN, withheld=_SIGNS_IN)


class Passkey(Item):
    """The cloud's half of a passkey."""

    pk_prefix = "account"
    sk_prefix = "passkey"
    is_deleted_for_good = True

    name = personal(rows.SIGN_IN)
    credential = personal(rows.SIGN_IN, withheld=_FOR_SOWA_ALONE)
    added_at = key(Time(), rows.SIGN_IN, why="time", exported=True)
    used_at = key(Time(null=True), rows.SIGN_IN, why="time", exported=True)
    sign_count = plain(NumberAttribute(), why="a count that a copied passkey would give away")


class Challenge(Item):
    """The challenge that a passkey has to sign, good for one use within minutes; its sort id is a keyed hash of it."""

    pk_prefix = "account"
    sk_prefix = "challenge"


class RecoveryCodes(Item):
    """Those that were not used yet, for who has lost everything else."""

    pk_prefix = "account"
    sk_prefix = "recovery-codes"
    void_after_restore = "made_at"

    hashes = key(UnicodeSetAttribute(null=True), rows.SIGN_IN, why="keyed hashes of random codes")
    made_at = key(Time(), rows.SIGN_IN, why="time", exported=True)
