"""Rows that come back from a backup, and copies of tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.aws.clients import client
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud
from tests.conftest import Home


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


def copied(home: Home, table_name: str) -> str:
    """As point-in-time recovery does it: the table as it is at this moment, under another name."""
    copy = empty_like(home, table_name, f"{table_name}-restored")
    with home.world.aws.outside():
        for item in client("dynamodb").scan(TableName=table_name)["Items"]:
            client("dynamodb").put_item(TableName=copy, Item=item)
    return copy


def empty_like(home: Home, table_name: str, name: str) -> str:
    with home.world.aws.outside():
        described = client("dynamodb").describe_table(TableName=table_name)["Table"]
        schema = {part: described[part] for part in ("KeySchema", "AttributeDefinitions")}
        client("dynamodb").create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **schema)
    return name
