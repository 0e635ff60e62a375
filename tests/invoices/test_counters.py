"""Counters and turns of numbering are rows like any other: they say by which schema they were written."""

from __future__ import annotations

from chalicelib.invoices.actions.turns import Turns
from chalicelib.store.records import SCHEMA_VERSION
from tests.conftest import Home
from tests.plans.steps import buy
from tests.scene import rows


def test_they_say_by_which_schema_they_were_written(home: Home) -> None:
    buy(home)
    buy(home)
    with home.world.aws.outside(), Turns("invoice", 2026) as turns:
        turns.wait()
    kinds = {one["sk"]: one for one in rows(home.world, "invoices/counter", "Fiscal")}
    assert [(one["last"], one["schema_version"]) for one in kinds.values()] == [(2, SCHEMA_VERSION)]
    (turn,) = rows(home.world, "invoices/turn", "Fiscal")
    assert turn["schema_version"] == SCHEMA_VERSION
    assert turn["until"] == 0
