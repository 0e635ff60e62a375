"""Pairs of scenarios that can conflict, derived from what each was seen to write and what its commits depend on.

Two operations can disturb each other where one writes what the other's commit has a condition on, or looks for by a
query before it decides. What a scenario writes is not typed by anybody: it is read off its own AWS calls, kept in
`footprints.json`, and compared at night.

Not seen: items that are read and decided on without a condition (as admission is), objects in S3 and rows found through
an index; what a scenario would write in another state than the one it arranges; three at once; and whatever queues and
clocks begin, or a restore of keys, which gives all functions other settings where here all are one process. What only
certain answers are right for, or what begins in such a way, is played by hand (`races`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

from infra.strict_moto import Call
from tests.conftest import Home
from tests.worlds.scenarios import SCENARIOS
from tests.worlds.sweep import Scenario

COMMITTED = Path(__file__).parents[1] / "footprints.json"
# What a write of a whole record changes, and what a query looks for: that there is one.
WHOLE = "*"
_MARK = "commit_id"
_ROOT = "root"
_SERVICE = "service service"

Records = dict[str, set[str]]


@dataclass
class Footprint:
    """Records by their kind and whose they are (`device#device share`), and which attributes of them."""

    writes: Records = field(default_factory=dict)
    depends: Records = field(default_factory=dict)

    def disturbs(self, other: Footprint) -> bool:
        return any(
            WHOLE in attributes or attributes & other.depends[record]
            for record, attributes in self.writes.items()
            if record in other.depends
        )

    def as_json(self) -> dict[str, dict[str, list[str]]]:
        sides = {"writes": self.writes, "depends": self.depends}
        return {side: {one: sorted(records[one]) for one in sorted(records)} for side, records in sides.items()}

    @classmethod
    def of_json(cls, said: dict[str, dict[str, list[str]]]) -> Footprint:
        return cls(*({one: set(names) for one, names in said[side].items()} for side in ("writes", "depends")))


def footprint(home: Home, calls: Iterable[Call]) -> Footprint:
    """What these calls wrote in DynamoDB, and what they depend on there."""
    seen = Footprint()
    for operation, request in (one for call in calls if call.service == "dynamodb" for one in _requests(call)):
        names = request.get("ExpressionAttributeNames") or {}
        if operation == "Query":
            values = request["ExpressionAttributeValues"]
            low = next((values[one]["S"] for one in (":low", ":sk", ":begin") if one in values), "")
            seen.depends.setdefault(_record(home, values[":pk"]["S"], low), set()).add(WHOLE)
            continue
        key = request.get("Item") or request["Key"]
        sort_key = key.get("sk", {}).get("S", "")
        record = _record(home, key["pk"]["S"], sort_key)
        if operation in ("Put", "Delete"):
            seen.writes.setdefault(record, set()).add(WHOLE)
        elif operation == "Update":
            seen.writes.setdefault(record, set()).update(_named(request["UpdateExpression"], names) - {_MARK})
        # Nobody else creates a record with a random id.
        is_new = operation == "Put" and "#" in sort_key
        if (condition := request.get("ConditionExpression")) and not is_new:
            seen.depends.setdefault(record, set()).update(_named(condition, names) - _own_mark(condition, names))
    return seen


def _requests(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    params = call.params
    if call.operation == "TransactWriteItems":
        for entry in params["TransactItems"]:
            yield from entry.items()
    elif call.operation == "BatchWriteItem":
        for entries in params["RequestItems"].values():
            for entry in entries:
                yield from ((name.removesuffix("Request"), request) for name, request in entry.items())
    elif call.operation in ("PutItem", "UpdateItem", "DeleteItem"):
        yield call.operation.removesuffix("Item"), params
    elif call.operation == "Query" and "IndexName" not in params:
        yield "Query", params


def _named(expression: str, names: dict[str, str]) -> set[str]:
    return {names[one] for one in re.findall(r"#\w+", expression)}


def _own_mark(condition: str, names: dict[str, str]) -> set[str]:
    """A lone write asks whether it was sent before: that is no other's business."""
    compared = {names[one] for one in re.findall(r"(#\w+) = ", condition)}
    return {_MARK} - compared


def _record(home: Home, partition_key: str, sort_key: str) -> str:
    """Of the ids only whose they are: the others are new in each run."""
    kind, _, subject = partition_key.partition("#")
    people = {"owner": home.owner.account_id, "stranger": home.stranger.account_id, "device": home.camera.device_id}
    whose = next((f"#{name}" for name, one in people.items() if one == subject), "")
    return f"{kind}{whose} {sort_key.partition('#')[0]}".rstrip()


@dataclass(frozen=True)
class Pair:
    """Two scenarios, or one and itself; `way` is how both are arranged in one world (`played_pairs.WAYS`)."""

    one: Scenario
    other: Scenario
    way: str | None = None

    @property
    def name(self) -> str:
        return f"{self.one.name} + {self.other.name}"

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(sorted((self.one.kind, self.other.kind)))


def conflicting(footprints: dict[str, Footprint]) -> list[Pair]:
    """Those that can meet. Only what somebody asks for: what queues and clocks begin, a local cloud does one at a time,
    so that such pairs are played by hand (`races`)."""
    seen = {name for name, footprint in footprints.items() if not _is_restore(footprint)}
    asked = [one for one in SCENARIOS if one.is_asked and one.name in seen]
    pairs = [Pair(one, other) for one, other in combinations_with_replacement(asked, 2)]
    return [pair for pair in pairs if _conflict(footprints[pair.one.name], footprints[pair.other.name])]


def _conflict(one: Footprint, other: Footprint) -> bool:
    return _opens_tables(one) is _opens_tables(other) and (one.disturbs(other) or other.disturbs(one))


def _opens_tables(footprint: Footprint) -> bool:
    """As a replay does: until then nobody else is admitted, whoever asks for what (tests/privacy/test_restoring.py)."""
    return _SERVICE in footprint.writes


def _is_restore(footprint: Footprint) -> bool:
    """Of the root secret: all functions are given other settings for it, and here all are one process."""
    return _ROOT in footprint.writes


def committed() -> dict[str, Footprint]:
    said = json.loads(COMMITTED.read_text())["footprints"]
    return {name: Footprint.of_json(one) for name, one in said.items()}


def pairs() -> list[Pair]:
    """Those that can meet, each with its way; None where what one needs is not there beside what the other needs."""
    ways = json.loads(COMMITTED.read_text())["ways"]
    return [replace(pair, way=ways.get(pair.name)) for pair in conflicting(committed())]


def write(footprints: dict[str, Footprint], ways: dict[str, str | None]) -> None:
    said = {"footprints": {name: one.as_json() for name, one in footprints.items()}, "ways": ways}
    COMMITTED.write_text(json.dumps(said, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
