"""The README's example runs where the folder is put, and its tables name what there is."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from .. import internals
from .scene import nothing_else

FOLDER = Path(__file__).parents[1]
README = (FOLDER / "README.md").read_text()


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A foreign project, into which the folder was copied."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(FOLDER, project / "strict_moto", ignore=shutil.ignore_patterns("__pycache__"))
    return project


def run(project: Path, code: str) -> subprocess.CompletedProcess[str]:
    """In a process that finds nothing but libraries and what lies in this project."""
    begin = f"import sys; sys.path[:0] = [{str(project)!r}, {sysconfig.get_paths()['purelib']!r}]; import boto3\n"
    environment = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    command = [sys.executable, "-I", "-S", "-c", begin + code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603  # ours


def test_its_example_runs_in_a_project_that_knows_nothing_of_this_one(elsewhere: Path) -> None:
    example = README.partition("```python\n")[2].partition("```")[0]
    done = run(elsewhere, example + "print(StrictAWS.__module__)")
    assert (done.stdout, done.returncode) == ("strict_moto.layer\n", 0), done.stderr
    wrong = run(elsewhere, example.replace('"sqs.CreateQueue", 2', '"sqs.CreateQueue", 1'))
    assert wrong.returncode == 1 and "AssertionError" in wrong.stderr


def test_the_internals_that_are_replaced_are_those_of_the_list() -> None:
    with nothing_else():
        written = internals.written()
    assert "`moto.dynamodb.models.DynamoDBBackend.put_item`" in written
    assert internals.LIST.read_text() == written, "look at what changed, then run `python -m …strict_moto.internals`"


def test_an_internal_that_another_version_wrote_otherwise_is_seen() -> None:
    of_one, of_other = (internals.digest_of(method, __name__.partition(".")[0]) for method in (_tests, _named))
    assert of_one != of_other
    assert internals.digest_of(shutil.copytree, "moto") == "shutil.copytree"
    assert internals.digest_of(property(_tests), __name__.partition(".")[0]) == of_one
    assert (internals.digest_of(25, "moto"), internals.digest_of(re, "moto")) == ("25", "module re")


def test_what_is_red_on_bare_moto_is_in_the_table() -> None:
    marked = _named([line for line in README.splitlines() if "| ✗ " in line])
    red = {name for name, fixtures in _tests() if fixtures & {"strict_or_bare", "ask"}}
    assert "test_a_full_last_page_has_a_next_one" in marked
    assert red == marked


def test_the_table_names_tests_that_there_are() -> None:
    assert _named(README.splitlines()) - {name for name, _ in _tests()} == set()
    assert _named(["| a | b | `test_of_nothing`"]) == {"test_of_nothing"}


def _named(lines: list[str]) -> set[str]:
    return {name for line in lines for name in re.findall(r"`(test_\w+)`", line)}


def _tests() -> Iterator[tuple[str, set[str]]]:
    """Each test of this folder, and what fixtures it takes."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        for one in ast.parse(path.read_text()).body:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
                yield one.name, {argument.arg for argument in one.args.args}
