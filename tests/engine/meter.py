"""How many requests there were, and what DynamoDB would charge for them, by its published rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from infra.strict_moto.sizes import attributes_bytes, read_units, write_units
from tests.engine.items import Item


@dataclass
class Bill:
    """What one request costs, by table."""

    read: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    written: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def reads(self, table: str, size: int, consistent: bool, times: int = 1) -> None:
        self.read[table] += times * read_units(size, consistent)

    def writes(self, table: str, old: Item | None, new: Item | None, times: int = 1) -> None:
        size = max(attributes_bytes(one) for one in (old or {}, new or {}))
        self.written[table] += times * write_units(size)

    def told(self) -> list[dict[str, Any]]:
        units = {table: self.read[table] + self.written[table] for table in {**self.read, **self.written}}
        return [
            {"TableName": table, "CapacityUnits": sum_of, "Table": {"CapacityUnits": sum_of}}
            for table, sum_of in units.items()
        ]


@dataclass
class Meter:
    """Since it was last set back."""

    requests: Counter[str] = field(default_factory=Counter)
    read: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    written: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, operation: str, bill: Bill) -> None:
        self.requests[operation] += 1
        self.read[operation] += sum(bill.read.values())
        self.written[operation] += sum(bill.written.values())

    @property
    def units(self) -> float:
        return sum(self.read.values()) + sum(self.written.values())

    def clear(self) -> None:
        self.requests.clear()
        self.read.clear()
        self.written.clear()
