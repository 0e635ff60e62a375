"""The process that speaks ONVIF as the agent keeps it: watched, and started anew when it dies or hangs."""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sowa_agent.onvif.device import OnvifDevice

Json = dict[str, Any]
COMMAND = (sys.executable, "-m", "sowa_agent.onvif.worker")
# It says every five seconds that it lives; a small computer may be busy.
SILENT_S = 60.0
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 120.0
# Who has run for so long has not failed at its start.
RAN_WELL_S = 300.0
ENDS_WITHIN_S = 5.0
# What hangs reads no more, and a pipe takes 64 KB.
TAKES_WITHIN_S = 10.0
LOOK_S = 0.5
MOST_LINE_BYTES = 256 * 1024
_READ_BYTES = 64 * 1024
# Of the agent's environment, in which there may be passwords, it needs no more.
_VARIABLES = ("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT")

log = logging.getLogger(__name__)


@dataclass
class OnvifProcess:
    """One process for all `devices`, for it takes 70 MB. Passwords go through its input: arguments and environment
    others may read."""

    devices: tuple[OnvifDevice, ...]
    stopped: threading.Event
    command: tuple[str, ...] = COMMAND
    monotonic: Callable[[], float] = time.monotonic
    silent_s: float = SILENT_S
    first_wait_s: float = FIRST_WAIT_S
    starts: int = 0
    _running: Any = None
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._by_id = {device.id: device for device in self.devices}
        for device in self.devices:
            device.send = self.send

    def run(self) -> None:
        """Until `stopped`."""
        wait_s = self.first_wait_s
        while not self.stopped.is_set():
            began = self.monotonic()
            try:
                why = self._run_one()
            except Exception:
                log.exception("What its process says cannot be taken.")
                why = "is not understood"
            finally:
                for device in self.devices:
                    device.lost()
            if self.stopped.is_set():
                return
            wait_s = self.first_wait_s if self.monotonic() - began > RAN_WELL_S else wait_s
            log.warning("The process for ONVIF %s; it is started anew.", why)
            self.stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def send(self, command: Json) -> bool:
        """Whether there is a process that takes it, in a bounded time."""
        with self._writing:
            try:
                return _write(self._running.stdin.fileno(), json.dumps(command).encode() + b"\n")
            except (AttributeError, OSError, ValueError):
                return False

    def _run_one(self) -> str:
        """One process from its start to its end; how it ended."""
        try:
            process = self._start()
        except OSError as error:
            return f"cannot be started ({type(error).__name__})"
        try:
            return self._listen(process)
        finally:
            self._end(process)

    def _start(self) -> Any:
        environment = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        # It finds the agent where this process has found it, and no second heap for each thread.
        environment |= {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "MALLOC_ARENA_MAX": "2"}
        # Ctrl-C at a terminal is for the agent alone, which ends it then.
        process: Any = subprocess.Popen(  # noqa: S603  # ours
            self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )
        os.set_blocking(process.stdin.fileno(), False)
        self.starts += 1
        self._running = process
        self.send({"cameras": [device.as_json() for device in self.devices]})
        return process

    def _listen(self, process: Any) -> str:
        heard_at = self.monotonic()
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not self.stopped.is_set():
                if not selector.select(LOOK_S):
                    if self.monotonic() - heard_at > self.silent_s:
                        return "hangs"
                    continue
                block = os.read(process.stdout.fileno(), _READ_BYTES)
                if not block:
                    return "has ended"
                heard_at = self.monotonic()
                *lines, rest = (rest + block).split(b"\n")
                if len(rest) > MOST_LINE_BYTES or not all(self._take(line) for line in lines):
                    return "says what cannot be read"
        return "was stopped"

    def _take(self, line: bytes) -> bool:
        """Whether it is a line as it ought to be."""
        try:
            said = json.loads(line)
            if said["what"] != "alive":
                self._by_id[said["id"]].report(said)
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
        return True

    def _end(self, process: Any) -> None:
        with self._writing:
            self._running = None
            with suppress(OSError):
                process.stdin.close()
        try:
            process.wait(ENDS_WITHIN_S if self.stopped.is_set() else 0.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _write(pipe: int, data: bytes) -> bool:
    """Whether all of it was taken; of a line that was begun the other side makes nothing, and ends."""
    until = time.monotonic() + TAKES_WITHIN_S
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_WRITE)
        while data:
            if not selector.select(max(0.0, until - time.monotonic())):
                return False
            data = data[os.write(pipe, data) :]
    return True
