"""The share of the worlds that `make test` plays."""

import os
import shutil
import subprocess
import zlib

import pytest

# What is played in every order, at every crash, or with every delivery fault: of these `make test` plays a third,
# another for each commit (or as SHARE_SEED says), and `make night` all.
SHARED = ("test_interleavings.py::test_no_order", "test_crash_sweep.py::", "test_delivery_faults.py::test_it_ends")
ONE_IN = 3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    named = any("::" in one for one in config.args) or bool(config.option.keyword)
    if os.environ.get("EVERY_WORLD") or named:
        return
    seed = os.environ.get("SHARE_SEED") or _commit()
    left = [one for one in items if _is_shared(one.nodeid) and zlib.crc32(f"{seed} {one.nodeid}".encode()) % ONE_IN]
    config.hook.pytest_deselected(items=left)
    left_ids = {one.nodeid for one in left}
    items[:] = [one for one in items if one.nodeid not in left_ids]


def _is_shared(nodeid: str) -> bool:
    return "[" in nodeid and any(f"worlds/{begin}" in nodeid for begin in SHARED)


def _commit() -> str:
    """Where there is no repository, or no git, always the same."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run([git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)  # noqa: S603  # ours
    return asked.stdout.strip()
