"""A trace of the AWS calls, in the order they took effect, with the capacity units that DynamoDB would have charged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

CALLS_KEPT = 100_000


@dataclass(slots=True, eq=False)
class Call:
    """One call of an SDK client, however often the SDK sent it."""

    service: str
    operation: str
    params: dict[str, Any]
    read_units: float = 0.0
    write_units: float = 0.0
    error: str | None = None
    attempts: int = 0
    thread: str = ""
    protocol: str = "json"
    fault: Any = None
    units_by_table: dict[str, list[float]] = field(default_factory=dict)

    @property
    def units(self) -> float:
        return self.read_units + self.write_units

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"

    def has_read(self, table: str, units: float) -> None:
        self.read_units += units
        self.units_by_table.setdefault(table, [0.0, 0.0])[0] += units

    def has_written(self, table: str, units: float) -> None:
        self.write_units += units
        self.units_by_table.setdefault(table, [0.0, 0.0])[1] += units


class Trace:
    def __init__(self) -> None:
        self.calls: list[Call] = []

    def add(self, call: Call) -> None:
        # A local cloud may run for weeks and nobody look.
        if len(self.calls) >= CALLS_KEPT:
            del self.calls[: CALLS_KEPT // 2]
        self.calls.append(call)

    def clear(self) -> None:
        self.calls.clear()

    def forget_all_but(self, newest: int) -> None:
        del self.calls[: max(0, len(self.calls) - newest)]

    def __len__(self) -> int:
        return len(self.calls)

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self.calls))

    def names(self) -> list[str]:
        return [call.name for call in self.calls]


class _Now(threading.local):
    call: Call | None = None
    outside: bool = False


_now = _Now()


def current() -> Call:
    """The call this thread is in; work done in no call at all (TTL, lifecycle) is charged to nobody."""
    return _now.call or Call("none", "none", {})


@contextmanager
def inside(call: Call) -> Iterator[None]:
    before, _now.call = _now.call, call
    try:
        yield
    finally:
        _now.call = before


@contextmanager
def outside() -> Iterator[None]:
    """Calls of the world and of AWS itself (a camera, a poller): neither traced nor struck by faults."""
    before, _now.outside = _now.outside, True
    try:
        yield
    finally:
        _now.outside = before


def is_outside() -> bool:
    return _now.outside
