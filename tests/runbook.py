"""The commands of infra/README.md, as a shell gives them: its blocks are run, and whom they call only notes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
RUNBOOK = ROOT / "infra" / "README.md"
# What the blocks call, and none of it is carried out; and what they may need of the machine.
NOTED = ("aws", "make", "curl", "date", "git", "openssl", "sowa")
_OWN = ("bash", "sh", "cat", "chmod", "env", "grep", "head", "printf", "rm")
# What the noted ones say, where a block goes on with it.
_SAYS = {
    "aws": "an-answer-as-aws-might-give-it", "curl": "Camera Company of Somewhere", "date": "2026-11-30T10:00:00Z",
    "openssl": "0123456789abcdef",
}  # fmt: skip
# Words that end with NUL, and no Python, of whose starts a hundred take seconds. Whoever writes into a pipe must
# not find it closed.
_RECORD = "\x1e"
_NOTE = """#!/bin/sh
cat >/dev/null
printf '%s\\0' "${{0##*/}}" "$@" '{end}' >>"$NOTES"
printf '%s\\n' '{says}'
"""
# What is there when a block begins: other people's files, and those of the blocks before.
FILES = {
    "cameras.csv": "sn,model,code,secret\n",
    "firebase.json": json.dumps({"type": "service_account", "private_key": "-----BEGIN, \"quoted\" = value"}),
    "key.p8": "-----BEGIN PRIVATE KEY-----\nMIGTAgEAMBMG\n-----END PRIVATE KEY-----\n",
}  # fmt: skip


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", RUNBOOK.read_text(), re.MULTILINE | re.DOTALL)


@cache
def commands() -> tuple[tuple[str, ...], ...]:
    """Each command that the blocks give, one block after the other in one shell, with its words as it is given them.

    Raises CalledProcessError where the shell stumbles.
    """
    with TemporaryDirectory() as folder:
        place, notes = Path(folder), Path(folder) / "notes"
        stubs = place / "bin"
        stubs.mkdir()
        for name in NOTED:
            (stubs / name).write_text(_NOTE.format(end=_RECORD, says=_SAYS.get(name, "")))
            (stubs / name).chmod(0o755)
        for name in _OWN:
            (stubs / name).symlink_to(str(shutil.which(name)))
        (place / ".venv" / "bin").mkdir(parents=True)
        for python in (stubs / "python3", place / ".venv" / "bin" / "python"):
            python.symlink_to(sys.executable)
        for name, content in FILES.items():
            (place / name).write_text(content)
        # What a command says that is refused by the parser is looked at while its files are there.
        told = {"PATH": str(stubs), "HOME": folder, "NOTES": str(notes)}
        subprocess.run(  # noqa: S603  # the runbook's own words, of which nothing is carried out
            [str(shutil.which("bash")), "-euo", "pipefail", "-c", _kept("\n".join(blocks()))],
            cwd=place, env=told, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        *records, _ = notes.read_text().split(f"{_RECORD}\0")
        return tuple(tuple(record.split("\0")[:-1]) for record in records)


def _kept(script: str) -> str:
    """`rm` deletes what the parsers are still to read."""
    return f"rm() {{ :; }}\n{script}"


def of(program: str) -> list[tuple[str, ...]]:
    return [words[1:] for words in commands() if words[0] == program]


def environment() -> dict[str, str]:
    """The machine's own, without credentials."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
