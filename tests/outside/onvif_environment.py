"""An environment of its own for ONVIF: the agent's library and ipycam, pinned with hashes, which nothing else needs."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
REQUIREMENTS = Path(__file__).with_name("requirements-onvif.txt")
INSTALLED_WITHIN_S = 300


@cache
def onvif_python() -> str:
    """The interpreter that has them, set up once below `build`; empty where they cannot be had."""
    name = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
    folder = ROOT / "build" / f"onvif-{sys.version_info.minor}-{name}"
    python, done = folder / "bin" / "python", folder / ".installed"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "onvif.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            return str(python)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)  # noqa: S603  # ours
            subprocess.run([*pip, "--require-hashes", "-r", str(REQUIREMENTS)], check=True, timeout=INSTALLED_WITHIN_S)  # noqa: S603  # ours
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return ""
        done.touch()
    return str(python)


def worker_command() -> tuple[str, ...]:
    """The agent's process for ONVIF in that environment, and with no other module of this one than the agent's."""
    agent = ROOT / "infra" / "agent"
    run = "runpy.run_module('sowa_agent.onvif.worker', run_name='__main__')"
    return onvif_python(), "-E", "-c", f"import sys, runpy; sys.path.insert(0, {str(agent)!r}); {run}"
