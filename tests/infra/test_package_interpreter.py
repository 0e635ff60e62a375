"""The Python that compiles what Lambda runs is found, or what is missing is said; a runtime that ends is refused."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import cfnlint
import pytest
import yaml

from infra.package import __main__ as make_package
from infra.package import bundle, interpreter, runtimes

WANTED, OTHER = "cpython 3.13 final", "cpython 3.11 final"


@pytest.fixture(autouse=True)
def _tests_run_on_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "THIS", interpreter.Interpreter(program(tmp_path / "this", OTHER), "3.11"))


def program(path: Path, says: str, status: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho {says}\nexit {status}\n")
    path.chmod(0o755)
    return path


def found(**environment: object) -> Path:
    return interpreter.of_lambda({name: str(value) for name, value in environment.items()}).executable


def test_the_one_that_is_named_is_taken_and_no_other(tmp_path: Path) -> None:
    named, on_path = program(tmp_path / "named", WANTED), program(tmp_path / "bin" / "python3.13", WANTED)
    assert found(PATH=on_path.parent) == on_path
    assert found(PATH=on_path.parent, PYTHON313=named) == named
    with pytest.raises(interpreter.Missing, match=r"PYTHON313=.*/this is no Python 3\.13\."):
        found(PATH=on_path.parent, PYTHON313=tmp_path / "this")


def test_a_stand_in_that_does_not_run_leads_to_the_newest_that_pyenv_has(tmp_path: Path) -> None:
    stand_in = program(tmp_path / "bin" / "python3.13", "pyenv: python3.13: command not found", 127)
    versions = tmp_path / "pyenv" / "versions"
    program(versions / "3.13.0" / "bin" / "python3.13", WANTED)
    newest = program(versions / "3.13.9" / "bin" / "python3.13", WANTED)
    program(versions / "3.12.11" / "bin" / "python3.12", "cpython 3.12 final")
    assert found(PATH=stand_in.parent, PYENV_ROOT=tmp_path / "pyenv") == newest


@pytest.mark.parametrize("says", ["cpython 3.13 alpha", "pypy 3.13 final", OTHER, "cpython 3.14 final"])
def test_what_compiles_otherwise_is_passed_over_and_what_to_do_is_said(tmp_path: Path, says: str) -> None:
    on_path = program(tmp_path / "bin" / "python3.13", says)
    with pytest.raises(interpreter.Missing, match=r"pyenv install 3\.13.*PYTHON313=/path/to/python3\.13"):
        found(PATH=on_path.parent, HOME=tmp_path)


def test_uv_is_asked_for_those_that_it_has(tmp_path: Path) -> None:
    has = program(tmp_path / "uv-has" / "python3.13", WANTED)
    uv = program(tmp_path / "bin" / "uv", str(has))
    assert found(PATH=uv.parent, HOME=tmp_path) == has


# The runtime's own end


ENDS = date(2029, 7, 31)


def test_a_runtime_is_refused_from_ninety_days_before_nobody_can_create_its_functions() -> None:
    runtimes.require_lasting([bundle.RUNTIME], ENDS - timedelta(days=91))
    for today in (ENDS - timedelta(days=90), ENDS, ENDS + timedelta(days=900)):
        with pytest.raises(runtimes.Ending, match=r"python3\.13 from 2029-07-31 on"):
            runtimes.require_lasting([bundle.RUNTIME], today)


def test_a_runtime_whose_end_nobody_knows_is_refused() -> None:
    with pytest.raises(runtimes.Ending, match=r"python3\.99 is not known"):
        runtimes.require_lasting([bundle.RUNTIME, "python3.99"], date(2026, 1, 5))


def test_the_ends_are_those_that_others_know_of() -> None:
    known = json.loads((Path(cfnlint.__file__).parent / "data/AdditionalSpecs/LmbdRuntimeLifecycle.json").read_text())
    declared = yaml.safe_load(runtimes.DECLARED.read_text())
    assert bundle.RUNTIME in declared
    for name, end in declared.items():
        assert str(end) == known[name]["create-block"], name


def test_nothing_is_packaged_for_a_runtime_that_ends_or_without_its_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["make package", "--into", str(tmp_path / "build")])
    monkeypatch.setenv("PYTHON313", str(tmp_path / "this"))
    with pytest.raises(SystemExit, match=r"is no Python 3\.13"):
        make_package.main()
    ended = tmp_path / "runtimes.yaml"
    ended.write_text("python3.13: 1991-02-20\n")
    monkeypatch.setattr(runtimes, "DECLARED", ended)
    with pytest.raises(SystemExit, match="from 1991-02-20 on"):
        make_package.main()
    assert not (tmp_path / "build").exists()
