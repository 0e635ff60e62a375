"""A kind of record for tests of the windows to AWS."""

from __future__ import annotations

from typing import Any

import pytest
from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.aws.clients import client
from chalicelib.store.records import Item, KeyRow
from chalicelib.store.tags import plain


class Thing(Item):
    pk_prefix = "thing"
    sk_prefix = "part"

    name = plain(UnicodeAttribute(null=True), why="a test's")
    count = plain(NumberAttribute(null=True), why="a test's")
    marks = plain(UnicodeSetAttribute(null=True), why="a test's")


class Lock(KeyRow):
    pk_prefix = "lock"
    sk_prefix = None

    name = plain(UnicodeAttribute(null=True), why="a test's")


def stored(thing: Item) -> dict[str, Any] | None:
    """As it lies there."""
    found: dict[str, Any] | None = client("dynamodb").get_item(
        TableName=type(thing).Meta.table_name, Key=thing.own_key.raw(), ConsistentRead=True
    ).get("Item")
    return found


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; nobody really waits."""
    waited: list[float] = []
    monkeypatch.setattr(clock, "sleep", waited.append)
    return waited
