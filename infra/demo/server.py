"""Starts the local cloud as a child process on a free port, and always ends it."""

from __future__ import annotations

import queue
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_SECONDS = 120.0
ENDED_WITHIN_SECONDS = 10.0


class NotStarted(Exception):
    """The local cloud did not come up; the message is the sentence to show."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def local_cloud(
    command: Sequence[str] = (sys.executable, "-m", "infra.local"), within_seconds: float = READY_WITHIN_SECONDS
) -> Iterator[str]:
    """The address of a cloud of one's own, for as long as the block lasts."""
    port = free_port()
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(  # noqa: S603  # the command is our own, and no shell reads it
            [*command, "--port", str(port)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        )
        try:
            _wait_until_ready(child, complaints, within_seconds)
            yield f"http://127.0.0.1:{port}"
        finally:
            _end(child)


def _wait_until_ready(child: subprocess.Popen[bytes], complaints: IO[bytes], within_seconds: float) -> None:
    """Reads on in a thread afterwards too: a full pipe would stop the child."""
    lines: queue.Queue[str | None] = queue.Queue()
    threading.Thread(target=_read, args=(child, lines), daemon=True).start()
    until = time.monotonic() + within_seconds
    while True:
        try:
            line = lines.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise NotStarted(f"The local cloud was not ready within {within_seconds:.0f} seconds.") from None
        if line is None:
            raise NotStarted(f"The local cloud ended before it was ready. {_last_of(complaints)}")
        if line.strip() == "ready":
            return


def _read(child: subprocess.Popen[bytes], lines: queue.Queue[str | None]) -> None:
    assert child.stdout is not None
    for raw in child.stdout:
        lines.put(raw.decode("utf-8", "replace"))
    lines.put(None)


def _last_of(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = [line for line in complaints.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return f"It said last: {lines[-1].strip()}" if lines else "It said nothing."


def _end(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(ENDED_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    if child.stdout:
        child.stdout.close()
