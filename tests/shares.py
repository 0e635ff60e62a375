"""The cases of a large test that are played this time: a share, another for each commit, and all within a few.

A test that is marked `one_in(6)` plays a sixth of its cases, and one at least. Whoever names a test (`file.py::test`,
`-k`, `--lf`) plays all of it, as EVERY_CASE=1 does everywhere; SHARE_SEED says the number of another commit.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import zlib
from collections.abc import Sequence

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


def _left_out_of(name: str, cases: list[pytest.Item], number: int) -> list[pytest.Item]:
    mark = cases[0].get_closest_marker(MARK)
    assert mark is not None
    # By their names: their order is another one each time.
    cases = sorted(cases, key=lambda case: case.nodeid)
    step = min(mark.args[0], len(cases))
    begin = (number + zlib.crc32(name.encode())) % step
    return [case for nth, case in enumerate(cases) if nth % step != begin]


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
