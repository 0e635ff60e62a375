"""The agent runs all cameras, and its exit status says why it ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sowa_agent import agent
from sowa_agent.config import Config, config_of


@dataclass
class FakeCamera:
    """Ends at once where it was replaced or has failed; else when it is told to."""

    is_replaced: bool = False
    has_failed: bool = False
    onvif: None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        if not self.is_replaced and not self.has_failed:
            assert self.stopped.wait(10)


def _status(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *cameras: FakeCamera, stop: bool) -> int:
    one = config_of("http://127.0.0.1:9", "SN1", "s" * 16, "none", tmp_path).cameras[0]
    config = Config("http://127.0.0.1:9", (one,) * len(cameras), tmp_path)
    waiting = list(cameras)
    monkeypatch.setattr(agent, "camera_of", lambda *_: waiting.pop(0))
    monkeypatch.setattr(agent, "LOOK_S", 0.01)
    stopped = threading.Event()
    if stop:
        stopped.set()
    return agent.run_agent(config, stopped)


def test_who_is_told_to_stop_has_done_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _status(monkeypatch, tmp_path, FakeCamera(), FakeCamera(), stop=True) == 0


def test_one_that_was_replaced_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _status(monkeypatch, tmp_path, FakeCamera(is_replaced=True), FakeCamera(), stop=True) == 0
    assert _status(monkeypatch, tmp_path, FakeCamera(is_replaced=True), stop=False) == agent.REPLACED


def test_a_fault_of_ours_ends_all_so_that_it_is_started_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _status(monkeypatch, tmp_path, FakeCamera(has_failed=True), FakeCamera(), stop=False) == agent.FAILED
