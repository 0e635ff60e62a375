"""The demo's own cloud is waited for, and ended whatever happens."""

import os
import sys
from pathlib import Path

import pytest

from infra.demo.server import NotStarted, local_cloud

SERVER = "import os, sys, time; print('starting'); open(sys.argv[1], 'w').write(str(os.getpid())); "


def _command(tmp_path: Path, then: str) -> list[str]:
    return [sys.executable, "-u", "-c", SERVER + then, str(tmp_path / "pid")]


def _is_running(tmp_path: Path) -> bool:
    try:
        os.kill(int((tmp_path / "pid").read_text()), 0)
    except ProcessLookupError:
        return False
    return True


def test_it_is_there_while_the_block_lasts_and_gone_afterwards(tmp_path: Path) -> None:
    with local_cloud(_command(tmp_path, "print('ready'); time.sleep(600)")) as url:
        assert url.startswith("http://127.0.0.1:")
        assert _is_running(tmp_path)
    assert not _is_running(tmp_path)


def test_it_is_ended_when_the_story_breaks_off(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), local_cloud(_command(tmp_path, "print('ready'); time.sleep(600)")):
        raise ZeroDivisionError
    assert not _is_running(tmp_path)


def test_one_that_dies_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="no port left"), local_cloud(_command(tmp_path, "sys.exit('no port left')")):
        pass


def test_one_that_never_gets_ready_is_given_up_and_ended(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="was not ready"), local_cloud(_command(tmp_path, "time.sleep(600)"), 0.5):
        pass
    assert not (tmp_path / "pid").exists() or not _is_running(tmp_path)
