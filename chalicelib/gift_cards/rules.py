"""Rules of gift cards: their codes, and what a batch has left."""

from __future__ import annotations

from datetime import date
from typing import Literal

from chalicelib import typed
from chalicelib.errors import Conflict, Gone, Invalid, NotFound
from chalicelib.words import Phrase

# Letters and digits that nobody takes for one another: without 0 O, 1 I L, 2 Z, 5 S, 8 B and U V. There are 23 of them,
# a prime, and more than a code has characters: the check below depends on both.
ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
# Nineteen of 23 are 85 bits; the last character is the check.
LENGTH = 20
_GROUP = 4
RANDOM_BYTES = 16
_CODES = len(ALPHABET) ** (LENGTH - 1)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}

# In one order; and in an answer, for more there is a file. A commit has a hundred of them.
MOST_CARDS, MOST_ANSWERED = 50_000, 1_000
MOST_YEARS = 10
# After their last day they are known for so long, so that who comes late is told why.
KNOWN_DAYS_AFTER = 365

State = Literal["unfinished", "issued", "revoked", "expired"]


class GiftCardMistyped(Invalid):
    pass


class GiftCardUnknown(NotFound):
    pass


class GiftCardSpent(Conflict):
    """`device_id` names the device for which the caller himself redeemed it."""


class GiftCardExpired(Gone):
    """`last_day` is the last on which it was taken."""


class GiftCardRevoked(Gone):
    pass


normal_code = typed.gift_card_code


def new_code(raw: bytes) -> str:
    """The code that these sixteen random bytes make, as it is shown: `XXXX-XXXX-XXXX-XXXX-XXXX`."""
    # 2^128 is no multiple of 23^19, but the bias is below 10^-12.
    number, code = int.from_bytes(raw) % _CODES, ""
    for _ in range(LENGTH - 1):
        number, value = divmod(number, len(ALPHABET))
        code += ALPHABET[value]
    code += ALPHABET[-_weighted(code) * pow(LENGTH, -1, len(ALPHABET)) % len(ALPHABET)]
    return "-".join(code[at : at + _GROUP] for at in range(0, LENGTH, _GROUP))


def is_well_typed(code: str) -> bool:
    """Whether a code, in its normal form, can be one: all of it is of the alphabet, and the check is right.

    The check is that of ISBN-10 (ISO 2108:1992; J. Verhoeff, Error Detecting Decimal Codes, 1969), with 23 in the place
    of 11: the sum of all values, each times its position, is a multiple of a prime. No position is one, and no two
    positions differ by one, so every wrong character and every swap of two unlike ones, neighbours or not, is seen.
    """
    return len(code) == LENGTH and all(one in _VALUES for one in code) and _weighted(code) % len(ALPHABET) == 0


def require_well_typed(code: str) -> None:
    """Raises GiftCardMistyped."""
    if not is_well_typed(code):
        raise GiftCardMistyped(fields={"code": Phrase("gift_card_code_mistyped")})


def _weighted(code: str) -> int:
    return sum(at * _VALUES[one] for at, one in enumerate(code, start=1))


def require_issuable(*, is_free: bool, last_day: date, today: date) -> None:
    """Raises Invalid for the free plan, which everybody may have and does not wait, and for a day that is over or very
    far off."""
    if is_free:
        raise Invalid(fields={"plan_id": Phrase("costs_nothing")})
    if last_day < today:
        raise Invalid(fields={"until": Phrase("already_past")})
    if last_day.year > today.year + MOST_YEARS:
        raise Invalid(fields={"until": Phrase("too_far_ahead")})


def state_of(*, is_issued: bool, is_revoked: bool, is_over: bool) -> State:
    if not is_issued:
        return "unfinished"
    if is_revoked:
        return "revoked"
    return "expired" if is_over else "issued"
