"""A share leaves nothing out for long, and no test out at all."""

from __future__ import annotations

import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from tests import shares


def _cases(name: str, count: int, one_in: int | None) -> list[Any]:
    mark = None if one_in is None else pytest.mark.one_in(one_in).mark
    looked_up = lambda wanted: mark if wanted == shares.MARK else None  # noqa: E731  # nothing but what is asked of it
    return [SimpleNamespace(nodeid=f"{name}[{number}]", get_closest_marker=looked_up) for number in range(count)]


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
