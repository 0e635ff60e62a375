"""Instructions that a process executes, by cachegrind: the same from run to run, whatever else the machine does."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

from infra.package.interpreter import THIS, Interpreter
from tests.bench import container

# Warm: what the later fifty of 70 requests cost, one by one.
FEW, MANY = 20, 70
# Of batches; each has as much in it as many requests.
FEW_BATCHES, MANY_BATCHES = 2, 8
_CACHEGRIND = ("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")


@dataclass(frozen=True)
class Handler:
    """A handler by its name, among the packages of these folders and no others, and the Python that runs it."""

    name: str
    packages: tuple[Path, ...]
    python: Interpreter = THIS

    def warm(self, recording: Path, scenario: str, *, least: int = FEW, most: int = MANY) -> float:
        """Instructions for one more request, or batch."""
        few, many = (self._counted(recording, scenario, self.name, count) for count in (least, most))
        return (many - few) / (most - least)

    def cold(self, recording: Path, scenario: str) -> float:
        """Instructions from the bare interpreter, which Lambda starts itself, to the first answer."""
        started = self._counted(recording, scenario, container.NOTHING, 0)
        return self._counted(recording, scenario, self.name, 1) - started

    def once(self, recording: Path, scenario: str) -> dict[str, Any]:
        """The `answer` to one request, and the `calls` to AWS that it took."""
        return self._told(recording, scenario, 1)

    def peak_bytes(self, recording: Path, scenario: str) -> float:
        """Memory of a container that has answered as many requests as are counted; of three, as pages of libraries come
        and go a little."""
        return float(median(self._told(recording, scenario, MANY)["peak_bytes"] for _ in range(3)))

    def _told(self, recording: Path, scenario: str, count: int) -> dict[str, Any]:
        said = recording.with_name("said.json")
        self._run([], recording, scenario, self.name, count, said)
        told: dict[str, Any] = json.loads(said.read_text())
        return told

    def compare(self, other: Handler, recording: Path, scenario: str) -> None:
        """A ratio means something only while both do the same: the same calls, the same answer."""
        one, two = (handler.once(recording, scenario) for handler in (self, other))
        assert one["calls"] == two["calls"], (one["calls"], two["calls"])
        assert _comparable(one["answer"]) == _comparable(two["answer"]), (one["answer"], two["answer"])

    def _counted(self, recording: Path, scenario: str, name: str, count: int) -> int:
        done = self._run(_CACHEGRIND, recording, scenario, name, count, Path(os.devnull))
        found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
        assert found is not None, done.stderr
        return int(found[1].replace(",", ""))

    def _run(self, under: Any, recording: Path, scenario: str, name: str, count: int, said: Path) -> Any:
        # Without the packages of this environment (-S), and with sets in the same order each time.
        return subprocess.run(  # noqa: S603  # our own words only
            [
                *under, self.python.executable, "-S", container.__file__, recording, scenario, name, str(count), said,
            ],
            env={
                "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(map(str, self.packages)),
                "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1",
            },
            check=True, capture_output=True, text=True,
        )  # fmt: skip


def _comparable(answer: dict[str, Any]) -> object:
    if "body" not in answer:
        return answer
    body = json.loads(answer["body"])
    if "picture_url" in body:
        # Each is signed at its own second, and boto3 says the region in another place.
        address = urlsplit(body["picture_url"])
        body["picture_url"] = [address.path, sorted(part.partition("=")[0] for part in address.query.split("&"))]
    return answer["statusCode"], body
