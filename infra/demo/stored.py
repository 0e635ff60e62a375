"""Reads the dump of the local cloud: which items and objects there are, and what of it names somebody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.demo.console import Stored


@dataclass(frozen=True)
class Thing:
    """An item or an object. `where` is its table or bucket, `name` its key."""

    where: str
    name: str
    content: Mapping[str, Any]

    def names(self, ids: Iterable[str]) -> list[str]:
        """Those of the ids that are written anywhere in it."""
        written = json.dumps([self.name, self.content])
        return [known for known in ids if known in written]


def items(dump: Mapping[str, Any]) -> list[Thing]:
    return [
        Thing(table, " / ".join(str(item[name]) for name in ("pk", "sk") if name in item), item)
        for table, rows in dump["tables"].items()
        for item in rows
    ]


def objects(dump: Mapping[str, Any]) -> list[Thing]:
    return [Thing(bucket, each["key"], each) for bucket, found in dump["buckets"].items() for each in found]


def size_bytes(thing: Thing) -> int:
    """Of an object: bytes are dumped as latin-1 text, so one letter is one byte."""
    return len(thing.content["body"])


def counted(dump: Mapping[str, Any]) -> Stored:
    found = objects(dump)
    return Stored(len(found), sum(size_bytes(thing) for thing in found), len(items(dump)))
