"""The Python of Lambda's runtime, as this machine has it: only that version compiles what the functions can load.

`python -m infra.package.interpreter` says where it is.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

# Of all functions.
PYTHON = "3.13"
# Where its path is said, where it is not found.
VARIABLE = f"PYTHON{PYTHON.replace('.', '')}"
_ASK = "import sys; print(sys.implementation.name, '%d.%d' % sys.version_info[:2], sys.version_info.releaselevel)"
_TIMEOUT_S = 30


class Missing(Exception):
    """This machine has no such Python, and the sentence says what to do."""


class Interpreter(NamedTuple):
    """An executable, and its version: `3.13`."""

    executable: Path
    version: str


# Of the tests and of the local cloud.
THIS = Interpreter(Path(sys.executable), f"{sys.version_info.major}.{sys.version_info.minor}")


def of_lambda(environment: Mapping[str, str]) -> Interpreter:
    """The one that PYTHON313 names, else the first that is found. Raises Missing."""
    named = environment.get(VARIABLE)
    tried = [Path(named)] if named else list(_candidates(environment))
    for executable in tried:
        if _is_wanted(executable):
            return Interpreter(executable, PYTHON)
    if named:
        raise Missing(f"{VARIABLE}={named} is no Python {PYTHON}.")
    raise Missing(
        f"Lambda runs Python {PYTHON}, which is not on the path here nor among the versions of pyenv and uv. Install "
        f"it (`pyenv install {PYTHON}`, `uv python install {PYTHON}`), or say where it is: "
        f"{VARIABLE}=/path/to/python{PYTHON}"
    )


def _candidates(environment: Mapping[str, str]) -> Iterator[Path]:
    yield THIS.executable
    # pyenv puts a stand-in on the path for each version that it has, which runs only where that version is chosen.
    yield from (Path(found) for name in (f"python{PYTHON}", "python3") if (found := _on_path(name, environment)))
    root = environment.get("PYENV_ROOT") or Path(environment.get("HOME") or "/", ".pyenv")
    yield from sorted(Path(root, "versions").glob(f"{PYTHON}.*/bin/python{PYTHON}"), reverse=True)
    if (uv := _on_path("uv", environment)) is not None:
        yield from map(Path, _said([uv, "python", "find", "--no-python-downloads", PYTHON]).splitlines())


def _on_path(name: str, environment: Mapping[str, str]) -> str | None:
    return shutil.which(name, path=environment.get("PATH", ""))


def _is_wanted(executable: Path) -> bool:
    return _said([str(executable), "-I", "-c", _ASK]).split() == ["cpython", PYTHON, "final"]


def _said(command: list[str]) -> str:
    """What it writes; nothing where it fails or is not there."""
    try:
        done = subprocess.run(  # noqa: S603  # what is on the path, and asked for its version
            command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


if __name__ == "__main__":
    try:
        print(of_lambda(os.environ).executable)
    except Missing as why:
        sys.exit(str(why))
