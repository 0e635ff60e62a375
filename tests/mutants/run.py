"""Play the tests that cover a line against changes of it: `make mutants HOUSES="orders plans" SAMPLE=50 SEED=1`.

mutmut makes the changes, coverage says which tests run each line; both are installed beside the project, and this file
runs there. What each mutant came to is written at once, so that a run that was ended goes on with the same seed, and
those of several runs add up (`results.jsonl`, see `report.py`).
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import create_mutations, deep_replace

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "mutants"
TREE, COVERED = BUILD / "tree", BUILD / "covered.sqlite"
RESULTS = Path(__file__).with_name("results.jsonl")
# Where a mutant makes a test wait for ever.
MOST_S = 240
# Of the tests that run a line; those that are of its own house come first.
MOST_TESTS = 80
_NOT_A_TEST = re.compile(r"^E +TypeError: ", re.MULTILINE)
_AN_ERROR = re.compile(r"^E +(\w+(?:\.\w+)*(?:Error|Exception|Failed|Warning)?)\b", re.MULTILINE)


@dataclass(frozen=True)
class Mutant:
    """One change of one function: `was` and `now` are its lines before and after."""

    path: str
    function: str
    hash: str  # of the function, which has changed since where it is another one
    line: int
    was: str
    now: str

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.path} {self.hash} {self.line} {self.was} {self.now}".encode()).hexdigest()[:12]


class Changed:
    """A file, and the changes that may be made of its functions."""

    def __init__(self, path: Path) -> None:
        self.path, self.source = path, path.read_text()
        self._module, found, _, _ = create_mutations(str(path), self.source)
        # Not what a module or a class declares: types, fields, tables.
        self._changes = [one for one in found if isinstance(one.contained_by_top_level_function, libcst.FunctionDef)]
        self._where = MetadataWrapper(self._module, unsafe_skip_copy=True).resolve(PositionProvider)

    def __len__(self) -> int:
        return len(self._changes)

    def mutant(self, nth: int) -> tuple[Mutant, str]:
        """With the source of the whole file."""
        change = self._changes[nth]
        outer = change.contained_by_top_level_function
        after = deep_replace(self._module, change.original_node, change.mutated_node).code
        was, now = _differing(self.source, after)
        hashed = hashlib.sha256(self._module.code_for_node(outer).encode()).hexdigest()[:12]
        line = self._where[change.original_node].start.line
        return Mutant(str(self.path.relative_to(TREE)), outer.name.value, hashed, line, was, now), after


def _differing(before: str, after: str) -> tuple[str, str]:
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")][3:]
    return tuple("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")  # type: ignore[return-value]


# Which tests run a line


def cover(houses: list[str]) -> None:
    """Once for each state of the sources."""
    state = _state()
    noted = BUILD / "covered.json"
    if noted.exists() and json.loads(noted.read_text()) == [state, houses]:
        return
    COVERED.unlink(missing_ok=True)
    rc = BUILD / "coveragerc"
    rc.write_text(f"[run]\ndata_file = {COVERED}\ndynamic_context = test_function\nsource = chalicelib\n")
    folders = [f"tests/{one}" for one in [*houses, "worlds"] if (TREE / "tests" / one).exists()]
    run = [sys.executable, "-m", "coverage", "run", f"--rcfile={rc}", "-m", "pytest", "-q", "-n0", *folders]
    subprocess.run(_by_the_project(run), cwd=TREE, env=_environment(), check=True)  # noqa: S603  # our own words only
    noted.write_text(json.dumps([state, houses]))


def _by_the_project(command: list[str]) -> list[str]:
    return [str(ROOT / ".venv/bin/python"), *command[1:]]


def _state() -> str:
    return _git("rev-parse", "HEAD:chalicelib", "HEAD:tests")


def _git(*words: str) -> str:
    git = shutil.which("git") or "git"
    return subprocess.run([git, *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own words only


def _environment() -> dict[str, str]:
    libraries = next((BUILD / "venv/lib").glob("python*/site-packages"))
    bare = BUILD / "coverage"  # of the libraries beside the project, the tests are to see this one alone
    if not bare.exists():
        bare.mkdir()
        for one in libraries.glob("coverage*"):
            (bare / one.name).symlink_to(one)
    return {**os.environ, "PYTHONPATH": str(bare), "PYTEST_ADDOPTS": "-p no:randomly -o faulthandler_timeout=0"}


def tests_of(mutant: Mutant, lines: dict[str, dict[int, set[str]]]) -> list[str]:
    house = mutant.path.split("/")[1]
    covering = lines.get(mutant.path, {}).get(mutant.line, set())
    return sorted(covering, key=lambda one: (f"tests/{house}/" not in one, one))[:MOST_TESTS]


def covered_lines() -> dict[str, dict[int, set[str]]]:
    from coverage import CoverageData

    data = CoverageData(basename=str(COVERED))
    data.read()
    found: dict[str, dict[int, set[str]]] = {}
    for file in data.measured_files():
        by_line = data.contexts_by_lineno(file)
        path = str(Path(file).relative_to(TREE))
        found[path] = {line: {_node(one) for one in contexts if one} for line, contexts in by_line.items()}
    return found


def _node(context: str) -> str:
    """`tests.orders.test_orders.test_one` as pytest names it."""
    module, _, function = context.rpartition(".")
    return f"{module.replace('.', '/')}.py::{function}"


# Playing


@contextmanager
def changed(mutant: Mutant, source: str) -> Iterator[None]:
    path = TREE / mutant.path
    before = path.read_text()
    path.write_text(source)
    try:
        yield
    finally:
        path.write_text(before)


def play(mutant: Mutant, source: str, tests: list[str]) -> dict[str, object]:
    if not tests:
        return {"outcome": "uncovered"}
    command = _by_the_project(["", "-m", "pytest", "-q", "-x", "-n0", "--tb=short", *tests])
    begun = time.monotonic()
    with changed(mutant, source):
        try:
            run = subprocess.run(  # noqa: S603  # our own words only
                command, cwd=TREE, env=_environment(), timeout=MOST_S, capture_output=True, text=True
            )
        except subprocess.TimeoutExpired:
            return {"outcome": "killed", "by": "time", "tests": len(tests)}
    took = {"tests": len(tests), "seconds": round(time.monotonic() - begun)}
    if run.returncode == 0:
        return {"outcome": "survived", **took}
    if run.returncode not in (1, 2):  # some failed, or could not be imported; all else says nothing of the tests
        sys.exit(f"pytest ended with {run.returncode}:\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    by = next(iter(re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, re.MULTILINE)), "import")
    kinds = set(_AN_ERROR.findall(run.stdout))
    outcome = "type error" if _NOT_A_TEST.search(run.stdout) and not kinds - {"TypeError"} else "killed"
    return {"outcome": outcome, "by": by, **took}


def drawn(houses: list[str], seed: int) -> Iterator[tuple[Mutant, str]]:
    """All, in an order of this seed."""
    files = [Changed(path) for house in houses for path in sorted((TREE / "chalicelib" / house).rglob("*.py"))]
    places = [(nth, file) for file in files for nth in range(len(file))]
    random.Random(seed).shuffle(places)  # noqa: S311  # repeatable is the point
    yield from (file.mutant(nth) for nth, file in places)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("houses", nargs="+")
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    asked = parser.parse_args()
    if TREE.exists():
        shutil.rmtree(TREE)
    _git("clone", "-q", "--shared", str(ROOT), str(TREE))
    (TREE / ".venv").symlink_to(ROOT / ".venv")
    cover(sorted(asked.houses))
    lines = covered_lines()
    known = {json.loads(line)["id"] for line in RESULTS.read_text().splitlines()} if RESULTS.exists() else set()
    counted = 0
    for mutant, source in drawn(sorted(asked.houses), asked.seed):
        if counted == asked.sample:
            return
        if mutant.was == mutant.now:  # another text, and the same lines
            continue
        if mutant.id not in known:
            result = {"id": mutant.id, **asdict(mutant), "seed": asked.seed}
            result |= play(mutant, source, tests_of(mutant, lines))
            with RESULTS.open("a") as file:
                file.write(json.dumps(result) + "\n")
            print(f"{result['outcome']}: {mutant.path}:{mutant.line}  {mutant.now.strip()}", flush=True)
            counted += result["outcome"] != "type error"
        else:
            counted += 1


if __name__ == "__main__":
    main()
