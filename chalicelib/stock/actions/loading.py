"""A factory's cameras, row by row into stock or out of it: named in the order itself, or in a file of any length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from chalicelib import clock
from chalicelib.aws import factory
from chalicelib.aws.factory import File
from chalicelib.errors import Conflict, Invalid
from chalicelib.stock import rules, shapes
from chalicelib.stock.actions import stock
from chalicelib.stock.actions.stock import Outcome
from chalicelib.stock.records import Load
from chalicelib.stock.rules import Columns
from chalicelib.store import crypto
from chalicelib.store.commit import absent, change, commit, put
from chalicelib.store.records import read
from chalicelib.words import DEFAULT_LANGUAGE, Phrase

# What lies in memory at a time, and what a run that dies does again.
_BLOCK_BYTES = 1024 * 1024
# A third of the function's time is left for the last block.
BUDGET_S = 600
_MOST_BAD_ROWS = 100
_REMEMBERED = timedelta(days=30)
_NOT_TAKEN = "refused"

Parse = Callable[[object], Any]
Rows = Iterable[tuple[int, object]]


class LoadedElsewhere(Conflict):
    pass


@dataclass
class Tally:
    """The outcome of some rows; `bad` by their numbers."""

    done: int = 0
    unchanged: int = 0
    bad: list[shapes.BadRow] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    """An operation on numbered rows, of which a bad one is named and stops no other; and the columns that it needs."""

    name: str
    needs: tuple[str, ...]
    carry_out: Callable[[list[Any]], list[Outcome]]
    done: Outcome
    unchanged: Outcome

    def take(self, rows: Rows, parse: Parse) -> Tally:
        tally, good = Tally(), []
        for number, row in rows:
            try:
                good.append((number, parse(rules.tidied(row))))
            except Invalid as wrong:
                fields = wrong.details["fields"].items()
                found = {name: phrase.read_in(DEFAULT_LANGUAGE) for name, phrase in fields}
                tally.bad.append(shapes.BadRow(row=number, fields=found))
        outcomes = self.carry_out([row for _, row in good])
        tally.done, tally.unchanged = outcomes.count(self.done), outcomes.count(self.unchanged)
        for (number, _), outcome in zip(good, outcomes, strict=True):
            if outcome not in (self.done, self.unchanged):
                tally.bad.append(shapes.BadRow(row=number, fields={"sn": outcome.value}))
        tally.bad.sort(key=lambda one: one.row)
        return tally


def _unload(rows: list[shapes.InStock]) -> list[Outcome]:
    return stock.unload([row.sn for row in rows])


_LOADING = Order("load", rules.COLUMNS, stock.load, Outcome.LOADED, Outcome.UNCHANGED)
_UNLOADING = Order("unload", ("sn",), _unload, Outcome.UNLOADED, Outcome.ABSENT)


def load_rows(rows: Rows, parse: Parse) -> shapes.Loaded:
    """Put cameras into stock."""
    tally = _LOADING.take(rows, parse)
    return shapes.Loaded(loaded=tally.done, unchanged=tally.unchanged, bad_rows=tally.bad)


def unload_rows(rows: Rows, parse: Parse) -> shapes.Unloaded:
    """Take cameras out of stock that nobody owns."""
    tally = _UNLOADING.take(rows, parse)
    return shapes.Unloaded(unloaded=tally.done, absent=tally.unchanged, bad_rows=tally.bad)


# A file


def load_file(address: str, parse: Parse) -> shapes.LoadedFile:
    """Go on with a file of the factory's bucket where the last run stopped, for ten minutes or to its end; how far it
    is.

    What a run that died had loaded since it last noted where it was counts as unchanged. A file that is done begins
    anew. Raises Invalid, LoadedElsewhere, FileChanged.
    """
    load, how_far = _go_through(_LOADING, address, parse)
    return shapes.LoadedFile(loaded=int(load.loaded), unchanged=int(load.unchanged), **how_far)


def unload_file(address: str, parse: Parse) -> shapes.UnloadedFile:
    """The same, to take its cameras out of stock."""
    load, how_far = _go_through(_UNLOADING, address, parse)
    return shapes.UnloadedFile(unloaded=int(load.loaded), absent=int(load.unchanged), **how_far)


def _go_through(order: Order, address: str, parse: Parse) -> tuple[Load, dict[str, Any]]:
    file = _named(address)
    load, columns = _begun(order, file), _columns(order, file)
    bad_rows: list[shapes.BadRow] = []
    ends = clock.ticks_s() + BUDGET_S
    while load.position_bytes < file.size_bytes and clock.ticks_s() < ends:
        tally = _take_block(order, file, load, columns, parse)
        bad_rows += tally.bad[: _MOST_BAD_ROWS - len(bad_rows)]
    return load, _how_far(file, load, bad_rows)


def _named(address: str) -> File:
    ours = factory.address("")
    file = factory.find(address.removeprefix(ours)) if address.startswith(ours) and address != ours else None
    if file is None:
        raise Invalid(fields={"s3": Phrase("not_a_file_below", folder=ours)})
    return file


def _begun(order: Order, file: File) -> Load:
    """The position at which the last run stopped; a fresh start after none, or one that came to the end."""
    load_id = crypto.plain_hash(f"{order.name} {file.key} {file.etag}")
    (load,) = read(Load.key(load_id))
    if load is None or load.position_bytes >= file.size_bytes:
        as_read = absent(Load) if load is None else Load.position_bytes == int(load.position_bytes)
        ends = clock.epoch_s(clock.now() + _REMEMBERED)
        load = Load.new(load_id, position_bytes=0, lines=0, loaded=0, unchanged=0, bad=0, expires_at=ends)
        commit(put(load, when=as_read, otherwise=LoadedElsewhere))
    found: Load = load
    return found


def _columns(order: Order, file: File) -> Columns | None:
    """The columns that the first line names, or None for JSON lines. Raises Invalid."""
    first = rules.lines_of(factory.part(file, 0, rules.LONGEST_LINE)) if file.size_bytes else []
    return rules.columns_of(first[0] if first else b"", order.needs)


def _take_block(order: Order, file: File, load: Load, columns: Columns | None, parse: Parse) -> Tally:
    start, first = int(load.position_bytes), int(load.lines)
    data = _whole_lines(file, start, first)
    lines = rules.lines_of(data)
    is_headed = start == 0 and columns is not None
    numbered = list(enumerate(lines, start=first + 1))[1 if is_headed else 0 :]
    found = ((number, rules.row_of(line, columns)) for number, line in numbered if not rules.is_blank(line))
    tally = order.take(found, parse)
    if tally.bad:
        # Before it is noted that they were seen; named by where they begin, so that a repeat writes the same again.
        rows = b"\n".join(msgspec.json.encode(row) for row in tally.bad)
        factory.put(f"{_NOT_TAKEN}/{load.pk_id}/{first:012d}.jsonl", rows + b"\n")
    _note(load, tally, start + len(data), first + len(lines))
    return tally


def _whole_lines(file: File, start: int, first: int) -> bytes:
    data = factory.part(file, start, _BLOCK_BYTES)
    if start + len(data) >= file.size_bytes:
        return data
    end = rules.end_of_lines(data)
    if not end:
        raise Invalid(fields={"s3": Phrase("line_too_long", line=first + 1)})
    return data[:end]


def _note(load: Load, tally: Tally, position_bytes: int, lines: int) -> None:
    as_read = Load.position_bytes == int(load.position_bytes)
    sums = {
        "loaded": int(load.loaded) + tally.done,
        "unchanged": int(load.unchanged) + tally.unchanged,
        "bad": int(load.bad) + len(tally.bad),
    }
    commit(
        change(load, when=as_read, otherwise=LoadedElsewhere, position_bytes=position_bytes, lines=lines, **sums)
    )


def _how_far(file: File, load: Load, bad_rows: list[shapes.BadRow]) -> dict[str, Any]:
    return {
        "bad": int(load.bad),
        "bad_rows": bad_rows,
        "bad_rows_at": factory.address(f"{_NOT_TAKEN}/{load.pk_id}/") if load.bad else None,
        "lines": int(load.lines),
        "position_bytes": int(load.position_bytes),
        "size_bytes": file.size_bytes,
        "done": load.position_bytes >= file.size_bytes,
    }
