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
from tests.bench.__main__ import BATCHES, Measured
from tests.bench.counting import Handler

# This environment's packages, and not the bundle: what is done is the same.
HERE = (*map(Path, site.getsitepackages()), RESOURCES.parents[1])
OURS, RAW = Handler("app.app", HERE), Handler("tests.bench.raw.handler", HERE)
TAKEN = ["GetObject", "PutItem", "Publish"]


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
        ("list", ["GetItem", "BatchGetItem", "GetItem", "Decrypt", "GetItem", "Query"]),
        ("write", ["GetItem", "Decrypt", "GetItem", "BatchGetItem", "GetItem", "HeadObject", "TransactWriteItems"]),
    ],
)
def test_both_answer_the_same_after_the_same_calls(recording: Path, scenario: str, calls: list[str]) -> None:
    OURS.compare(RAW, recording, scenario)
    said = OURS.once(recording, scenario)
    body = json.loads(said["answer"]["body"])
    assert operations_of(said) == calls
    assert len(body.get("items", ())) == 20 if scenario == "list" else body["read"] is True


def test_memory_is_that_of_the_process_that_answered(recording: Path) -> None:
    peak = OURS.peak_bytes(recording, "list")
    assert 20e6 < peak < RAW.peak_bytes(recording, "list")


def operations_of(said: dict[str, Any]) -> list[str]:
    return [operation for operation, _ in said["calls"]]


@pytest.mark.parametrize(
    ("scenario", "calls"),
    [
        ("picture", ["GetItem", "BatchGetItem", *TAKEN * recorded.PICTURES]),
        ("stream", ["SendMessageBatch"] * 4),
    ],
)
def test_both_have_the_same_effects(recording: Path, scenario: str, calls: list[str]) -> None:
    batch = BATCHES[scenario]
    ours = Handler(batch.ours, HERE)
    ours.compare(Handler(f"tests.bench.{batch.raw}", HERE), recording, scenario)
    said = ours.once(recording, scenario)
    assert said["answer"] == {"batchItemFailures": []}
    assert operations_of(said) == calls
    effects = [effect for operation, effect in said["calls"] if operation not in ("GetItem", "BatchGetItem")]
    assert None not in effects
    if scenario == "stream":
        assert sum(len(effect["Entries"]) for effect in effects) == recorded.CHANGES


def test_an_effect_that_differs_is_seen(recording: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def once(handler: Handler, recording: Path, scenario: str) -> dict[str, Any]:
        done = original(handler, recording, scenario)
        if handler is raw:
            done["calls"][0][1]["Entries"][0]["MessageBody"] = "{}"
        return done

    original, batch = Handler.once, BATCHES["stream"]
    raw = Handler(f"tests.bench.{batch.raw}", HERE)
    monkeypatch.setattr(Handler, "once", once)
    with pytest.raises(AssertionError):
        Handler(batch.ours, HERE).compare(raw, recording, "stream")


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
