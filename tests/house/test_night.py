"""A night goes on where it was left, and plays at full size all that has one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import night
from tests.house.laws import ROOT
from tests.night import Step

# Notes that it was played; the second is red until there is a file `cured`.
PLAYS = "import sys, pathlib; pathlib.Path('played').open('a').write(sys.argv[1])"
STEPS = (
    Step("first", (sys.executable, "-c", PLAYS, "1")),
    Step("second", (sys.executable, "-c", f"{PLAYS}; sys.exit(not pathlib.Path('cured').exists())", "2")),
    Step("third", (sys.executable, "-c", f"{PLAYS}; import os; assert os.environ['SIZE'] == '9'", "3"), {"SIZE": "9"}),
)


class Repository:
    """With what was played there, and what was said of it."""

    def __init__(self, place: Path) -> None:
        self.place, self.said = place, list[str]()
        self._git("init", "-q")
        for setting in ("user.name=a", "user.email=a@example.com", "commit.gpgsign=false"):
            self._git("config", *setting.split("="))
        (place / ".gitignore").write_text("played\ncured\nbuild/\n")
        self._git("add", ".gitignore")
        self.commit()

    def commit(self) -> None:
        self._git("commit", "-q", "--allow-empty", "-m", "another")

    def play(self) -> tuple[str, int]:
        """Which steps, and how many were red."""
        (self.place / "played").write_text("")
        red = night.main(STEPS, noted=self.place / "build" / "night.json", root=self.place, say=self.said.append)
        return (self.place / "played").read_text(), red

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.place, check=True, capture_output=True)  # noqa: S603, S607  # ours


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    monkeypatch.delenv("AGAIN", raising=False)
    return Repository(tmp_path)


def test_what_was_green_at_a_commit_is_not_played_there_again(repository: Repository) -> None:
    assert repository.play() == ("123", 1)
    assert repository.said[1].startswith("second: RED in ") and repository.said[-1] == "RED: second"
    assert repository.play() == ("2", 1)
    (repository.place / "cured").touch()
    assert repository.play() == ("2", 0)
    assert repository.play() == ("", 0)
    assert all("green at this commit" in line for line in repository.said[-3:])
    repository.commit()
    assert repository.play() == ("123", 0)


def test_what_is_not_committed_is_no_commit(repository: Repository) -> None:
    (repository.place / "cured").touch()
    (repository.place / "change").touch()
    assert [repository.play() for _ in range(2)] == [("123", 0)] * 2
    (repository.place / "change").unlink()
    (repository.place / "tests").mkdir()
    (repository.place / night.WRITTEN[0]).touch()  # by a step
    assert [repository.play() for _ in range(2)] == [("123", 0), ("", 0)]


def test_all_may_be_played_again(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository.place / "cured").touch()
    assert repository.play() == ("123", 0)
    monkeypatch.setenv("AGAIN", "1")
    assert repository.play() == ("123", 0)


def test_whatever_has_a_full_size_is_played_at_it() -> None:
    sources = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / "tests").rglob("test_*.py")}
    reading = {name for name, text in sources.items() if "EVERY_SIZE" in text and name != "tests/house/test_night.py"}
    assert reading == {*night.OF_EVERY_SIZE}


def test_every_step_has_a_name_of_its_own_and_plays_what_is_there() -> None:
    assert len({step.name for step in night.STEPS}) == len(night.STEPS)
    paths = [word for step in night.STEPS for word in step.command if word.startswith("tests/")]
    assert len(paths) > 8 and all((ROOT / path).is_file() for path in (*paths, *night.WRITTEN))
