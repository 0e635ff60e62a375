"""Runs pytest, with the arguments given, on an engine that is served beside it in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.engine.engine import Engine
from tests.engine.server import serving


def main(arguments: list[str]) -> int:
    if arguments == ["serve"]:
        server = serving(Engine())
        print(server.server_port, flush=True)
        server.serve_forever()
    return _with_engine([sys.executable, "-m", "pytest", *arguments])


def _with_engine(command: list[str]) -> int:
    """The command's exit status; the engine ends with it."""
    serve = [sys.executable, "-m", "tests.engine", "serve"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as engine:  # noqa: S603  # our own words
        try:
            assert engine.stdout is not None
            url = f"http://127.0.0.1:{int(engine.stdout.readline())}"
            told = {**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": url}
            return subprocess.run(command, env=told).returncode  # noqa: S603  # our own words
        finally:
            engine.terminate()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
