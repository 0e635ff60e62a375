"""Events as AWS sends them, each a file, loaded by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def event(name: str) -> Any:
    """A fresh copy of `<name>.json`."""
    return json.loads((_FOLDER / f"{name}.json").read_text())


def shared(asked: Any, listener: str | None) -> Any:
    """An event of a queue, as it comes for one of several listeners; none for a queue that has but one."""
    for record in asked["Records"] if listener else []:
        record["body"] = json.dumps({"listener": listener, **json.loads(record["body"])})
    return asked


def event_names() -> list[str]:
    return sorted(path.stem for path in _FOLDER.glob("*.json"))
