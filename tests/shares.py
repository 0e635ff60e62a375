"""The cases of a large test that are played this time: a share, another for each commit, and all within a few.

A test that is marked `one_in(2)` plays half of its cases, and one at least, so that no case is left out twice running.
What costs too much for that says of which kind each case is, `one_in(12, by=…)`, called with the case's parameters:
each case is played within so many commits, and no kind is left out twice running. Whoever names a test
(`file.py::test`, `-k`, `--lf`) plays all of it, as EVERY_CASE=1 does everywhere; SHARE_SEED says the number of another
commit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Callable, Hashable, Iterator, Sequence

import pytest

MARK = "one_in"


def is_whole(config: pytest.Config) -> bool:
    """Whether this run leaves nothing out."""
    named = any("::" in one for one in config.args) or config.option.keyword or config.option.lf
    return bool(named or os.environ.get("EVERY_CASE"))


def left_out(items: Sequence[pytest.Item], number: int) -> set[str]:
    """What is not played at the commit of this number; of as many in a row as the mark says, one plays it."""
    cases: dict[str, list[pytest.Item]] = {}
    for item in items:
        if item.get_closest_marker(MARK) is not None:
            cases.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return {case.nodeid for name, those in cases.items() for case in _left_out_of(name, those, number)}


def _left_out_of(name: str, cases: list[pytest.Item], number: int) -> Iterator[pytest.Item]:
    mark = cases[0].get_closest_marker(MARK)
    assert mark is not None
    by: Callable[..., Hashable] | None = mark.kwargs.get("by")
    kinds: dict[Hashable, list[pytest.Item]] = {}
    # By their names: their order is another one each time.
    for case in sorted(cases, key=lambda case: case.nodeid):
        kinds.setdefault(None if by is None else by(*case.callspec.params.values()), []).append(case)
    for kind, those in kinds.items():
        often = len(those) if by is None else 2 * len(those)
        period = min(mark.args[0], often)
        begin = (number + zlib.crc32(f"{name} {kind}".encode())) % period
        yield from (case for nth, case in enumerate(those) if _turn(nth, len(those), period) != begin)


def _turn(nth: int, count: int, period: int) -> int:
    """Fewer than there are turns are spread over them; more take turns."""
    return nth % period if count >= period else nth * period // count


def has_turn(nodeid: str, one_in: int, number: int) -> bool:
    """Whether a whole test is played at the commit of this number: once in so many of them."""
    return (number + zlib.crc32(nodeid.encode())) % one_in == 0


def number_of_commit() -> int:
    """How many there are up to this one; where there is no repository, or no git, always the same."""
    if seed := os.environ.get("SHARE_SEED"):
        return int(seed)
    if _asked("rev-parse", "--is-shallow-repository") == "true":
        return int(_asked("rev-parse", "HEAD"), 16)  # how many there were is not known
    return int(_asked("rev-list", "--count", "HEAD") or 0)


def _asked(*words: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    return subprocess.run([git, *words], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603  # ours
