"""A real browser, where there is one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")

# Two cores may be busy with other tests.
TIMEOUT_MS = 15_000
sync_api.expect.set_options(timeout=TIMEOUT_MS)
_CHROMIUM = Path("/usr/bin/chromium")
_QUIET = ("no-first-run", "disable-sync", "disable-background-networking", "disable-component-update")
_ARGUMENTS = [f"--{name}" for name in ("no-sandbox", "disable-dev-shm-usage", "disable-gpu", "disable-quic", *_QUIET)]
# Of a page of the world that asks this machine, Chromium asks its user, who is not there.
OF_THIS_MACHINE = "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests"

in_a_browser = pytest.mark.skipif(not _CHROMIUM.exists(), reason=f"no browser: {_CHROMIUM} is not installed")


@contextmanager
def a_browser(*more: str) -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(_CHROMIUM), args=[*_ARGUMENTS, *more])
        yield started
        started.close()
