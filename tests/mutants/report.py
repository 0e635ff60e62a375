"""How many mutants of each house were killed, and those that were not: `python -m tests.mutants.report`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from math import sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

RESULTS = Path(__file__).with_name("results.jsonl")
# Why a survivor changes nothing that anybody could see, by its id.
REASONS = Path(__file__).with_name("reasons.json")
Result = dict[str, Any]


def drawn() -> list[Result]:
    """The newest of each mutant."""
    found = (json.loads(line) for line in RESULTS.read_text().splitlines())
    return [*{one["id"]: one for one in found}.values()]


def results() -> list[Result]:
    """Without those that mypy refuses or that end in a TypeError and nothing else: they say nothing of tests."""
    return [one for one in drawn() if one["outcome"] != "type error"]


def reasons() -> dict[str, str]:
    found: dict[str, str] = json.loads(REASONS.read_text())
    return found


def is_killed(one: Result) -> bool:
    """By a test, or because nothing is another by it."""
    return one["outcome"] == "killed" or one["id"] in reasons()


def table(of: Iterable[Result]) -> str:
    """By house, with the lower end of the 95 % interval (Wilson's)."""
    houses: dict[str, list[bool]] = defaultdict(list)
    for one in of:
        for name in (one["path"].split("/")[1], "all"):
            houses[name].append(is_killed(one))
    lines = ["| house | sampled | killed | | at least (95 %) |", "|---|---:|---:|---:|---:|"]
    for name, killed in sorted(houses.items(), key=lambda it: (it[0] == "all", it[0])):
        share, least = sum(killed) / len(killed), lower_end(sum(killed), len(killed))
        lines.append(f"| {name} | {len(killed)} | {sum(killed)} | {share:.1%} | {least:.1%} |")
    return "\n".join(lines)


def lower_end(count: int, of: int) -> float:
    z, share = NormalDist().inv_cdf(0.975), count / of
    return (share + z * z / (2 * of) - z * sqrt(share * (1 - share) / of + z * z / (4 * of * of))) / (1 + z * z / of)


def survivors(of: Iterable[Result]) -> list[Result]:
    return [one for one in of if not is_killed(one)]


if __name__ == "__main__":
    sampled = results()
    print(table(sampled))
    print(f"\n{len(drawn()) - len(sampled)} more were refused by their types, and are not counted.")
    for one in survivors(sampled):
        print(f"{one['id']} {one['outcome']}: {one['path']}:{one['line']}\n  - {one['was']}\n  + {one['now']}")
