"""MiniStack, an emulator of AWS that others wrote, started on loopback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from infra.demo.client import Unreachable, Wire
from infra.package.interpreter import PYTHON, Interpreter

PROGRAM = Path(__file__).parents[1] / "build" / "emulator" / "bin" / "ministack"
_ITS_PYTHON = PROGRAM.with_name(f"python{PYTHON}")
REGION = "eu-central-1"
STARTS_WITHIN_S = 60
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
Json = dict[str, Any]


@dataclass
class Emulator:
    """A running one. Its account's credentials are those of the root user."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """For a program that is to take it for AWS."""
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION}

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def mails(self, address: str) -> list[str]:
        """The subjects of the mails that were sent there, oldest first."""
        answer = Wire(self.url).expect(200, "GET", "/_ministack/ses/messages")
        sent = [mail for mails in answer["messages"].values() for mail in mails]
        return [mail["Subject"] for mail in sent if address in mail["To"]]


def python_of_functions() -> Interpreter | None:
    """By which it runs all functions, whatever their runtime says; None where that is another than Lambda's."""
    return Interpreter(_ITS_PYTHON, PYTHON) if _ITS_PYTHON.exists() else None


@contextmanager
def started(place: Path, *, authorizes: bool) -> Iterator[Emulator]:
    """An empty one on a free port of loopback, with its log in `place`; ended with all that it started, also if who
    started it is ended by SIGTERM, which is a KeyboardInterrupt here."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    told = {
        "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION, "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0", "AUTH": "true" if authorizes else "false", "TMPDIR": str(place),
    }  # fmt: skip
    path = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    with _interrupted_by_sigterm(), (place / "emulator.log").open("wb") as log:
        running = subprocess.Popen(  # noqa: S603  # a pinned program
            [str(PROGRAM)], cwd=place, env={**path, "HOME": str(place), **told}, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            emulator = Emulator(f"http://127.0.0.1:{port}")
            _wait_for(emulator)
            assert _listens_at(running.pid) == {f"0100007F:{port:04X}"}
            yield emulator
        finally:
            _end(running)


def _end(running: subprocess.Popen[bytes]) -> None:
    os.killpg(running.pid, signal.SIGTERM)
    try:
        running.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """As by Ctrl-C: by itself SIGTERM ends a process at once, and nothing that it would have ended."""
    is_ours = signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not is_ours or threading.current_thread() is not threading.main_thread():  # no other thread may say so
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _wait_for(emulator: Emulator) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            Wire(emulator.url).expect(200, "GET", "/_ministack/health")
            return
        except Unreachable:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _listens_at(pid: int) -> set[str]:
    """Address and port, as Linux writes them, of each TCP socket on which this process waits."""
    own = {os.readlink(one) for one in Path(f"/proc/{pid}/fd").iterdir()}
    tables = "".join(Path(f"/proc/{pid}/net/{kind}").read_text() for kind in ("tcp", "tcp6"))
    rows = [line.split() for line in tables.splitlines()]
    return {row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in own}
