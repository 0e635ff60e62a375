"""Rules of ages, passwords, terminals and regions."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from bisect import bisect_left
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from chalicelib.errors import Conflict, Invalid
from chalicelib.words import Phrase

LEAST_AGE_YEARS = 16
LEAST_PASSWORD_CHARACTERS = 15
# NIST SP 800-63B-4, 3.1.1.2: where the password is not all that is required.
LEAST_BESIDE_A_SECOND_FACTOR = 8
MOST_PASSWORD_CHARACTERS = 128
FREE_GUESSES = 10
GUESSES_REMEMBERED_HOURS = 24
HASH_PREFIX_BYTES = 5
TERMINAL_KNOWN = timedelta(days=396)
_LONGEST_WAIT_S = 3600
# The rows of the keyboards used here and ways along them, there and back; twice, for who goes on from the start.
_ROWS = tuple(
    way * 2
    for row in (
        "abcdefghijklmnopqrstuvwxyz", "1234567890", "qwertyuiop", "qwertzuiop", "azertyuiop", "asdfghjkl", "zxcvbnm",
        "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "1q2w3e4r5t6y7u8i9o0p",
        "q1w2e3r4t5y6u7i8o9p0", "qazwsxedcrfvtgbyhnujmikolp", "!@#$%^&*()",
    )
    for way in (row, row[::-1])
)  # fmt: skip
_LEAST_RUN = 3


class TooYoung(Invalid):
    pass


class PasswordTooEasy(Invalid):
    pass


class AddressTaken(Conflict):
    pass


class CurrentPasswordWrong(Invalid):
    pass


class CountryUnknown(Invalid):
    pass


def age_years(born: date, today: date) -> int:
    """Whole years; who is born on 29 February has the birthday on 1 March in other years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def require_age(born: date, today: date) -> None:
    if born > today or age_years(born, today) > 130:
        raise Invalid(fields={"birth_date": Phrase("not_a_birth_date")})
    if age_years(born, today) < LEAST_AGE_YEARS:
        raise too_young()


def too_young() -> TooYoung:
    return TooYoung(fields={"birth_date": Phrase("under_minimum_age")})


# Passwords


def is_short(password: str) -> bool:
    """Whether it is enough beside a second factor only."""
    return len(normal_password(password)) < LEAST_PASSWORD_CHARACTERS


def require_password(
    password: str, *known: str | None, named: str = "password", least: int = LEAST_PASSWORD_CHARACTERS
) -> None:
    """Long enough, not longer than is kept whole, and nothing that is tried first: a common password, one that is
    repeated, runs of neighbouring keys, hardly any different characters, the person's own name."""
    most = MOST_PASSWORD_CHARACTERS
    if not least <= len(normal_password(password)) <= most:
        needs = Phrase("password_length", least=least, most=most)
        raise PasswordTooEasy(fields={named: needs})
    folded = folded_password(password)
    own = any(word and folded == folded_password(word) for word in known)
    common = is_common(folded) or is_common(_repeated_part(folded))
    if own or common or len(set(folded)) < 5 or _is_made_of_runs(folded):
        raise PasswordTooEasy(fields={named: Phrase("password_too_easy")})


def normal_password(password: str) -> str:
    """As it is hashed: in one Unicode form (NFC, as RFC 8265 has it), however the keyboard made its letters."""
    return unicodedata.normalize("NFC", password)


def folded_password(password: str) -> str:
    """As it is compared with others: without case, and without the differences of form that nobody remembers."""
    return unicodedata.normalize("NFKC", password).casefold()


def is_common(folded: str) -> bool:
    """Whether it is on the list of common passwords (see infra/passwords.py). Of those on the list it misses none; of
    others it takes one in five million for one, for it knows of each no more than the first 40 bits of a hash."""
    wanted, columns = hash_prefix(folded), _common_passwords()
    count = len(columns) // HASH_PREFIX_BYTES

    def nth(at: int) -> bytes:
        return columns[at::count]

    at = bisect_left(range(count), wanted, key=nth)
    return at < count and nth(at) == wanted


def hash_prefix(folded: str) -> bytes:
    return hashlib.sha256(folded.encode()).digest()[:HASH_PREFIX_BYTES]


@cache
def _common_passwords() -> bytes:
    """The first byte of each prefix, then the second of each, and so on: as they are sorted, a zip of them is smaller
    by a quarter."""
    return Path(__file__).with_name("common_passwords.bin").read_bytes()


def _repeated_part(folded: str) -> str:
    """`password` of `passwordpassword` and of `passwordpasswordpass`; what repeats nothing is its own part."""
    for size in range(1, len(folded) // 2 + 1):
        if all(folded[at] == folded[at - size] for at in range(size, len(folded))):
            return folded[:size]
    return folded


def _is_made_of_runs(folded: str) -> bool:
    """`qwertyuiop12345`, `abcdefghijklmno`: nothing but pieces of rows, each of three keys or more."""
    at = 0
    while at < len(folded):
        length = _length_of_run(folded[at:])
        if length < _LEAST_RUN:
            return False
        at += length
    return True


def _length_of_run(text: str) -> int:
    """The length of the beginning that lies in one row of keys, or is one key held down."""
    held = len(text) - len(text.lstrip(text[0]))
    length = 1
    while length < len(text) and any(text[: length + 1] in row for row in _ROWS):
        length += 1
    return max(held, length)


def wait_after_guess_s(wrong: int) -> int:
    """Ten guesses are free; each further one doubles the wait, up to an hour."""
    return 0 if wrong < FREE_GUESSES else int(min(30 * 2 ** (wrong - FREE_GUESSES), _LONGEST_WAIT_S))


@cache
def _regions() -> dict[str, str]:
    regions = json.loads(Path(__file__).with_name("regions.json").read_bytes())
    return {country: region for region, countries in regions.items() for country in countries.split()}


def region_of(country: str) -> str:
    """The region of a country by its ISO 3166-1 code; raises CountryUnknown."""
    region = _regions().get(country)
    if region is None:
        raise CountryUnknown(fields={"country": Phrase("not_a_country")})
    return region
