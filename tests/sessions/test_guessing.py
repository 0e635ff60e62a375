"""What guessing gains: a hundred thousand wrong passwords, metered, by the rules and through the door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import pytest

from chalicelib.accounts import rules
from chalicelib.contacts import rules as contacts_rules
from infra.local.cloud import LocalCloud
from tests.scene import PASSWORD, Person, new_person, rows

GUESSES = 100_000
MINUTE, HOUR, DAY = 60, 3_600, 86_400
WRONG = "wrong horse battery staple"


@dataclass
class Count:
    """What `Guesses` holds, and nothing else of the world."""

    wrong: int = 0
    wait_until: float = 0
    over_at: float = 0

    def is_answered(self, now: float) -> bool:
        """A wrong password at this second: looked at, or told to wait."""
        if now >= self.over_at:
            self.wrong, self.wait_until = 0, 0
        if now < self.wait_until:
            return False
        self.wrong += 1
        self.wait_until = now + rules.wait_after_guess_s(self.wrong)
        self.over_at = now + rules.GUESSES_REMEMBERED_HOURS * HOUR
        return True


def answered(times: Iterator[float] | range) -> list[float]:
    """Of wrong passwords at these seconds against one account, when one was looked at."""
    count = Count()
    return [now for now in times if count.is_answered(now)]


# ── By the rules ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_ten_are_looked_at_at_once_and_sixteen_in_the_first_hour() -> None:
    hundred_a_second = answered(now / 100 for now in range(GUESSES))
    assert [now for now in hundred_a_second if now < 30] == [now / 100 for now in range(10)]
    in_an_hour = answered(range(HOUR))
    assert len(in_an_hour) == 10 + 6
    assert [later - earlier for earlier, later in pairwise(in_an_hour[9:])] == [30, 60, 120, 240, 480, 960]


def test_of_a_hundred_thousand_in_a_day_and_a_bit_43_are_looked_at() -> None:
    """One each second; without the waits all would be."""
    assert len(answered(range(GUESSES))) == 43


def test_patience_gains_one_an_hour_and_going_away_for_a_day_gains_less() -> None:
    year = 365 * DAY
    patient = len(answered(range(0, year, MINUTE)))
    ten_a_day = len(answered(day * (DAY + 10) + second for day in range(365) for second in range(10)))
    assert patient <= 17 + year // HOUR == 8_777
    assert ten_a_day == 3_650 < patient


def test_no_timing_of_guesses_beats_a_guess_an_hour_after_the_first_day() -> None:
    """Whatever the gap: as soon as allowed, or so late that all is forgotten."""
    best: Counter[int] = Counter()
    for gap in (1, 7, MINUTE, HOUR - 1, HOUR, HOUR + 1, 6 * HOUR, DAY - 1, DAY, DAY + 1):
        best[gap] = len(answered(range(0, 30 * DAY, gap)))
    assert max(best.values()) <= 17 + 30 * 24


def test_many_accounts_gain_ten_each_at_once_and_no_more() -> None:
    """A hundred thousand guesses, a hundred against each of a thousand accounts, in the order that a sprayer takes."""
    counts = [Count() for _ in range(1_000)]
    looked_at: Counter[int] = Counter()
    for number in range(GUESSES):
        account = number % 1_000
        looked_at[account] += counts[account].is_answered(number / 10_000)
    assert sum(looked_at.values()) == 10_000
    assert set(looked_at.values()) == {10}


def test_a_code_of_six_digits_is_guessed_once_in_200_000() -> None:
    assert contacts_rules.CODE_TRIES / 10**6 == 1 / 200_000


# ── Through the door ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ola(world: LocalCloud) -> Person:
    return new_person(world)


def guess(world: LocalCloud, email: str, unique_id: str, password: str = WRONG) -> int:
    body = {"email": email, "password": password, "terminal": {"os": "", "model": "", "unique_id": unique_id}}
    return world.call("POST", "/sessions", body).status


@pytest.mark.parametrize("email", ["ola@example.com", "nobody@example.com"])
def test_the_door_looks_at_as_many_as_the_rules_say(ola: Person, email: str) -> None:
    """A hundred thousand seconds of guessing, every 125 s, from a stranger's new terminal each time."""
    gap = 125
    start = ola.world.now().timestamp()
    seen = []
    for number in range(GUESSES // gap):
        now = number * gap
        ola.world.clock.move_to(start + now)
        status = guess(ola.world, email, f"stranger-{number}")
        assert status in (401, 429)
        seen += [now] if status == 401 else []
    assert seen == answered(range(0, GUESSES, gap))
    assert len(seen) == 43
    # And all that time the person herself comes in, at once.
    assert ola.sign_in().status == 201


def test_many_accounts_are_counted_each_for_itself(ola: Person) -> None:
    emails = [f"person-{number}@example.com" for number in range(30)]
    new_person(ola.world, emails[0])
    seen = Counter((email, guess(ola.world, email, f"s{number}")) for number in range(14) for email in emails)
    assert {seen[email, 401] for email in emails} == {10}
    assert {seen[email, 429] for email in emails} == {4}
    assert len(rows(ola.world, "address/guesses")) == 30


def test_the_right_password_among_the_guesses_is_of_no_use_while_it_must_wait(ola: Person) -> None:
    for number in range(10):
        assert guess(ola.world, ola.email, f"s{number}") == 401
    assert {guess(ola.world, ola.email, f"s{number}", PASSWORD) for number in range(10, 20)} == {429}
