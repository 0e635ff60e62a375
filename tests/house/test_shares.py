"""A share leaves nothing out for long, and no test out at all."""

from __future__ import annotations

import ast
import subprocess
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest

from tests import shares
from tests.house.laws import ROOT


def _cases(name: str, count: int, one_in: int | None, **more: Any) -> list[Any]:
    mark = None if one_in is None else pytest.mark.one_in(one_in, **more).mark
    looked_up = lambda wanted: mark if wanted == shares.MARK else None  # noqa: E731  # nothing but what is asked of it
    specs = [SimpleNamespace(params={"number": number}) for number in range(count)]
    return [
        SimpleNamespace(nodeid=f"{name}[{number}]", get_closest_marker=looked_up, callspec=spec)
        for number, spec in enumerate(specs)
    ]


class _Items(list[Any]):
    def played(self, number: int) -> list[str]:
        left = shares.left_out(self, number)
        return [one.nodeid for one in self if one.nodeid not in left]


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 60, 61])
def test_each_case_is_played_once_in_as_many_commits_as_the_mark_says(count: int) -> None:
    cases = _Items(_cases("test_a.py::test_a", count, one_in=6))
    played = [cases.played(number) for number in range(1000, 1000 + min(6, count))]
    assert all(played)
    assert sorted(name for names in played for name in names) == sorted(one.nodeid for one in cases)


# As many of each kind.
KINDS = {"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 7, "g": 8, "h": 30}
KIND_OF = [kind for kind, count in KINDS.items() for _ in range(count)]


def test_no_kind_is_left_out_twice_running_and_no_case_for_longer_than_the_mark_says() -> None:
    cases = _Items(_cases("test_a.py::test_a", len(KIND_OF), one_in=8, by=lambda number: KIND_OF[number]))
    numbers = {one.nodeid: number for number, one in enumerate(cases)}
    played = [{numbers[name] for name in cases.played(commit)} for commit in range(1000, 1040)]
    for first, second in pairwise(played):
        assert {KIND_OF[number] for number in first | second} == {*KINDS}
    for begin in range(len(played) - 8):
        assert set().union(*played[begin : begin + 8]) == {*numbers.values()}
    assert max(map(len, played)) < len(KIND_OF) / 3  # a share


# What is left out for longer, though nobody says what is like what, and why.
_NO_KINDS = {"test_every_handler_is_imported_and_called_in_a_fresh_process": "a second of a core for each function"}


def _shares_of(source: str) -> dict[str, tuple[int, bool]]:
    """One in how many each test plays, and whether by kinds."""
    return {
        test.name: (ast.literal_eval(mark.args[0]), bool(mark.keywords))
        for test in ast.walk(ast.parse(source))
        if isinstance(test, ast.FunctionDef)
        for mark in test.decorator_list
        if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.func.attr == shares.MARK
    }


def test_a_case_may_be_left_out_once_or_has_a_kind() -> None:
    found: dict[str, tuple[int, bool]] = {}
    for path in (ROOT / "tests").rglob("test_*.py"):
        found |= _shares_of(path.read_text())
    assert len(found) > 25 and sum(by_kinds for _, by_kinds in found.values()) >= 3
    longer = {name for name, (one_in, by_kinds) in found.items() if one_in > 2 and not by_kinds}
    assert longer == {*_NO_KINDS}


def test_a_case_that_is_left_out_for_long_is_seen() -> None:
    marks = "@pytest.mark.one_in(3)\ndef test_a(): ...\n@pytest.mark.one_in(8, by=kind)\ndef test_b(): ...\n"
    assert _shares_of(marks) == {"test_a": (3, False), "test_b": (8, True)}


def test_a_share_is_that_of_its_commit_in_whatever_order_cases_come() -> None:
    cases = _cases("test_a.py::test_a", 60, one_in=6)
    first, second = _Items(cases).played(7), _Items(reversed(cases)).played(7)
    assert first == second[::-1] and len(first) == 10
    assert not set(first) & set(_Items(cases).played(8))


def test_what_is_not_marked_is_always_played() -> None:
    others, marked = _cases("test_a.py::test_b", 9, one_in=None), _cases("test_a.py::test_a", 9, one_in=3)
    assert _Items([*others, *marked]).played(3)[:9] == [one.nodeid for one in others]


@pytest.mark.parametrize(
    ("args", "keyword", "every", "is_whole"),
    [
        (["tests"], "", "", False), (["tests/worlds/test_crash_sweep.py"], "", "", False), (["tests"], "", "1", True),
        (["tests/test_a.py::test_a"], "", "", True), (["tests"], "erasure", "", True),
    ],
)  # fmt: skip
def test_who_names_a_test_plays_all_of_it(
    monkeypatch: pytest.MonkeyPatch, args: list[str], keyword: str, every: str, is_whole: bool
) -> None:
    monkeypatch.setenv("EVERY_CASE", every)
    config: Any = SimpleNamespace(args=args, option=SimpleNamespace(keyword=keyword, lf=False))
    assert shares.is_whole(config) is is_whole


def test_the_next_commit_has_the_next_number(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHARE_SEED", raising=False)
    monkeypatch.chdir(tmp_path)
    assert shares.number_of_commit() == 0  # no repository
    _git("init", "-q")
    for setting in ("user.name=a", "user.email=a@example.com", "commit.gpgsign=false"):
        _git("config", *setting.split("="))
    for number in (1, 2):
        _git("commit", "-q", "--allow-empty", "-m", "another")
        assert shares.number_of_commit() == number
    _git("clone", "-q", "--depth", "1", f"file://{tmp_path}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    assert shares.number_of_commit() > 2  # by its name
    monkeypatch.setenv("SHARE_SEED", "7")
    assert shares.number_of_commit() == 7


def _git(*words: str) -> None:
    subprocess.run(["git", *words], check=True, capture_output=True)  # noqa: S603, S607  # ours
