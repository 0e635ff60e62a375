"""`make night`: everything at length, step by step, and a step that was green at this commit is not played again.

Each step is played, whatever the one before it came to, and how long it took is said. What is green stands in
build/night.json; where something is changed and not committed nothing is noted, nor left out. `AGAIN=1` plays all.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
NOTED = ROOT / "build" / "night.json"
PYTEST = (sys.executable, "-m", "pytest")
WORKERS = os.environ.get("WORKERS") or "auto"
AT_ONCE = ("-n", WORKERS, "--dist", "worksteal")
# What is played at length takes as long as it takes.
_NO_LIMIT = {"PYTEST_ADDOPTS": "-o faulthandler_timeout=0"}
_EVERY_CASE = {"EVERY_CASE": "1"}
# What reads EVERY_SIZE (tests/house/test_night.py).
OF_EVERY_SIZE = (
    "tests/aws/test_sigv4.py",
    "tests/entry/test_examples.py",
    "tests/playback/test_two_days_of_chaos.py",
    "tests/privacy/test_whatever_hangs_below.py",
    "tests/register/test_erase_at_length.py",
    "tests/register/test_sweep.py",
    "tests/test_growth.py",
)


# What steps write is no change to what is tested.
WRITTEN = ("tests/alike.md", "tests/agent-long.md")


@dataclass(frozen=True)
class Step:
    """A command, and what its environment says beside ours."""

    name: str
    command: Sequence[str]
    says: dict[str, str] = field(default_factory=dict)


def _seeds() -> str:
    return " ".join(str(random.SystemRandom().randint(1, 1_000_000)) for _ in range(5))


# Nothing is left out; but what ran whole above is not run whole once more.
STEPS = (
    Step("fuzz", (*PYTEST, "tests/entry/test_fuzz.py", "-n", WORKERS), {**_EVERY_CASE, "FUZZ_EXAMPLES": "1050"}),
    Step(
        "ledger", (*PYTEST, "tests/plans/test_ledger.py"),
        {**_EVERY_CASE, "LEDGER_STEPS": "20000", "LEDGER_STEPS_OF_THE_PRODUCT": "10000"},
    ),
    *(Step(path, (*PYTEST, path), {**_EVERY_CASE, "EVERY_SIZE": "1"}) for path in OF_EVERY_SIZE),
    Step("every case", (*PYTEST, "-m", "one_in", *AT_ONCE), _EVERY_CASE),
    Step(
        "another DynamoDB", ("make", "--no-print-directory", "test-endpoint", f"WORKERS={WORKERS}"), {"EVERY_TEST": "1"}
    ),
    Step(
        "days of the agent", (*PYTEST, "tests/agent/test_day.py", "-n", WORKERS),
        {**_EVERY_CASE, "DAY_SEEDS": _seeds()},
    ),
    Step("botocore", (*PYTEST, *AT_ONCE), {"AWS_TRANSPORT": "botocore"}),
    Step("medians", (sys.executable, "-m", "tests.alike")),
    Step("the agent at length", (sys.executable, "-m", "tests.outside.long_run"), {"PYTHONPATH": "infra/agent"}),
)  # fmt: skip


def main(
    steps: Sequence[Step] = STEPS, *, noted: Path = NOTED, root: Path = ROOT, say: Callable[[str], None] = print
) -> int:
    """How many steps are red."""
    commit = _commit_of(root)
    green = _green_at(commit, noted) if not os.environ.get("AGAIN") else {}
    red = []
    for step in steps:
        if step.name in green:
            say(f"{step.name}: green at this commit, in {green[step.name]:.0f} s")
            continue
        began = time.monotonic()
        told = {**os.environ, **_NO_LIMIT, **step.says}
        is_green = subprocess.run(step.command, cwd=root, env=told, check=False).returncode == 0  # noqa: S603  # ours
        took_s = time.monotonic() - began
        say(f"{step.name}: {'green' if is_green else 'RED'} in {took_s:.0f} s")
        if not is_green:
            red.append(step.name)
        elif commit and commit == _commit_of(root):
            green[step.name] = took_s
            noted.parent.mkdir(exist_ok=True)
            noted.write_text(json.dumps({commit: green}, indent=1) + "\n")
    if red:
        say(f"RED: {', '.join(red)}")
    return len(red)


def _green_at(commit: str, noted: Path) -> dict[str, float]:
    found: dict[str, dict[str, float]] = json.loads(noted.read_text()) if noted.exists() else {}
    return found.get(commit, {})


def _commit_of(root: Path) -> str:
    """Nothing where what lies there is no commit."""
    others = [f":(exclude){path}" for path in WRITTEN]
    is_clean = _git(root, "status", "--porcelain", "--", ".", *others) == ""
    return (_git(root, "rev-parse", "HEAD") or "") if is_clean else ""


def _git(root: Path, *words: str) -> str | None:
    """What it says; None where there is no repository, or no git."""
    git = shutil.which("git")
    if git is None:
        return None
    ran = subprocess.run([git, *words], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    return ran.stdout.strip() if ran.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(min(main(), 1))
