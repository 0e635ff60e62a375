"""Play the tests that cover a line against changes of it: `make mutants HOUSES="orders plans" SAMPLE=50 SEED=1`.

mutmut makes the changes, coverage says which tests run each line; both are installed beside the project, and this file
runs there. What mypy refuses nobody could commit, and is not played. What each mutant came to is written at once, so
that a run that was ended goes on with the same seed, and those of several runs add up (`results.jsonl`, see
`report.py`). AGAIN=1 plays those that survived, against all tests that run their line.
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
import textwrap
import time
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from threading import RLock
from typing import Any

import libcst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import create_mutations, deep_replace

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "mutants"
# From the first the mutants are made; each worker plays in one of its own.
TREE, TYPED, NOTED = BUILD / "tree", BUILD / "tree-types", BUILD / "covered"
RESULTS = Path(__file__).with_name("results.jsonl")
# What the tests of one mutant may take, as they took without it; and of one that survived those.
MOST_S, MOST_AGAIN_S = 12.0, 400.0
# Of a test that needs no world.
_NO_TIME_S = 0.02
PYTHON = str(ROOT / ".venv/bin/python")
# In the order of the files; what is printed goes nowhere.
_PYTEST = ["-m", "pytest", "-p", "tests.mutants.player", "-p", "no:randomly", "-s", "-o", "faulthandler_timeout=0"]
# How many mypy looks at in one go.
_AT_ONCE = 300
# Of mypy: the file, the line, and what it says of it.
_COMPLAINT = re.compile(r"^(\S+\.py):(\d+): error: (.*)$", re.MULTILINE)
Answer = dict[str, Any]


@dataclass(frozen=True)
class Mutant:
    """One change of one function: `was` and `now` are its lines before and after."""

    path: str
    function: str
    hash: str  # of the function, which has changed since where it is another one
    line: int
    nth_line: int  # of the function: where others stand before it, it is the same mutant
    was: str
    now: str

    @property
    def id(self) -> str:
        what = f"{self.path} {self.function} {self.hash} {self.nth_line} {self.was} {self.now}"
        return hashlib.sha256(what.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Made:
    """A mutant with the text of the whole file, and with its function by another name, to stand behind that line."""

    mutant: Mutant
    source: str
    after_line: int
    copy: str


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

    def made(self, nth: int) -> Made:
        change = self._changes[nth]
        outer = change.contained_by_top_level_function
        after = deep_replace(self._module, change.original_node, change.mutated_node).code
        was, now = _differing(self.source, after)
        hashed = hashlib.sha256(self._module.code_for_node(outer).encode()).hexdigest()[:12]
        line, first = (self._where[node].start.line for node in (change.original_node, outer))
        path = str(self.path.relative_to(TREE))
        mutant = Mutant(path, outer.name.value, hashed, line, line - first, was, now)
        named = deep_replace(outer, change.original_node, change.mutated_node)
        named = named.with_changes(name=named.name.with_changes(value=f"{named.name.value}_{mutant.id}"))
        copy = textwrap.indent(self._module.code_for_node(named), " " * self._where[outer].start.column)
        return Made(mutant, after, self._where[outer].end.line, copy)

    def made_at(self, places: set[tuple[str, int]]) -> Iterator[Made]:
        """Those of a function of this name, in this line of it."""
        for nth, change in enumerate(self._changes):
            outer = change.contained_by_top_level_function
            line, first = (self._where[node].start.line for node in (change.original_node, outer))
            if (outer.name.value, line - first) in places:
                yield self.made(nth)


def _differing(before: str, after: str) -> tuple[str, str]:
    lines = [*difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")][3:]
    return tuple("\n".join(line[1:] for line in lines if line[0] == sign) for sign in "-+")  # type: ignore[return-value]


# Which tests run a line


@dataclass(frozen=True)
class Covered:
    """What the tests of some files run: by the file of the code and its line, which tests do."""

    lines: dict[str, dict[int, set[str]]]
    imported: dict[str, set[int]]  # before any test began
    seconds: dict[str, float]
    most_s: float
    unsound: set[str]  # what killed a mutant, and then did not

    def tests_of(self, mutant: Mutant) -> list[str]:
        """As many as do not take too long: those that take no time, of the house's own files one in turn, what is quick
        before what is not, and others' so."""
        house = f"tests/{mutant.path.split('/')[1]}/"
        files: dict[str, list[str]] = {}
        for test in self.lines.get(mutant.path, {}).get(mutant.line, set()) - self.unsound:
            files.setdefault(test.partition("::")[0], []).append(test)
        turns: list[tuple[bool, bool, int, float, str]] = []
        for file, those in files.items():
            those.sort(key=lambda it: (self.seconds[it], it))
            for nth, test in enumerate(those):
                takes_s = self.seconds[test]
                turns.append((takes_s > _NO_TIME_S, not file.startswith(house), nth, takes_s, test))
        return [*self._within(self.most_s, (test for *_, test in sorted(turns)))]

    def _within(self, seconds: float, tests: Iterator[str]) -> Iterator[str]:
        for test in tests:
            if self.seconds[test] <= seconds:
                seconds -= self.seconds[test]
                yield test

    def is_imported(self, mutant: Mutant) -> bool:
        return mutant.line in self.imported.get(mutant.path, ())


def covered(tests: list[str], workers: int, most_s: float) -> Covered:
    """Each file of tests is played once for each state of it and of the code."""
    NOTED.mkdir(parents=True, exist_ok=True)
    notes = {file: NOTED / f"{hashlib.sha256(state.encode()).hexdigest()[:16]}.json" for file, state in _states(tests)}
    missing = [file for file, note in notes.items() if not note.exists()]
    shares = [share for nth in range(workers) if (share := missing[nth::workers])]
    with ThreadPoolExecutor(workers) as pool:
        for noted in pool.map(_cover, shares, trees(workers)):
            for file, one in noted.items():
                notes[file].write_text(json.dumps(one))
    found = Covered({}, {}, {}, most_s, set())
    for note in notes.values():
        noted = json.loads(note.read_text())
        found.seconds.update(noted["seconds"])
        for path, line, those in noted["lines"]:
            found.lines.setdefault(path, {}).setdefault(line, set()).update(those)
        for path, lines in noted["imported"].items():
            found.imported.setdefault(path, set()).update(lines)
    return found


def _states(tests: list[str]) -> Iterator[tuple[str, str]]:
    code = _git("rev-parse", "HEAD:chalicelib")
    for line in _git("ls-tree", "-r", "HEAD", *tests).splitlines():
        state, _, file = line.partition("\t")
        if Path(file).name.startswith("test_"):
            yield file, f"{code} {state} {file}"


def _cover(files: list[str], tree: Path) -> dict[str, dict[str, object]]:
    data, notes, rc = (tree.with_name(f"{tree.name}.{kind}") for kind in ("sqlite", "jsonl", "rc"))
    for one in (data, notes):
        one.unlink(missing_ok=True)
    rc.write_text(f"[run]\ndata_file = {data}\nsource = chalicelib\n")
    run = [PYTHON, "-m", "coverage", "run", f"--rcfile={rc}", *_PYTEST, *files]
    environment = _environment(MUTANTS_NOTES=str(notes))
    subprocess.run(run, cwd=tree, env=environment, check=False, stdout=subprocess.DEVNULL)  # noqa: S603  # our own words only
    return dict(_noted(files, tree, data, notes))


def _noted(files: list[str], tree: Path, data: Path, notes: Path) -> Iterator[tuple[str, dict[str, object]]]:
    """What is red without any change says nothing of one."""
    from coverage import CoverageData

    seconds = {one["test"]: one["seconds"] for one in map(json.loads, notes.read_text().splitlines()) if one["green"]}
    covering = CoverageData(basename=str(data))
    covering.read()
    by_path = {str(Path(one).relative_to(tree)): covering.contexts_by_lineno(one) for one in covering.measured_files()}
    imported = {path: [line for line, found in lines.items() if "" in found] for path, lines in by_path.items()}
    for file in files:
        its = {test for test in seconds if test.partition("::")[0] == file}
        found = ((path, line, its.intersection(tests)) for path, of in by_path.items() for line, tests in of.items())
        lines = [(path, line, sorted(tests)) for path, line, tests in found if tests]
        yield file, {"seconds": {test: seconds[test] for test in its}, "lines": lines, "imported": imported}


def _git(*words: str) -> str:
    git = shutil.which("git") or "git"
    return subprocess.run([git, *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603  # our own words only


def _environment(**more: str) -> dict[str, str]:
    """Each time the same share of the cases."""
    libraries = next((BUILD / "venv/lib").glob("python*/site-packages"))
    bare = BUILD / "coverage"  # of the libraries beside the project, the tests are to see this one alone
    if not bare.exists():
        bare.mkdir()
        for one in libraries.glob("coverage*"):
            (bare / one.name).symlink_to(one)
    return {**os.environ, "PYTHONPATH": str(bare), "SHARE_SEED": "1", **more}


# What a checker of types sees


def refused_by_types(those: list[Made]) -> set[str]:
    """The ids of those that mypy refuses: each changed function stands beside its own, by another name."""
    check_out(TYPED)
    places: dict[str, list[tuple[int, int, str]]] = {}
    before = {path: (TYPED / path).read_text() for path in {one.mutant.path for one in those}}
    for path, text in before.items():
        lines: list[str] = []
        its = sorted((one for one in those if one.mutant.path == path), key=lambda one: one.after_line)
        for nth, line in enumerate(text.splitlines(), 1):
            lines.append(line)
            while its and its[0].after_line == nth:
                one, begin = its.pop(0), len(lines) + 1
                lines += one.copy.splitlines()
                places.setdefault(path, []).append((begin, len(lines), one.mutant.id))
        (TYPED / path).write_text("\n".join(lines) + "\n")
    try:
        said = list(_said_by_types([*before]))
    finally:
        for path, text in before.items():
            (TYPED / path).write_text(text)
    return {id for path, line in said for begin, end, id in places.get(path, ()) if begin <= line <= end}


def _said_by_types(paths: list[str]) -> Iterator[tuple[str, int]]:
    """Of these alone, and not of who imports them."""
    if not paths:
        return
    run = [PYTHON, "-m", "mypy", *paths]
    said = subprocess.run(run, cwd=TYPED, check=False, capture_output=True, text=True)  # noqa: S603  # our own words only
    if said.returncode not in (0, 1):
        raise RuntimeError(said.stdout + said.stderr)
    for file, line, what in _COMPLAINT.findall(said.stdout):
        if not what.endswith(("[unused-ignore]", "[no-redef]")):
            yield file, int(line)


# Playing


class Playing:
    """A process that plays tests against mutants (see player.py), and what it is asked."""

    def __init__(self, covered: Covered, tree: Path) -> None:
        self.covered, self.tree, self.sound = covered, tree, set[str]()
        files = sorted({test.partition("::")[0] for test in covered.seconds})
        (its_questions, questions), (answers, its_answers) = os.pipe(), os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  # our own words only
            [PYTHON, *_PYTEST, *files], cwd=tree, env=_environment(MUTANTS_PIPES=f"{its_questions} {its_answers}"),
            pass_fds=(its_questions, its_answers), stdout=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(its_questions), os.close(its_answers)
        self._questions, self._answers = os.fdopen(questions, "w"), os.fdopen(answers)
        self._is_ready = False

    def play(self, mutant: Mutant, source: str) -> Answer:
        begun = time.monotonic()
        while tests := self.covered.tests_of(mutant):
            answer = self._played(mutant, source, tests)
            test = answer.get("by")
            if test not in self.covered.seconds or self._is_sound(mutant, source, test):
                return {**answer, "seconds": round(time.monotonic() - begun)}
            print(f"green with the change, or red without any: {test}", flush=True)
            self.covered.unsound.add(test)
        return {"outcome": "uncovered"}

    def _played(self, mutant: Mutant, source: str, tests: list[str]) -> Answer:
        if not self.covered.is_imported(mutant):
            answer = self._ask(mutant.path, source, tests)
            if answer["outcome"] != "not here":
                return answer
        # What was done already when the process was there: another process, that finds the other text.
        with changed(self.tree / mutant.path, source):
            return Playing(self.covered, self.tree)._ended_with(tests)

    def _ended_with(self, tests: list[str]) -> Answer:
        try:
            return self._ask("", None, tests)
        except (json.JSONDecodeError, BrokenPipeError):
            return {"outcome": "killed", "by": "import"}
        finally:
            self.end()

    def _is_sound(self, mutant: Mutant, source: str, test: str) -> bool:
        """Whether what killed the mutant is red again, asked alone, and green where there is none: of a test that waits
        for a server a busy machine may be the cause."""
        if self._ask(mutant.path, source, [test])["outcome"] == "survived":
            return False
        if test not in self.sound and self._ask("", None, [test])["outcome"] != "survived":
            return False
        self.sound.add(test)
        return True

    def _ask(self, path: str, source: str | None, tests: list[str]) -> Answer:
        seconds = sum(self.covered.seconds[test] for test in tests)
        asked = {"path": path, "source": source, "tests": tests, "seconds": seconds}
        if not self._is_ready:  # all at once, where there are several
            self._answers.readline()
            self._is_ready = True
        print(json.dumps(asked), file=self._questions, flush=True)
        answer: Answer = json.loads(self._answers.readline())
        if answer["outcome"] == "broken":  # it says nothing of the tests
            raise RuntimeError(f"{path}: {answer['by']}")
        return answer

    def end(self) -> None:
        self._questions.close()
        self._process.wait()


@contextmanager
def changed(path: Path, source: str) -> Iterator[None]:
    before = path.read_text()
    path.write_text(source)
    try:
        yield
    finally:
        path.write_text(before)


def drawn(houses: list[str], seed: int) -> Iterator[Made]:
    """All, in an order of this seed."""
    files = [Changed(path) for house in houses for path in sorted((TREE / "chalicelib" / house).rglob("*.py"))]
    places = [(nth, file) for file in files for nth in range(len(file))]
    random.Random(seed).shuffle(places)  # noqa: S311  # repeatable is the point
    yield from (file.made(nth) for nth, file in places)


def known() -> dict[str, Answer]:
    """The newest of each."""
    lines = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    return {one["id"]: one for one in map(json.loads, lines)}


def found_again(results: Iterable[Answer]) -> Iterator[Made]:
    """Those of which the code is still what it was."""
    for path, those in groupby(sorted(results, key=itemgetter("path")), key=itemgetter("path")):
        places = {one["id"]: (one["function"], one["nth_line"]) for one in those}
        yield from (one for one in Changed(TREE / path).made_at({*places.values()}) if one.mutant.id in places)


def judged(those: Iterator[Made], noted: Collection[str]) -> Iterator[tuple[Made, bool]]:
    """With whether mypy refuses it, for some at once: it is the first of them that takes long."""
    while some := list(islice(those, _AT_ONCE)):
        some = [one for one in some if one.mutant.was != one.mutant.now]  # another text, and the same lines
        refused = refused_by_types([one for one in some if one.mutant.id not in noted])
        yield from ((one, one.mutant.id in refused) for one in some)


class Sample:
    """What several workers play: those that are not known yet of so many, or those that survived. What nobody could
    commit, since it is refused by its types, is none of them."""

    def __init__(
        self, those: Iterator[Made], most: int, noted: dict[str, Answer], seed: int
    ) -> None:
        self._those, self._left, self._noted, self._seed = judged(those, noted), most, noted, seed
        self._lock = RLock()

    def play(self, playing: Playing) -> None:
        while (one := self._next()) is not None:
            self._note(one.mutant, playing.play(one.mutant, one.source))
        playing.end()

    def _next(self) -> Made | None:
        with self._lock:
            while self._left and (found := next(self._those, None)) is not None:
                one, is_refused = found
                if one.mutant.id in self._noted:
                    self._left -= self._noted[one.mutant.id]["outcome"] != "type error"
                    continue
                self._left -= 1
                if not is_refused:
                    return one
                self._note(one.mutant, {"outcome": "type error", "by": "mypy"})
        return None

    def _note(self, mutant: Mutant, answer: Answer) -> None:
        result = {"id": mutant.id, **asdict(mutant), "seed": self._seed, **answer}
        with self._lock, RESULTS.open("a") as file:
            file.write(json.dumps(result) + "\n")
            self._left += answer["outcome"] == "type error"
        print(f"{answer['outcome']}: {mutant.path}:{mutant.line}  {mutant.now.strip()}", flush=True)


def trees(workers: int) -> list[Path]:
    return [BUILD / f"tree-{nth}" for nth in range(workers)]


def check_out(tree: Path) -> None:
    """What is compiled there already stays."""
    if not tree.exists():
        _git("clone", "-q", "--shared", "--no-checkout", str(ROOT), str(tree))
        (tree / ".venv").symlink_to(ROOT / ".venv")
    head = _git("rev-parse", "HEAD").strip()
    for words in (["fetch", "-q", "origin", head], ["checkout", "-q", "--force", "--detach", head]):
        _git("-C", str(tree), *words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("houses", nargs="+")
    parser.add_argument("--sample", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tests", nargs="*", help="folders and files of tests; else the houses' own, and the worlds")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="play those that survived, and draw none")
    asked = parser.parse_args()
    for tree in (TREE, *trees(asked.workers)):
        check_out(tree)
    houses = sorted(asked.houses)
    tests = asked.tests or [f"tests/{one}" for one in [*houses, "worlds"]]
    its, noted = covered(tests, asked.workers, MOST_AGAIN_S if asked.again else MOST_S), known()
    if asked.again:
        survived = [one for one in noted.values() if one["outcome"] in ("survived", "uncovered")]
        sample = Sample(found_again(survived), len(survived), {}, asked.seed)
    else:
        sample = Sample(drawn(houses, asked.seed), asked.sample, noted, asked.seed)
    playing = [Playing(its, tree) for tree in trees(asked.workers)]
    with ThreadPoolExecutor(asked.workers) as pool:
        for _ in pool.map(sample.play, playing):
            pass


if __name__ == "__main__":
    main()
