"""What Hypothesis draws for a test is the same on every machine, whatever ran before it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from tests.house.laws import ROOT

Draw = Callable[..., str]

# Its name is a test's: its own constants are never drawn.
PLAY = """
import sys
from hypothesis import given, settings, strategies as some
from tests import hypothesis_profile

profile, beside = sys.argv[1:]
if profile == "ours":
    hypothesis_profile.load()
else:
    settings.register_profile("theirs", derandomize=True, database=None, deadline=None)
    settings.load_profile("theirs")
if beside != "nothing":
    __import__(beside)
drawn = []

@given(some.integers(), some.text(), some.binary(), some.floats())
def play(a, b, c, d):
    drawn.append((a, b, c, d))

play()
print(len(drawn), ascii(drawn))
"""


@pytest.fixture
def drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Draw:
    (tmp_path / "test_play.py").write_text(PLAY)
    (tmp_path / "limits.py").write_text("LIMITS = 70_001, 70_002, 'kestrel', b'merlin', 1.234")
    monkeypatch.setenv("PYTHONPATH", f"{ROOT}:{tmp_path}")

    def draw(profile: str, beside: str = "nothing") -> str:
        ran = subprocess.run(  # noqa: S603  # ours
            [sys.executable, tmp_path / "test_play.py", profile, beside],
            cwd=tmp_path, check=True, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.stdout.startswith("100 ")
        return ran.stdout

    return draw


def test_what_a_test_draws_is_not_changed_by_what_was_imported_before_it(drawn: Draw) -> None:
    alone, beside = drawn("ours"), drawn("ours", "limits")
    assert alone == beside
    theirs = drawn("theirs", "limits")
    assert "kestrel" in theirs or "7000" in theirs, "Hypothesis draws no constants of local modules any more"
    assert theirs != alone


def test_every_test_has_the_profile() -> None:
    ours = settings()
    assert settings.get_current_profile_name() == "sowa"
    assert (ours.derandomize, ours.database, ours.deadline) == (True, None, None)
