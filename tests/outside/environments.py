"""Environments of their own, for libraries that others' tests need and that are pinned with hashes."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
INSTALLED_WITHIN_S = 300


@cache
def python_with(requirements: Path) -> str:
    """The interpreter that has these, set up once below `build`; empty where they cannot be had. The file's name says
    for what: `requirements-onvif.txt`."""
    what = requirements.stem.partition("-")[2]
    name = hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    folder = ROOT / "build" / f"{what}-{sys.version_info.minor}-{name}"
    python, done = folder / "bin" / "python", folder / ".installed"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return str(python)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603  # ours
            subprocess.run([*pip, "--require-hashes", "-r", str(requirements)], check=True, timeout=INSTALLED_WITHIN_S)  # noqa: S603  # ours
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return ""
        done.touch()
    return str(python)
