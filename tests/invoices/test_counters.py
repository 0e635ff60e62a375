"""Counters and turns of numbering are rows like any other: they say by which schema they were written."""

from __future__ import annotations

import pytest

from chalicelib import clock
from chalicelib.invoices.actions.turns import Turns
from chalicelib.store.records import SCHEMA_VERSION
from tests.conftest import Home
from tests.plans.steps import buy, later
from tests.scene import rows


def test_they_say_by_which_schema_they_were_written(home: Home) -> None:
    buy(home)
    buy(home)
    with home.world.aws.outside(), Turns("invoice", 2026) as turns:
        turns.wait()
    kinds = {one["sk"]: one for one in rows(home.world, "invoices/counter", "Fiscal")}
    assert [(one["last"], one["schema_version"]) for one in kinds.values()] == [(2, SCHEMA_VERSION)]
    (turn,) = rows(home.world, "invoices/turn", "Fiscal")
    assert turn["schema_version"] == SCHEMA_VERSION
    assert turn["until"] == 0


def test_a_turn_is_ones_own_until_it_is_over_or_a_second_has_gone(home: Home) -> None:
    with home.world.aws.outside():
        first, second, third = (Turns("invoice", 2026) for _ in range(3))
        with first:
            assert first._is_taken() and first._is_taken()
            assert not second._is_taken()
        assert second._is_taken() and not third._is_taken()
        later(home, 0.9)
        assert not third._is_taken()
        later(home, 0.2)
        assert third._is_taken()
        second.__exit__(None, None, None)  # it was another's by then, and stays so
        assert not first._is_taken()
        assert Turns("invoice", 2027)._is_taken() and Turns("credit_note", 2026)._is_taken()


def test_nobody_waits_for_longer_than_a_second_and_a_half(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks, slept = [0.0], list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        ticks[0] += seconds

    monkeypatch.setattr(clock, "ticks_s", lambda: ticks[0])
    monkeypatch.setattr(clock, "sleep", sleep)
    with home.world.aws.outside():
        assert Turns("invoice", 2026)._is_taken()
        late = Turns("invoice", 2026)
        late.wait()
        assert not late._is_mine and 1.5 <= ticks[0] < 1.54
        assert all(0.02 <= one <= 0.04 for one in slept) and len({*slept}) > 10
        before = len(slept)
        late.wait()
        assert len(slept) == before
