"""What is remembered of second factors."""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib.register import rows
from chalicelib.store.records import Item
from chalicelib.store.tags import Time, key, personal, plain

_SIGNS_IN = "who steals a copy must not be able to make codes"
_FOR_SOWA_ALONE = "an id and a public key that nobody but this cloud can do anything with"


class Totp(Item):
    """What an authenticator app and the cloud both know, and make the same codes of."""

    partition = "account"
    place = "totp"

    secret = personal(rows.SIGN_IN, withheld=_SIGNS_IN)
    added_at = key(Time(), rows.SIGN_IN, why="time", told=True)
    last_step = plain(NumberAttribute(), why="the half minute whose code was used last: no code works twice")


class PendingTotp(Item):
    """The same, until a first code proves that the app has it; the next one takes its place."""

    partition = "account"
    place = "pending-totp"

    secret = personal(rows.SIGN_IN, withheld=_SIGNS_IN)


class Passkey(Item):
    """The cloud's half of a passkey."""

    partition = "account"
    place = "passkey"

    name = personal(rows.SIGN_IN)
    credential = personal(rows.SIGN_IN, withheld=_FOR_SOWA_ALONE)
    added_at = key(Time(), rows.SIGN_IN, why="time", told=True)
    used_at = key(Time(null=True), rows.SIGN_IN, why="time", told=True)
    sign_count = plain(NumberAttribute(), why="a count that a copied passkey would give away")


class Challenge(Item):
    """What a passkey has to sign, once and within minutes; its place is a keyed hash of it."""

    partition = "account"
    place = "challenge"


class RecoveryCodes(Item):
    """Those that were not used yet, for who has lost everything else."""

    partition = "account"
    place = "recovery-codes"

    hashes = key(UnicodeSetAttribute(null=True), rows.SIGN_IN, why="keyed hashes of random codes")
    made_at = key(Time(), rows.SIGN_IN, why="time", told=True)
