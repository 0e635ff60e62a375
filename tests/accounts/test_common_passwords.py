"""What is tried first is refused: the list of common passwords, whole, in few steps and little memory.

`common_passwords.txt` is a sample of the list. Where `make passwords` has left the list's source in `build/`, all of it
is tried.
"""

from __future__ import annotations

import hashlib
import math
import random
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from chalicelib.accounts import rules
from infra import passwords
from infra.local.cloud import LocalCloud
from tests.scene import Person

SAMPLE = Path(__file__).with_name("common_passwords.txt").read_text().splitlines()
LISTED = passwords.COMPACT.read_bytes()
COUNT = len(LISTED) // rules.HASH_PREFIX_BYTES


def refused(password: str, *known: str) -> bool:
    try:
        rules.require_password(password, *known)
    except rules.PasswordTooEasy:
        return True
    return False


# ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_all_of_a_sample_is_on_the_list() -> None:
    assert len(SAMPLE) > 700
    assert [one for one in SAMPLE if not rules.is_common(one)] == []


def test_all_of_the_list_is_on_the_list() -> None:
    if not passwords.ARCHIVE.exists():
        pytest.skip("make passwords fetches the list's source")
    listed = list(passwords.chosen(passwords.passwords(passwords.fetch())))
    assert len(listed) == 209_530
    assert [one for one in listed if not rules.is_common(one)] == []
    assert passwords.compact(listed) == LISTED


def test_the_list_is_long_sorted_and_each_is_there_once() -> None:
    size = rules.HASH_PREFIX_BYTES
    prefixes = [LISTED[nth::COUNT] for nth in range(COUNT)]
    assert len(LISTED) == COUNT * size
    assert COUNT >= 200_000
    assert prefixes == sorted(set(prefixes))


def test_of_others_hardly_any_is_taken_for_common() -> None:
    """Stated: less than one in a million. Of a hundred thousand that is none."""
    assert COUNT / 2 ** (8 * rules.HASH_PREFIX_BYTES) < 1e-6
    dice = random.Random(0)  # noqa: S311  # the same others in every run
    others = ("".join(dice.choices("abcdefghijklmnopqrstuvwxyz", k=20)) for _ in range(100_000))
    assert [one for one in others if rules.is_common(one)] == []


class Counted(bytes):
    """Bytes that know how many of them were looked at."""

    slices = 0
    looked_at = 0

    def __getitem__(self, wanted: Any) -> Any:
        found = super().__getitem__(wanted)
        Counted.slices += 1
        Counted.looked_at += len(found)
        return found


@pytest.mark.parametrize("password", ["password", "correct horse battery staple", "", "\U0010ffff"])
def test_looking_one_up_takes_a_handful_of_comparisons(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    counted = Counted(LISTED)
    monkeypatch.setattr(rules, "_common_passwords", lambda: counted)
    monkeypatch.setattr(Counted, "slices", 0)
    monkeypatch.setattr(Counted, "looked_at", 0)
    rules.is_common(password)
    most = math.ceil(math.log2(COUNT)) + 1
    assert 10 <= Counted.slices <= most == 19
    assert Counted.looked_at <= most * rules.HASH_PREFIX_BYTES


def test_the_list_takes_little_memory() -> None:
    rules._common_passwords.cache_clear()
    tracemalloc.start()
    try:
        rules.is_common("password")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(LISTED) <= most < 2_000_000


def test_the_ends_of_the_list_are_found_and_what_lies_beyond_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    found = sorted(["first", "second", "third"], key=rules.hash_prefix)
    monkeypatch.setattr(rules, "_common_passwords", lambda: passwords.compact(found[:2]))
    assert [rules.is_common(one) for one in found] == [True, True, False]
    monkeypatch.setattr(rules, "_common_passwords", lambda: passwords.compact(found[1:]))
    assert [rules.is_common(one) for one in found] == [False, True, True]
    monkeypatch.setattr(rules, "_common_passwords", lambda: b"")
    assert not rules.is_common("first")


def test_a_list_is_made_of_the_most_frequent_and_of_all_that_are_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "MOST_COMMON", 2)
    ranked = ["123456", "PASSWORD", "password", "", "monkey", "a long one of all", "dragon"]
    assert list(passwords.chosen(ranked)) == ["123456", "password", "a long one of all"]
    made = passwords.compact(["one", "two", "one"])
    assert [made[nth::2] for nth in (0, 1)] == sorted(hashlib.sha256(one).digest()[:5] for one in (b"one", b"two"))


def test_another_archive_is_not_taken_for_the_source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "other.tgz"
    other.write_bytes(b"something else")
    monkeypatch.setattr(passwords, "ARCHIVE", other)
    with pytest.raises(passwords.NotTheSource):
        passwords.fetch()


# ── What else is tried first ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("password", [one for one in SAMPLE if len(one) >= rules.LEAST_PASSWORD_CHARACTERS])
def test_a_long_password_of_the_list_is_refused_however_it_is_written(password: str) -> None:
    assert refused(password)
    assert refused(password.upper())
    assert refused("".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in password))  # full width


@pytest.mark.parametrize(
    "password",
    ["passwordpassword", "PasswordPasswordPass", "monkeymonkeymonkey", "iloveyouiloveyouiloveyou", "letmeinletmeinl"],
)
def test_a_common_password_is_no_better_repeated(password: str) -> None:
    assert refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "abcdefghijklmnop", "zyxwvutsrqponml", "123456789012345", "098765432109876", "qwertyuiopasdfgh",
        "qwertzuiop12345", "1qaz2wsx3edc4rfv", "asdfghjklzxcvbnm", "poiuytrewqlkjhgf", "aaaaabbbbbcccccdddddeeeee",
        "abc123def456ghi789", "QWERTYuiop!@#$%^", "xyzabcdefghijklm", "q1w2e3r4t5y6u7i8", "qazwsxedcrfvtgb",
    ],
)  # fmt: skip
def test_runs_along_the_keyboard_are_refused(password: str) -> None:
    assert refused(password)
    assert rules._is_made_of_runs(rules.folded_password(password))


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery staple", "trzy sowy w dziupli", "zażółć gęślą jaźń", "qwerty is my cat's name",
        "abcdefgh and so on and on", "sowa sowa sowa sowa sowa", "Tr0ub4dor&3 and more", "🦉🦊🐻🐼🐨" * 3,
    ],
)  # fmt: skip
def test_what_has_more_to_it_is_accepted(password: str) -> None:
    assert not refused(password, "ola@example.com", "Ola")


def test_the_persons_own_name_is_refused_however_it_is_written() -> None:
    assert refused("ola.long.name@EXAMPLE.com", "ola.long.name@example.com")
    assert refused("Ｏla.long.name@example.com", "ola.long.name@example.com")


def test_letters_are_counted_as_they_are_hashed() -> None:
    decomposed = "zaz\u0307o\u0301łc\u0301 g"
    assert len(decomposed) == 11 and len(rules.normal_password(decomposed)) == 8
    assert refused("n\u0303" * 7 + "abcdefg")  # fourteen letters in twenty-one characters
    assert not refused("mañana por la ma\u00f1ana")


@pytest.mark.parametrize("password", ["1qaz2wsx3edc4rfv", "PasswordPassword", "qwertyuiop12345"])
def test_registering_with_one_is_refused_and_nothing_is_kept(world: LocalCloud, password: str) -> None:
    before = world.dump()["tables"]
    person = Person(world, "ola@example.com")
    answer = world.call("POST", "/accounts", person.registration(password=password))
    assert (answer.status, answer.json["code"], list(answer.json["fields"])) == (422, "PasswordTooEasy", ["password"])
    assert world.dump()["tables"] == before
