"""Clients that generators made of the contract: compiled, linted, and one of them lives a household's life."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chalicelib.entry.contract import DOCUMENT
from infra.local.cloud import LocalCloud
from tests.outside.page_scene import a_served_cloud
from tests.scene import CODE, SECRET, jpeg, new_camera

HERE = Path(__file__).with_name("clients")
TOOLS = Path(__file__).parents[2] / "build" / "clients"
NODE, PYTHON = TOOLS / "node_modules" / ".bin", TOOLS / "venv" / "bin"
# Where Debian puts what Go programs import.
GO_PATH = "/usr/share/gocode"
PATIENCE_S = 300

pytestmark = pytest.mark.skipif(
    not (NODE / "tsc").exists() or not (PYTHON / "openapi-python-client").exists(), reason="`make clients` fetches them"
)


def run(command: Sequence[str | Path], where: Path, **environment: str) -> str:
    """What it printed; its complaints, if it ends with an error."""
    done = subprocess.run(  # noqa: S603  # pinned tools, our own words
        [str(part) for part in command], cwd=where, env={**os.environ, "CI": "1", **environment}, timeout=PATIENCE_S,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_redocly_and_spectral_find_nothing(tmp_path: Path) -> None:
    found = run([NODE / "redocly", "lint", "--config", HERE / "redocly.yaml", DOCUMENT], tmp_path)
    assert "Your API description is valid" in found
    assert "warning" not in found.lower().replace("deprecation warning", ""), found[-4000:]
    strict = ["--ruleset", HERE / "spectral.yaml", "--fail-severity", "hint"]
    assert "No results" in run([NODE / "spectral", "lint", *strict, DOCUMENT], tmp_path)


def test_the_linters_find_what_is_wrong(tmp_path: Path) -> None:
    contract = json.loads(DOCUMENT.read_text())
    contract["paths"]["/me"]["get"]["responses"]["200"]["content"]["application/json"]["example"]["country"] = 7
    (tmp_path / "wrong.json").write_text(json.dumps(contract))
    with pytest.raises(AssertionError, match="must conform to the schema"):
        run([NODE / "redocly", "lint", "--config", HERE / "redocly.yaml", "wrong.json"], tmp_path)


def test_typescript_is_compiled_as_strictly_as_it_gets(tmp_path: Path) -> None:
    (tmp_path / "node_modules").symlink_to(TOOLS / "node_modules")
    run([NODE / "openapi-typescript", DOCUMENT, "-o", "api.d.ts"], tmp_path)
    shutil.copy(HERE / "use.ts", tmp_path)
    strict = ("--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--noImplicitOverride")
    modern = ("--target", "es2022", "--lib", "es2022,dom", "--module", "nodenext", "--moduleResolution", "nodenext")
    run([NODE / "tsc", "--noEmit", *strict, *modern, "use.ts"], tmp_path)


@pytest.mark.skipif(shutil.which("go") is None, reason="go is not installed")
def test_go_is_compiled_and_vetted(tmp_path: Path) -> None:
    if not Path(GO_PATH, "src", "gopkg.in", "validator.v2").exists():
        pytest.skip("golang-gopkg-validator.v2-dev is not installed")
    made = tmp_path / "src" / "sowa"
    only_code = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
    choices = ("-g", "go", "--package-name", "sowa", "--additional-properties=enumClassPrefix=true")
    generator = PYTHON / "openapi-generator-cli"
    run([generator, "generate", "-i", DOCUMENT, "-o", made, *choices, "--global-property", only_code], tmp_path)
    cache = str(tmp_path / "cache")
    run(["go", "vet", "."], made, GO111MODULE="off", GOFLAGS="", GOPATH=f"{tmp_path}:{GO_PATH}", GOCACHE=cache)


def test_a_generated_client_lives_a_household_s_life(tmp_path: Path) -> None:
    made = ("--output-path", tmp_path / "sowa_client", "--meta", "none", "--overwrite")
    said = run([PYTHON / "openapi-python-client", "generate", "--path", DOCUMENT, *made], tmp_path)
    # A playlist is text of a type of its own, which it hands out as it is.
    omitted = [line for line in said.splitlines() if "WARNING parsing" in line]
    assert [line.split(" parsing ")[1].split(" within")[0] for line in omitted] == [
        "GET /live/{capability}/playlist.m3u8", "GET /recordings/{playback}/playlist.m3u8",
    ], said[-4000:]  # fmt: skip
    (tmp_path / "picture.jpg").write_bytes(jpeg(1))
    with a_served_cloud() as (url, cloud, _):
        sn = _loaded(cloud)
        words = (url, sn, CODE, SECRET, tmp_path / "picture.jpg")
        seen = json.loads(run([PYTHON / "python", HERE / "life.py", *words], tmp_path, PYTHONPATH=str(tmp_path)))
    assert seen == {
        "alarm": "motion", "at": seen["at"], "erasure": "done", "receipt": True, "afterwards": [401, "NotSignedIn"],
    }  # fmt: skip
    assert seen["at"].endswith("+00:00")


def _loaded(cloud: LocalCloud) -> Any:
    """The serial number of a camera that nobody owns yet."""
    return new_camera(cloud, "SN0042").sn
