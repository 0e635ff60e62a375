"""What one person does costs the same however much everybody else has stored."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.register import erase
from chalicelib.store.records import Item
from infra.strict_moto import endpoint
from tests.growth import MOST_GROWTH, PLOT, SIZES, TABLE, Growth, committed, exponents, measured, plot, table
from tests.request_shapes import A_PAGE, A_TABLE, BY_KEYS
from tests.scene import ON_MOTO

# A million rows take a while: `make growth` writes all sizes, `make night` compares them.
EVERY_SIZE = bool(os.environ.get("WRITE_GROWTH") or os.environ.get("EVERY_SIZE"))


@pytest.fixture(scope="module")
def growth() -> Growth:
    return measured(SIZES if EVERY_SIZE else SIZES[:2])


def test_the_committed_table_is_what_is_counted(growth: Growth) -> None:
    if os.environ.get("WRITE_GROWTH"):
        TABLE.write_text(table(growth))
        PLOT.write_text(plot(growth))
    there = committed()
    assert there.keys() == growth.keys()
    for what, costs in growth.items():
        for size, cost in costs.items():
            is_same = _comparable(there[what][size]) == _comparable(cost.cell())
            assert is_same, f"{what} at {size}: run `make growth` and look at the difference"
    if EVERY_SIZE:
        assert (TABLE.read_text(), PLOT.read_text()) == (table(growth), plot(growth))


def _comparable(cell: str) -> str:
    """Of a DynamoDB that is elsewhere, without what it charges for reads."""
    return cell if endpoint.URL is None else re.sub(r"[\d.]+ \+ ", "", cell)


def test_nothing_grows_with_the_table(growth: Growth) -> None:
    assert {what: exponents(costs) for what, costs in growth.items() if max(exponents(costs)) > MOST_GROWTH} == {}


def test_each_request_names_keys_or_a_part_of_one_partition(growth: Growth) -> None:
    shapes = {shape for costs in growth.values() for cost in costs.values() for shape in cost.shapes}
    assert {BY_KEYS, f"{A_PAGE} of device/alarm"} <= shapes
    assert A_TABLE not in shapes


def test_the_committed_table_holds_every_size() -> None:
    assert {size for costs in committed().values() for size in costs} == set(SIZES)


@ON_MOTO
def test_an_erasure_that_scanned_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase.tree, "pages_of", _found_by_scanning)
    costs = measured(SIZES[:2], own=(20,))["closing and erasing 20 alarms"]
    assert exponents(costs)[1] > 10 * MOST_GROWTH
    assert all(A_TABLE in cost.shapes for cost in costs.values())


def _found_by_scanning(subject: str, limit: int) -> Iterator[list[dict[str, Any]]]:
    start: dict[str, Any] = {}
    while True:
        page = client("dynamodb").scan(TableName=Item.Meta.table_name, ConsistentRead=True, **start)
        found = [item for item in page["Items"] if item["pk"]["S"] == subject]
        if found:
            yield found
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
