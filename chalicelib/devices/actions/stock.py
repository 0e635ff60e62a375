"""From the factory into stock, where a camera is found by its serial number (B3)."""

from __future__ import annotations

from typing import Any

from chalicelib.aws import crypto
from chalicelib.aws.commit import commit, create
from chalicelib.devices import rules, shapes
from chalicelib.devices.records import Stock
from chalicelib.errors import Conflict


def load_device(made: shapes.Made) -> bool:
    """Put a camera into stock; False if it is there already, just so. Raises Conflict if it is there otherwise."""
    stock_id = id_of(made.sn)
    stock = Stock.new(
        stock_id,
        model=made.model,
        code_hash=code_hash(stock_id, made.code),
        secret_hash=secret_hash(stock_id, made.secret),
        wrong_codes=0,
    )

    def otherwise(standing: dict[str, Any] | None) -> BaseException:
        there = Stock.of(standing)
        same = there is not None and (there.model, there.code_hash, there.secret_hash) == (
            stock.model,
            stock.code_hash,
            stock.secret_hash,
        )
        return _Unchanged() if same else Conflict()

    try:
        commit(create(stock, otherwise=otherwise))
    except _Unchanged:
        return False
    return True


class _Unchanged(Exception):
    pass


def id_of(sn: str) -> str:
    return crypto.keyed_hash("serial numbers", rules.normal_sn(sn))


def code_hash(stock_id: str, code: str) -> str:
    return crypto.keyed_hash("printed codes", stock_id, rules.normal_code(code))


def secret_hash(stock_id: str, secret: str) -> str:
    return crypto.keyed_hash("factory secrets", stock_id, secret)
