"""Figures that the README and the promises repeat are those of the tables that are written by measuring."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from chalicelib.entry import openapi
from tests.house.laws import ROOT

README, PROMISES = ROOT / "README.md", ROOT / "docs" / "promises.md"
_BENCH, _MONEY = ((ROOT / "tests" / name).read_text() for name in ("bench.md", "money.md"))


def _ratio(what: str) -> str:
    return _found(rf"^\| {what} \| [\d.]+ M \| [\d.]+ M \| ([\d.]+) \|", _BENCH)


def _dollars(what: str) -> str:
    return _found(rf"^\| {what} \| \*\*all\*\* \| \| \| \*\*([\d.]+)\*\* \|", _MONEY)


def _standing() -> str:
    return _found(r"^\| \*\*all\*\* \| \| \| \*\*([\d.]+)\*\* \|", _MONEY)


def _times_s3(plan: str) -> str:
    times = _found(rf"^\| {plan} \|.* ([\d.]+) \|$", _MONEY)
    return f"{float(times):.2f}"


def _found(pattern: str, table: str) -> str:
    (figure,) = re.findall(pattern, table, re.MULTILINE)
    return str(figure)


def _work() -> str:
    return f"list {_ratio('list')}, write {_ratio('write')}, a cold start {_ratio('cold')} of it"


def _cost_of_cameras() -> str:
    alarms, cameras, channel, people, live, live_by_agent = map(
        _dollars,
        (
            "alarms and what is kept", "what cameras cause", "what the camera channel costs", "what people cause",
            "what 1,000 hours of live view cost", "the same in half a megabit, as the agent sends it",
        ),
    )  # fmt: skip
    return (
        f"{alarms} $ a month for alarms, {cameras} $ with their tickets, {channel} $ for being connected, {people} $ "
        f"for people who look; {live} $ for 1,000 hours of live view in a megabit a second, "
        f"{live_by_agent} $ in half of one; {_standing()} $ for an installation"
    )


def _package() -> str:
    megabytes = _found(r"^\| package, zip \|  \|  \| ([\d.]+) MB \|", _BENCH)
    return f"a zip ({float(megabytes):.1f} MB"


_CONTINUOUS, _EVENTS = _times_s3("continuous, 60 s, 7 days"), _times_s3("events, 20 s, 7 days")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        *((one, _work()) for one in (README, PROMISES)),
        *((one, _cost_of_cameras()) for one in (README, PROMISES)),
        (README, _package()),
        (README, f"continuous 1 Mbit/s kept 7 days: {_CONTINUOUS} ×"),
        (PROMISES, f"continuous {_CONTINUOUS} ×, events {_EVENTS} ×"),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else value[:20],
)
def test_a_figure_that_is_repeated_is_the_one_that_was_measured(document: Path, said: str) -> None:
    assert document.read_text().count(said) == 1, f"{document.name} should say: {said}"


def test_the_newest_version_of_the_changelog_is_the_one_that_is_built() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert newest is not None and newest[1] == project["version"] == openapi.VERSION
