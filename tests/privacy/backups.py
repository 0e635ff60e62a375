"""Rows that come back from a backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.aws.clients import client
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud


@contextmanager
def brought_back(world: LocalCloud) -> Iterator[None]:
    """Whatever is deleted within lies there again afterwards, as it was."""
    tables = settings.items_table, settings.keys_table
    with world.aws.outside():
        before = {name: client("dynamodb").scan(TableName=name)["Items"] for name in tables}
    yield
    world.settle()
    with world.aws.outside():
        for name, items in before.items():
            for item in items:
                client("dynamodb").put_item(TableName=name, Item=item)
