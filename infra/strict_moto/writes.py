"""Every write to a DynamoDB table: worked out on a copy first, then applied in one step, so nothing is ever half done.

Items are never changed when they are in a table. That lets snapshots.py share them and sizes.py weigh them once.
"""

import copy
from dataclasses import dataclass
from typing import Any

from moto.dynamodb.comparisons import get_expected, get_filter_expression
from moto.dynamodb.exceptions import ConditionalCheckFailed, InvalidUpdateExpressionInvalidDocumentPath
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import SecondaryIndex, Table
from moto.dynamodb.parsing.ast_nodes import ExpressionSelector
from moto.dynamodb.parsing.executors import NodeExecutor, UpdateExpressionExecutor
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.parsing.validators import UpdateExpressionValidator

from . import trace
from .sizes import item_bytes, write_units
from .validations import check_key, check_new_item, check_result

Json = dict[str, Any]


@dataclass(slots=True)
class Change:
    """A write's effect on one item; old and new are the same object for a condition check."""

    table: Table
    hash_key: DynamoType
    range_key: DynamoType | None
    old: Item | None
    new: Item | None

    @property
    def target(self) -> tuple[str, DynamoType, DynamoType | None]:
        return self.table.name, self.hash_key, self.range_key


@dataclass(slots=True, frozen=True)
class Condition:
    expression: str | None = None
    names: Json | None = None
    values: Json | None = None
    tell_old: bool = False
    expected: Json | None = None

    def require(self, item: Item | None) -> None:
        holds = get_filter_expression(self.expression, self.names, self.values).expr(item)
        if holds and self.expected:
            holds = get_expected(self.expected).expr(item)
        if not holds:
            raise ConditionalCheckFailed(item=item.to_json()["Attributes"] if self.tell_old and item else None)


def looking(table: Table, key: Json) -> Change:
    check_key(table, key)
    hash_key, range_key, found = _find(table, key)
    return Change(table, hash_key, range_key, found, found)


def putting(table: Table, attributes: Json) -> Change:
    check_new_item(table, attributes)
    hash_key, range_key, old = _find(table, attributes)
    return Change(table, hash_key, range_key, old, Item(hash_key, range_key, attributes))


def deleting(table: Table, key: Json) -> Change:
    change = looking(table, key)
    change.new = None
    return change


def update(change: Change, key: Json, expression: str | None, names: Json, values: Json, legacy: Json | None) -> None:
    """Works the new item out; the expression is evaluated only now, as AWS does when the condition holds."""
    new = copy.deepcopy(change.old) if change.old else Item(change.hash_key, change.range_key, key)
    if expression:
        validator = UpdateExpressionValidator(
            UpdateExpressionParser.make(expression),
            expression_attribute_names=names,
            expression_attribute_values=values,
            item=new,
            table=change.table,
        )
        tree = validator.validate()
        tree.normalize()
        UpdateExpressionExecutor(tree, new, names).execute()
    elif legacy:
        new.validate_no_empty_key_values(legacy, change.table.attribute_keys)
        new.update_with_attribute_updates(legacy)
    # `SET b = a` makes moto store one value under two names; a later change of one would change the other.
    for name, value in new.attrs.items():
        dict.__setitem__(new.attrs, name, copy.deepcopy(value))
    change.new = new
    check_result(change.table, new, updated=True)


def apply(change: Change) -> None:
    table, old, new = change.table, change.old, change.new
    if old is new:
        return
    store(change)
    # A write that changes nothing leaves no record in the stream.
    if table.stream_shard is not None and not (old and new and old == new):
        table.stream_shard.add(old, new)


def store(change: Change) -> None:
    """Only the item, of which nobody is notified."""
    table, new = change.table, change.new
    if change.range_key is None:
        _set_or_drop(table.items, change.hash_key, new)
        return
    values = table.items[change.hash_key]
    _set_or_drop(values, change.range_key, new)
    if not values:
        del table.items[change.hash_key]


def charge(change: Change, times: int = 1, *, failed: bool = False) -> None:
    """A refused write costs what the item that is there weighs; an index is written when its view of the item moves."""
    old, new = change.old, change.old if failed else change.new
    units = write_units(max(item_bytes(old), item_bytes(new)))
    if old is not new:
        units += sum(_index_units(index, old, new) for index in change.table.all_indexes())
    trace.current().has_written(change.table.name, units * times)


def _index_units(index: SecondaryIndex, old: Item | None, new: Item | None) -> float:
    before, after = _seen_by(index, old), _seen_by(index, new)
    if before is None and after is None:
        return 0.0
    if before is None or after is None:
        return write_units(max(item_bytes(before), item_bytes(after)))
    if any(before.attrs[name] != after.attrs[name] for name in index.schema_key_attrs):
        return write_units(item_bytes(before)) + write_units(item_bytes(after))
    return 0.0 if before == after else write_units(max(item_bytes(before), item_bytes(after)))


def _seen_by(index: SecondaryIndex, item: Item | None) -> Item | None:
    if item is None or any(name not in item.attrs for name in index.schema_key_attrs):
        return None
    return index.project(item)


def _find(table: Table, attributes: Json) -> tuple[DynamoType, DynamoType | None, Item | None]:
    hash_key = DynamoType(attributes[table.hash_key_attr])
    # Not Table.get_item(): that one leaves an empty partition behind for every key it does not find.
    found = table.items.get(hash_key)
    if table.range_key_attr is None:
        return hash_key, None, found
    range_key = DynamoType(attributes[table.range_key_attr])
    return hash_key, range_key, found.get(range_key) if found else None


def _set_or_drop(items: dict[DynamoType, Any], key: DynamoType, item: Item | None) -> None:
    if item is None:
        items.pop(key, None)
    else:
        items[key] = item


def carry_out(change: Change, condition: Condition) -> None:
    """One write on its own: refused without a trace, or done."""
    try:
        condition.require(change.old)
    except ConditionalCheckFailed:
        charge(change, failed=True)
        raise
    if change.new is not None:
        check_result(change.table, change.new, updated=False)
    charge(change)
    apply(change)


# From here on: the same names and arguments as moto's backend, whose methods these replace.


def put_item(
    self: DynamoDBBackend,
    table_name: str,
    item_attrs: Json,
    expected: Json | None = None,
    condition_expression: str | None = None,
    expression_attribute_names: Json | None = None,
    expression_attribute_values: Json | None = None,
    overwrite: bool = False,
    return_values_on_condition_check_failure: str | None = None,
) -> Item:
    condition = Condition(
        condition_expression,
        expression_attribute_names,
        expression_attribute_values,
        return_values_on_condition_check_failure == "ALL_OLD",
        expected,
    )
    change = putting(self.get_table(table_name), item_attrs)
    carry_out(change, condition)
    assert change.new is not None
    return change.new


def delete_item(
    self: DynamoDBBackend,
    table_name: str,
    key: Json,
    expression_attribute_names: Json | None = None,
    expression_attribute_values: Json | None = None,
    condition_expression: str | None = None,
    return_values_on_condition_check_failure: str | None = None,
) -> Item | None:
    condition = Condition(
        condition_expression,
        expression_attribute_names,
        expression_attribute_values,
        return_values_on_condition_check_failure == "ALL_OLD",
    )
    change = deleting(self.get_table(table_name), key)
    carry_out(change, condition)
    return change.old


def update_item(
    self: DynamoDBBackend,
    table_name: str,
    key: Json,
    update_expression: str,
    expression_attribute_names: Json,
    expression_attribute_values: Json,
    attribute_updates: Json | None = None,
    expected: Json | None = None,
    condition_expression: str | None = None,
    return_values_on_condition_check_failure: str | None = None,
) -> Item:
    condition = Condition(
        condition_expression,
        expression_attribute_names,
        expression_attribute_values,
        return_values_on_condition_check_failure == "ALL_OLD",
        expected,
    )
    change = looking(self.get_table(table_name), key)
    try:
        condition.require(change.old)
    except ConditionalCheckFailed:
        charge(change, failed=True)
        raise
    update(
        change,
        key,
        update_expression,
        expression_attribute_names,
        expression_attribute_values,
        attribute_updates,
    )
    charge(change)
    apply(change)
    assert change.new is not None
    return change.new


def set_without_weighing(self: dict[str, Any], key: str, value: Any) -> None:
    """moto weighs the whole item anew for every attribute set; here it is weighed once, in check_result."""
    dict.__setitem__(self, key, value)


def part_to_change(self: NodeExecutor, item: Item) -> DynamoType | Json:
    """The map or list of which an element is changed; moto lets SET pass where there is neither, and stumbles at
    REMOVE."""
    part = self.get_item_before_end_of_path(item)
    is_element = isinstance(self.get_element_to_action(), ExpressionSelector)
    if isinstance(part, DynamoType) and not (part.is_list() if is_element else part.is_map()):
        raise InvalidUpdateExpressionInvalidDocumentPath
    return part
