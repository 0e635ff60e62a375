"""What ours is measured against does the same, so that the ratio means something."""

from __future__ import annotations

import json
import site
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.applier import RESOURCES
from tests.bench import recorded
from tests.bench.__main__ import Measured
from tests.bench.counting import Handler

# This environment's packages, and not the bundle: what is done is the same.
HERE = (*map(Path, site.getsitepackages()), RESOURCES.parents[1])
OURS, RAW = Handler("app.app", HERE), Handler("tests.bench.raw.handler", HERE)


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    written = tmp_path_factory.mktemp("bench") / "recording.json"
    # In a process of its own: the world of the other tests, and what this process remembers of it, stay as they are.
    done = subprocess.run(  # noqa: S603  # our own words only
        [sys.executable, "-m", recorded.__name__], cwd=HERE[-1], env={}, check=True, capture_output=True
    )
    written.write_bytes(done.stdout)
    return written


@pytest.mark.parametrize(
    ("scenario", "calls"),
    [
        ("list", ["GetItem", "BatchGetItem", "GetItem", "Decrypt", "Query"]),
        ("write", ["GetItem", "Decrypt", "GetItem", "BatchGetItem", "HeadObject", "TransactWriteItems"]),
    ],
)
def test_both_answer_the_same_after_the_same_calls(recording: Path, scenario: str, calls: list[str]) -> None:
    OURS.compare(RAW, recording, scenario)
    said = OURS.once(recording, scenario)
    body = json.loads(said["answer"]["body"])
    assert said["calls"] == calls
    assert len(body.get("items", ())) == 20 if scenario == "list" else body["read"] is True


def test_memory_is_that_of_the_process_that_answered(recording: Path) -> None:
    peak = OURS.peak_bytes(recording, "list")
    assert 20e6 < peak < RAW.peak_bytes(recording, "list")


def test_a_handler_that_does_less_is_seen(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(handler: Handler, recording: Path, scenario: str) -> dict[str, Any]:
        done = original(handler, recording, scenario)
        return done if handler is OURS else {**done, "calls": done["calls"][1:]}

    original = Handler.once
    monkeypatch.setattr(Handler, "once", once)
    with pytest.raises(AssertionError):
        OURS.compare(RAW, recording, "list")


def test_a_bar_is_broken_above_it_and_not_on_it() -> None:
    assert Measured("list", 1.0, 1.0).holds and not Measured("list", 1.001, 1.0).holds
    assert "BROKEN" in Measured("list", 1.001, 1.0).row()
    assert Measured("list", 9.0).holds
