"""Codes of gift cards: what is typed wrong is seen before anybody asks for it."""

from __future__ import annotations

import itertools
import random

import pytest

from chalicelib.gift_cards import rules
from chalicelib.gift_cards.rules import ALPHABET, LENGTH

POSITIONS = range(1, LENGTH + 1)
LOOKALIKES = "0O 1IL 2Z 5S 8B UV"


def code_with(chosen: dict[int, int]) -> str:
    """A right code with these values at these positions; a character elsewhere makes up for them."""
    prime = len(ALPHABET)
    free = next(at for at in POSITIONS if at not in chosen)
    owed = -sum(at * value for at, value in chosen.items()) * pow(free, -1, prime) % prime
    return "".join(ALPHABET[(chosen | {free: owed}).get(at, 0)] for at in POSITIONS)


def require_that_every_wrong_character_is_seen() -> None:
    for at, (right, wrong) in itertools.product(POSITIONS, itertools.permutations(range(len(ALPHABET)), 2)):
        code = code_with({at: right})
        assert rules.is_well_typed(code)
        assert not rules.is_well_typed(code[: at - 1] + ALPHABET[wrong] + code[at:]), (at, right, wrong)


def require_that_every_swap_is_seen() -> None:
    """Of neighbours, and of any other two."""
    for (at, other), (one, two) in itertools.product(
        itertools.combinations(POSITIONS, 2), itertools.permutations(range(len(ALPHABET)), 2)
    ):
        letters = list(code_with({at: one, other: two}))
        assert rules.is_well_typed("".join(letters))
        letters[at - 1], letters[other - 1] = letters[other - 1], letters[at - 1]
        assert not rules.is_well_typed("".join(letters)), (at, other, one, two)


def test_every_wrong_character_is_seen_at_every_position() -> None:
    require_that_every_wrong_character_is_seen()


def test_every_swap_of_two_characters_is_seen() -> None:
    require_that_every_swap_is_seen()


def test_a_check_that_adds_up_without_positions_lets_swaps_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "_weighted", lambda code: sum(rules._VALUES[one] for one in code))
    monkeypatch.setattr(
        f"{__name__}.code_with", lambda chosen: _unweighted({at: chosen.get(at, 0) for at in POSITIONS}, chosen)
    )
    require_that_every_wrong_character_is_seen()
    with pytest.raises(AssertionError):
        require_that_every_swap_is_seen()


def _unweighted(values: dict[int, int], chosen: dict[int, int]) -> str:
    free = next(at for at in POSITIONS if at not in chosen)
    values[free] = -sum(chosen.values()) % len(ALPHABET)
    return "".join(ALPHABET[values[at]] for at in POSITIONS)


def test_a_check_with_an_alphabet_of_no_prime_lets_some_characters_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules, "ALPHABET", ALPHABET[:-2])  # 21 is 3 times 7
    right = ALPHABET[0] * LENGTH
    assert rules.is_well_typed(right)
    assert rules.is_well_typed(right[:6] + ALPHABET[3] + right[7:])


@pytest.mark.parametrize("seed", range(20))
def test_codes_as_they_are_made_are_right_and_any_slip_of_them_is_seen(seed: int) -> None:
    source = random.Random(seed)  # noqa: S311  # repeatable is the point
    code = rules.normal_code(rules.new_code(source.randbytes(rules.RANDOM_BYTES)))
    assert rules.is_well_typed(code)
    for at, wrong in itertools.product(range(LENGTH), ALPHABET):
        assert rules.is_well_typed(code[:at] + wrong + code[at + 1 :]) == (wrong == code[at])
    for at in range(LENGTH - 1):
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert rules.is_well_typed(swapped) == (code[at] == code[at + 1])


def test_a_code_has_eighty_bits_and_more() -> None:
    assert len(ALPHABET) ** (LENGTH - 1) > 2**85
    assert 8 * rules.RANDOM_BYTES > 85 + 40  # so no code is likelier than another


def test_no_two_characters_of_the_alphabet_are_taken_for_one_another() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 23
    for several in LOOKALIKES.split():
        assert not set(several) & set(ALPHABET), several


@pytest.mark.parametrize("raw", [bytes(16), b"\xff" * 16, bytes(range(16))])
def test_any_bytes_make_a_code_of_five_groups(raw: bytes) -> None:
    code = rules.new_code(raw)
    assert [len(group) for group in code.split("-")] == [4] * 5
    assert rules.is_well_typed(rules.normal_code(code))


def test_all_characters_are_had_at_all_positions() -> None:
    source = random.Random(7)  # noqa: S311  # repeatable is the point
    codes = [rules.normal_code(rules.new_code(source.randbytes(16))) for _ in range(2000)]
    assert all({code[at] for code in codes} == set(ALPHABET) for at in range(LENGTH))


@pytest.mark.parametrize(
    "typed",
    [
        "xakw-xpy3-x4y4-9n7f-mxc3", " XAKW XPY3 X4Y4 9N7F MXC3 ", "XAKWXPY3X4Y49N7FMXC3",
        "XAKW–XPY3–X4Y4–9N7F–MXC3\ufeff",
    ],
)
def test_case_blanks_and_hyphens_do_not_count(typed: str) -> None:
    assert rules.normal_code(typed) == "XAKWXPY3X4Y49N7FMXC3"
    assert rules.is_well_typed(rules.normal_code(typed))


@pytest.mark.parametrize(
    "typed", ["", "3", "3" * 19, "3" * 21, "3" * 40, "3" * 19 + "0", "ÄÖ" * 10, "٣" * 20, "\0" * 20]
)
def test_what_has_another_length_or_other_characters_is_none(typed: str) -> None:
    assert rules.is_well_typed("3" * 20)
    assert not rules.is_well_typed(rules.normal_code(typed))
