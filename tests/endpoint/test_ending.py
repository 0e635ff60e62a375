"""Who ends the run on another DynamoDB ends all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.laws import ROOT

# In the place of MiniStack, whose environment has nothing of ours: it says who it is in a file of its folder.
EMULATOR = """#!{python}
import http.server, os, pathlib
class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{{}}")
    def log_message(self, *_): pass
pathlib.Path("pid").write_text(str(os.getpid()))
http.server.HTTPServer(("127.0.0.1", int(os.environ["GATEWAY_PORT"])), Health).serve_forever()
"""
RUN = """
import pathlib, sys
from tests import ministack
from tests.endpoint import __main__ as endpoint
ministack.PROGRAM, place = (pathlib.Path(one) for one in sys.argv[1:])
with ministack.started(place, authorizes=False):
    endpoint._ran([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(600)"], {})
"""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """The run, and who it has started: the emulator and the tests."""
    program = tmp_path / "emulator"
    program.write_text(EMULATOR.format(python=sys.executable))
    program.chmod(0o700)
    with subprocess.Popen(  # noqa: S603  # ours
        [sys.executable, "-c", RUN, program, tmp_path], cwd=ROOT, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as run:  # fmt: skip
        assert run.stdout is not None
        started = [int(run.stdout.readline()), int((tmp_path / "pid").read_text())]
        yield run, started
        run.kill()
        for pid in filter(_is_there, started):
            os.kill(pid, signal.SIGKILL)


def _is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_neither_tests_nor_emulator_stay_behind(
    running: tuple[subprocess.Popen[str], list[int]], how: signal.Signals
) -> None:
    run, started = running
    assert all(map(_is_there, started)) and len({run.pid, *started}) == 3
    run.send_signal(how)
    assert run.wait(30) != 0
    assert not any(map(_is_there, started))
