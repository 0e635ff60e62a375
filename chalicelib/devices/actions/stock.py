"""From the factory into stock, where a camera is found by its serial number (B3)."""

from __future__ import annotations

from enum import Enum
from typing import Any

from chalicelib.aws import crypto
from chalicelib.aws.commit import MOST_WRITES, commit, create
from chalicelib.aws.table import read
from chalicelib.devices import rules, shapes
from chalicelib.devices.records import Stock
from chalicelib.errors import Unavailable

_TRIES = 4


class Outcome(Enum):
    """What loading a camera came to."""

    LOADED = "in stock now"
    UNCHANGED = "was in stock, just so"
    OTHERWISE = "is in stock with another code or secret"


class _Overtaken(Exception):
    """Somebody else put one of them into stock since it was looked for."""


def load(made: list[shapes.Made]) -> list[Outcome]:
    """Put cameras into stock, a hundred to a commit; what is there stays as it is."""
    hundreds = [made[first : first + MOST_WRITES] for first in range(0, len(made), MOST_WRITES)]
    return [outcome for hundred in hundreds for outcome in _load_together(hundred)]


def _load_together(made: list[shapes.Made]) -> list[Outcome]:
    # A put for each would be a call for each; looked for first, a hundred are one read, and one commit of those that
    # are new, which stands or falls with nobody having put one of them there meanwhile.
    rows = [_row_of(one) for one in made]
    for _ in range(_TRIES):
        found = read(*(row.own_key for row in rows))
        there = {row.partition_id: row for row in found if row is not None}
        new: dict[str, Stock] = {}
        outcomes = [_outcome(row, there, new) for row in rows]
        try:
            if new:
                commit(*(create(row, otherwise=_Overtaken) for row in new.values()))
        except _Overtaken:
            continue
        return outcomes
    raise Unavailable(retry_after_seconds=1)


def _row_of(made: shapes.Made) -> Stock:
    stock_id = id_of(made.sn)
    return Stock.new(
        stock_id,
        model=made.model,
        code_hash=code_hash(stock_id, made.code),
        secret_hash=secret_hash(stock_id, made.secret),
        wrong_codes=0,
    )


def _outcome(row: Stock, there: dict[str, Stock], new: dict[str, Stock]) -> Outcome:
    before = there.get(row.partition_id) or new.get(row.partition_id)
    if before is None:
        new[row.partition_id] = row
        return Outcome.LOADED
    return Outcome.UNCHANGED if _made(before) == _made(row) else Outcome.OTHERWISE


def _made(row: Stock) -> tuple[Any, ...]:
    return row.model, row.code_hash, row.secret_hash


def id_of(sn: str) -> str:
    return crypto.keyed_hash("serial numbers", rules.normal_sn(sn))


def code_hash(stock_id: str, code: str) -> str:
    return crypto.keyed_hash("printed codes", stock_id, rules.normal_code(code))


def secret_hash(stock_id: str, secret: str) -> str:
    return crypto.keyed_hash("factory secrets", stock_id, secret)
