"""Runs pytest, with the arguments given, on the DynamoDB that the environment names, or else on MiniStack, which is
started for it and ended with it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import ministack


def main(arguments: list[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-p", "tests.endpoint.plugin", *arguments]
    if os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"):
        return subprocess.run(command, check=False).returncode  # noqa: S603  # our own words
    with tempfile.TemporaryDirectory() as place, ministack.started(Path(place), authorizes=False) as running:
        told = {**os.environ, "AWS_ENDPOINT_URL_DYNAMODB": running.url, "ENDPOINT": "ministack"}
        return _ran(command, told)


def _ran(command: list[str], environment: dict[str, str]) -> int:
    """How it ended. Who is ended meanwhile ends it, and waits until it has."""
    with subprocess.Popen(command, env=environment) as running:  # noqa: S603  # our own words
        try:
            return running.wait()
        except KeyboardInterrupt:
            running.terminate()
            running.wait()
            raise


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
