"""Comparisons of attribute values, and the order of a table's items: as moto's, without the detours that it takes for
the kinds of which keys are, text and bytes."""

from collections.abc import Callable
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table

# Their values are compared as they are; numbers, sets, lists and maps are made into something else first.
_AS_THEY_ARE = frozenset(("S", "B"))


def _equal(original: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def equal(self: DynamoType, other: DynamoType) -> bool:
        if self.type in _AS_THEY_ARE:
            return self.type == other.type and self.value == other.value
        return original(self, other)

    return equal


def _hashed(original: Callable[[Any], int]) -> Callable[[Any], int]:
    def hashed(self: DynamoType) -> int:
        return hash((self.type, self.value)) if self.type in _AS_THEY_ARE else original(self)

    return hashed


def all_items(self: Table) -> list[Item]:
    """By their keys; moto compares each pair of them as attribute values."""
    if self.range_key_attr is None:
        return sorted(self.items.values(), key=lambda item: item.hash_key.cast_value)  # type: ignore[arg-type]
    partitions = sorted(self.items.items(), key=lambda found: found[0].cast_value)
    return [values[key] for _, values in partitions for key in sorted(values, key=lambda key: key.cast_value)]


REPLACEMENTS: list[tuple[Any, str, Any]] = [
    (DynamoType, "__eq__", _equal(DynamoType.__eq__)),
    (DynamoType, "__hash__", _hashed(DynamoType.__hash__)),
    (Table, "all_items", all_items),
]
