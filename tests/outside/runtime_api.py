"""Lambda's Runtime API on loopback, and a container that asks it for events by AWS's own client, awslambdaric.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

from infra.package.interpreter import PYTHON, Interpreter

REQUIREMENTS = Path(__file__).with_name("requirements-lambda.txt")
_BASE = "/2018-06-01/runtime"
_ANSWERED_WITHIN_S, _FUNCTION_MAY_TAKE_S = 120, 60


class Ended(Exception):
    """The container's process ended; with the last that it wrote."""


class Outcome(NamedTuple):
    """What the client posted: to `response`, `error` or `init/error`."""

    kind: str
    body: bytes

    @property
    def answer(self) -> Any:
        """Raises unless it is one, and JSON in UTF-8 as Lambda's service demands."""
        assert self.kind == "response", self
        return json.loads(self.body.decode(), parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


@dataclass
class Api:
    """Events that wait to be asked for, and outcomes."""

    events: queue.Queue[bytes] = field(default_factory=queue.Queue)
    outcomes: queue.Queue[Outcome] = field(default_factory=queue.Queue)
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))


def _handler(api: Api) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            assert self.path == f"{_BASE}/invocation/next"
            api.asked.release()
            event = api.events.get()
            self._send(200, event, {
                "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + _FUNCTION_MAY_TAKE_S) * 1000)),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:tested",
                "Content-Type": "application/json",
            })  # fmt: skip

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = self.path.removeprefix(f"{_BASE}/")
            self._send(202, b'{"status": "OK"}', {})
            api.outcomes.put(Outcome(kind if kind == "init/error" else kind.rpartition("/")[2], body))

        def _send(self, status: int, body: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """It is quiet."""

    return Handler


@dataclass
class Container:
    """A process that runs one function; it takes one event after the other."""

    process: subprocess.Popen[bytes]
    api: Api
    log: Path

    def invoke(self, event: Any) -> Outcome:
        """`event` is JSON as bytes, or what json.dumps makes it of: lone surrogates as escapes. Raises Ended."""
        self.api.events.put(event if isinstance(event, bytes) else json.dumps(event).encode())
        return self.outcome()

    def outcome(self) -> Outcome:
        return self._awaited(lambda: self.api.outcomes.get(timeout=0.2))

    def waits(self) -> bool:
        """Whether it asked for an event once more than it had one: it lives. Raises Ended."""
        return bool(self._awaited(lambda: self.api.asked.acquire(timeout=0.2) or _raise_empty()))

    def lines(self) -> list[Any]:
        """What it logged: JSON in UTF-8, all of it."""
        return [json.loads(line) for line in self.log.read_bytes().decode().splitlines()]

    def _awaited(self, look: Any) -> Any:
        end = time.monotonic() + _ANSWERED_WITHIN_S
        while time.monotonic() < end:
            has_ended = self.process.poll() is not None
            try:
                return look()
            except queue.Empty:
                if has_ended:
                    raise Ended(self.log.read_bytes()[-2000:].decode(errors="replace")) from None
        raise TimeoutError(self.log.read_bytes()[-2000:])


def _raise_empty() -> None:
    raise queue.Empty


@contextmanager
def container(
    handler: str, task: Path, log: Path, python: Interpreter, environment: Mapping[str, str]
) -> Iterator[Container]:
    """Lambda's: what was unpacked at `task`, the client, the standard library, and nothing else."""
    api = Api()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(api))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    told = {
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_address[1]}", "LAMBDA_TASK_ROOT": str(task),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{PYTHON}", "AWS_LAMBDA_LOG_FORMAT": "JSON", "LANG": "en_US.UTF-8",
        "AWS_LAMBDA_LOG_LEVEL": "WARN", "AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1",
        "PYTHONPATH": f"{task}{os.pathsep}{client()}", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    with log.open("wb") as said:
        process = subprocess.Popen(  # noqa: S603  # our own words only
            [str(python.executable), "-S", "-s", "-m", "awslambdaric", handler],
            cwd=task, env={**told, **environment}, stdout=said, stderr=said,
        )  # fmt: skip
    try:
        yield Container(process, api, log)
    finally:
        process.kill()
        process.wait()
        server.shutdown()
        server.server_close()


@cache
def client() -> Path:
    """Where awslambdaric lies, fetched once below `build`; raises CalledProcessError where it cannot be had."""
    into = REQUIREMENTS.parents[2] / "build" / "awslambdaric"
    if not (into / ".installed").exists():
        subprocess.run(  # noqa: S603  # our own words only
            [
                sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps",
                "--upgrade", "--require-hashes", "--requirement", REQUIREMENTS, "--target", into,
                "--only-binary", ":all:",
                "--python-version", PYTHON, "--implementation", "cp", "--platform", "manylinux2014_x86_64",
                "--platform", "manylinux_2_28_x86_64",
            ],
            check=True,
        )  # fmt: skip
        (into / ".installed").touch()
    return into
