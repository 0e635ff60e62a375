"""The first hour of docs/api.md is what happens: its shell is run against a served cloud."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.outside.page_scene import a_served_cloud

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
PATIENCE_S = 120


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, LocalCloud, Any]]:
    with a_served_cloud() as served:
        yield served


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq", "openssl"))), reason="curl or jq is not installed")
def test_from_nothing_to_a_picture(served: tuple[str, LocalCloud, Any], tmp_path: Path) -> None:
    url, _, _ = served
    (script,) = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    done = subprocess.run(  # noqa: S603  # the page's own words
        ["/usr/bin/env", "bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, env={**os.environ, "URL": url},
        timeout=PATIENCE_S, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"type": "motion"' in done.stdout and '"picture": "shown"' in done.stdout
    assert done.stdout.rstrip().endswith('"You"')
    assert (tmp_path / "picture.jpg").read_bytes().startswith(b"\xff\xd8\xff")
