"""Tells the story step by step, holds each step to its promises, and adds up what it cost."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TextIO

WIDTH = 100


class BrokenPromise(Exception):
    def __init__(self, step: str, promised: str, seen: str) -> None:
        super().__init__(f"{step}: promised that {promised}; {seen}")
        self.step, self.promised, self.seen = step, promised, seen


class Teller:
    """Writes for a person who watches: plain lines of at most a hundred letters."""

    def __init__(self, to: TextIO | None = None) -> None:
        self.to = to or sys.stdout

    def line(self, text: str = "") -> None:
        print(text, file=self.to, flush=True)

    def heading(self, number: int, title: str) -> None:
        self.line()
        self.line(f"{number:>2}  {title}")

    def say(self, sentence: str, mark: str = "") -> None:
        indent = " " * 4 + f"{mark:<4}"[: 4 if mark else 0]
        self.line(textwrap.fill(sentence, WIDTH, initial_indent=indent, subsequent_indent=" " * len(indent)))

    def kept(self, promise: str) -> None:
        self.say(promise, mark="ok")

    def broken(self, broken: BrokenPromise) -> None:
        self.line()
        self.say(f"A promise is broken in step {broken.step}.")
        self.say(f"Promised: {broken.promised}")
        self.say(f"Seen:     {broken.seen}")


class Promises:
    """The promises of one step; each must be shown before the step ends."""

    def __init__(self, step: str, promised: dict[str, str], teller: Teller) -> None:
        self.step, self.promised, self.teller = step, promised, teller
        self.shown: set[str] = set()

    def shows(self, name: str, holds: bool, seen: Any) -> None:
        """`seen` is what to tell the reader if it does not hold."""
        if not holds:
            raise BrokenPromise(self.step, self.promised[name], str(seen))
        if name not in self.shown:
            self.teller.kept(self.promised[name])
        self.shown.add(name)

    def equal(self, name: str, seen: Any, expected: Any) -> None:
        self.shows(name, seen == expected, f"{_short(seen)} instead of {_short(expected)}")

    def all_shown(self) -> None:
        for name, promise in self.promised.items():
            if name not in self.shown:
                raise BrokenPromise(self.step, promise, "the step ended without showing it")


def _short(value: Any) -> str:
    text = repr(value) if isinstance(value, str | bytes) else str(value)
    return text if len(text) <= 300 else text[:300] + "…"


@dataclass(frozen=True)
class Stored:
    objects: int = 0
    bytes: int = 0
    items: int = 0

    def highest(self, other: Stored) -> Stored:
        return Stored(max(self.objects, other.objects), max(self.bytes, other.bytes), max(self.items, other.items))


@dataclass
class Cost:
    """The AWS calls of one step; None where the cloud does not count."""

    step: str
    calls: int | None = None
    read_units: float | None = None
    write_units: float | None = None
    stored: Stored = field(default_factory=Stored)


def summary(costs: Sequence[Cost], before: Stored) -> list[str]:
    """The table at the end, one line per step, then what was stored."""
    rows = [("step", "AWS calls", "read units", "write units")]
    rows += [(cost.step, _number(cost.calls), _number(cost.read_units), _number(cost.write_units)) for cost in costs]
    calls, read_units, write_units = (_number(_total(costs, name)) for name in ("calls", "read_units", "write_units"))
    rows.append(("together", calls, read_units, write_units))
    lines = [*_table(rows), ""]
    peak = before
    for cost in costs:
        peak = peak.highest(cost.stored)
    left = costs[-1].stored if costs else before
    kept = [("stored", "objects", "bytes", "items")]
    named = (("before", before), ("at its peak", peak), ("in the end", left))
    kept += [(name, f"{it.objects:,}", f"{it.bytes:,}", f"{it.items:,}") for name, it in named]
    return lines + _table(kept)


def _total(costs: Iterable[Cost], name: str) -> float | None:
    found = [getattr(cost, name) for cost in costs if getattr(cost, name) is not None]
    return sum(found) if found else None


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.1f}".removesuffix(".0")


def _table(rows: Sequence[tuple[str, str, str, str]]) -> list[str]:
    lines = [f"{first:<58}" + "".join(f"{cell:>13}" for cell in rest) for first, *rest in rows]
    rule = "-" * max(len(line) for line in lines)
    return [lines[0].rstrip(), rule, *(line.rstrip() for line in lines[1:])]
