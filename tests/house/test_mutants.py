"""Mutants are played as if their text had been imported, and counted by their newest result."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from tests.mutants import player, report

TEXT = """
RATE = 2
def price(amount, rate=2):
    return amount * rate
def twice(of):
    def inner(amount):
        return of(of(amount))
    return inner
class Order:
    is_paid = False
    @property
    def state(self):
        return "paid" if self.is_paid else "open"
most = twice(lambda amount: amount + 1)
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    path = tmp_path / "prices.py"
    path.write_text(TEXT)
    spec = importlib.util.spec_from_file_location("prices", path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.parametrize(
    ("was", "now", "asked", "before", "after"),
    [
        ("amount * rate", "amount / rate", lambda module, price, most: price(8), 16, 4),
        ('else "open"', 'else "OPEN"', lambda module, price, most: module.Order().state, "open", "OPEN"),
        ("of(of(amount))", "of(amount)", lambda module, price, most: most(1), 3, 2),
        ("amount + 1", "amount - 1", lambda module, price, most: most(1), 3, -1),
    ],
)
def test_functions_that_are_there_already_have_the_changed_code(
    module: ModuleType, was: str, now: str, asked: Callable[..., object], before: object, after: object
) -> None:
    held = module.price, module.most  # as another module imports them by name
    assert asked(module, *held) == before
    assert player._is_exchanged(Path(str(module.__file__)), TEXT.replace(was, now), player._functions())
    assert asked(module, *held) == after


@pytest.mark.parametrize(
    ("was", "now"),
    [("RATE = 2", "RATE = 3"), ("rate=2", "rate=3"), ("is_paid = False", "is_paid = True"), ("RATE = 2\n", "\n\n")],
)
def test_what_a_module_declares_is_said_not_to_be_there(module: ModuleType, was: str, now: str) -> None:
    text = TEXT.replace(was, now)
    assert not player._is_exchanged(Path(str(module.__file__)), text, player._functions())
    assert (module.price(8), module.Order().state) == (16, "open")


def test_the_newest_result_counts_and_a_type_error_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, ids = "chalicelib/orders/rules.py", "aabbbcd"
    outcomes = ("survived", "killed", "killed", "survived", "uncovered", "type error", "survived")
    results, reasons = tmp_path / "results.jsonl", tmp_path / "reasons.json"
    lines = [{"id": id, "path": path, "outcome": outcome} for id, outcome in zip(ids, outcomes, strict=True)]
    results.write_text("\n".join(map(json.dumps, lines)))
    reasons.write_text(json.dumps({"d": "Nothing is another by it."}))
    monkeypatch.setattr(report, "RESULTS", results)
    monkeypatch.setattr(report, "REASONS", reasons)
    # Of a, b and d, for c was nothing but a TypeError.
    assert [one["id"] for one in report.survivors(report.results())] == ["b"]
    assert "| orders | 3 | 2 | 66.7% | 20.8% |" in report.table(report.results())


def test_the_lower_end_of_the_interval_is_wilsons() -> None:
    # Newcombe, Stat. Med. 17 (1998), table I: 81 of 263.
    assert report.lower_end(81, 263) == pytest.approx(0.2553, abs=1e-4)
