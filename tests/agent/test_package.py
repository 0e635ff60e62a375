"""The agent's package, and the examples that come with it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from sowa_agent import VERSION
from sowa_agent.__main__ import DEFAULT_FILE
from sowa_agent.agent import REPLACED
from sowa_agent.config import read_config

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "infra" / "agent"


def test_it_carries_the_releases_that_are_tested() -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    pinned = (ROOT / "requirements-dev.txt").read_text().splitlines()
    assert project["version"] == VERSION
    assert all(f"{each} \\" in pinned for each in project["dependencies"])


def test_the_example_of_a_configuration_is_read(tmp_path: Path) -> None:
    text = (PACKAGE / "examples" / "agent.toml").read_text()
    for name in ("secret-SN0001", "password-porch"):
        (tmp_path / name).write_text("sixteen characters")
    path = tmp_path / "agent.toml"
    path.write_text(text.replace("/etc/sowa-agent", str(tmp_path)))
    (camera,) = read_config(path).cameras
    assert camera.lenses[0].sub is not None


def test_the_unit_runs_it_and_does_not_start_what_another_has_replaced() -> None:
    unit = (PACKAGE / "examples" / "sowa-agent.service").read_text()
    assert f"sowa-agent run --config {DEFAULT_FILE}" in unit
    assert f"RestartPreventExitStatus=2 {REPLACED}" in unit
