"""Reads of DynamoDB tables: charged by what they looked at, and costing time by what they look at, not by the table."""

import copy
from typing import Any

from moto.dynamodb.exceptions import MockValidationException
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

from . import trace
from .sizes import item_bytes, read_units
from .validations import check_batch_get
from .writes import looking

_motos_query = Table.query
_motos_scan = Table.scan

Page = tuple[list[Item], int, dict[str, Any] | None]


def charge_for_key(table: Table, key: dict[str, Any], consistent: bool, times: int = 1) -> None:
    found = looking(table, key).old
    trace.current().has_read(table.name, times * read_units(item_bytes(found), consistent))


def charge_for_get(backend: DynamoDBBackend, params: dict[str, Any]) -> None:
    charge_for_key(backend.get_table(params["TableName"]), params["Key"], bool(params.get("ConsistentRead")))


def charge_for_batch_get(backend: DynamoDBBackend, params: dict[str, Any]) -> None:
    requests = params["RequestItems"]
    tables = {name: backend.get_table(name) for name in requests}
    check_batch_get(tables, requests)
    for name, request in requests.items():
        for key in request["Keys"]:
            charge_for_key(tables[name], key, bool(request.get("ConsistentRead")))


def charge_for_transact_get(backend: DynamoDBBackend, params: dict[str, Any]) -> None:
    if len(params["TransactItems"]) > 100:
        raise MockValidationException(
            "1 validation error detected: Value at 'transactItems' failed to satisfy constraint: "
            "Member must have length less than or equal to 100"
        )
    for entry in params["TransactItems"]:
        charge_for_key(backend.get_table(entry["Get"]["TableName"]), entry["Get"]["Key"], True, times=2)


def query(
    self: Table,
    hash_key: DynamoType | None,
    range_comparison: str | None,
    range_objs: list[DynamoType],
    limit: int,
    exclusive_start_key: dict[str, Any],
    scan_index_forward: bool,
    projection_expressions: list[list[str]] | None,
    index_name: str | None = None,
    consistent_read: bool = False,
    filter_expression: Any = None,
    **conditions: Any,
) -> Page:
    """moto finds the page; what it looked at is charged for before the filter hides some of it."""
    looked_at, count, last_key = _motos_query(
        _one_partition(self, hash_key) if index_name is None else self,
        hash_key,
        range_comparison,
        range_objs,
        limit,
        exclusive_start_key,
        scan_index_forward,
        None,
        index_name,
        consistent_read,
        None,
        **conditions,
    )
    _charge_for_page(self, looked_at, consistent_read)
    last_key = last_key or _key_at_limit(self, looked_at, limit, index_name)
    return _shown(looked_at, filter_expression, projection_expressions), count, last_key


def scan(
    self: Table,
    filters: dict[str, Any],
    limit: int,
    exclusive_start_key: dict[str, Any],
    filter_expression: Any = None,
    index_name: str | None = None,
    consistent_read: bool = False,
    projection_expression: list[list[str]] | None = None,
    segments: Any = (None, None),
) -> Page:
    looked_at, count, last_key = _motos_scan(
        self, filters, limit, exclusive_start_key, None, index_name, consistent_read, None, segments
    )
    _charge_for_page(self, looked_at, consistent_read)
    last_key = last_key or _key_at_limit(self, looked_at, limit, index_name)
    return _shown(looked_at, filter_expression, projection_expression), count, last_key


def _one_partition(table: Table, hash_key: DynamoType | None) -> Table:
    """The same table with one partition in it: moto's query sorts all it sees."""
    view = copy.copy(table)
    found = table.items.get(hash_key)
    view.items = {hash_key: found} if found else {}  # type: ignore[assignment]
    return view


def _charge_for_page(table: Table, looked_at: list[Item], consistent: bool) -> None:
    size = sum(map(item_bytes, looked_at))
    trace.current().has_read(table.name, read_units(size, consistent))


def _key_at_limit(table: Table, looked_at: list[Item], limit: int, index_name: str | None) -> dict[str, Any] | None:
    """DynamoDB stops at the limit without looking whether anything follows, so a last full page has a next one."""
    if limit and len(looked_at) == limit:
        return table._get_last_evaluated_key(looked_at[-1], index_name)
    return None


def _shown(items: list[Item], filter_expression: Any, projection: list[list[str]] | None) -> list[Item]:
    if filter_expression is not None:
        items = [item for item in items if filter_expression.expr(item)]
    return [item.project(projection) for item in items] if projection else items
