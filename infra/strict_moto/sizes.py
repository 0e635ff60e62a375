"""Item sizes in bytes and capacity units, by DynamoDB's published rules."""

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from moto.dynamodb.models.dynamo_type import DynamoType, Item

LARGEST_ITEM = 400 * 1024
LARGEST_TRANSACTION = 4 * 1024 * 1024


def item_bytes(item: Item | None) -> int:
    """Items never change after it is written (see writes.py), so each is weighed once."""
    if item is None:
        return 0
    known = item.__dict__.get("_bytes")
    if known is None:
        known = item.__dict__["_bytes"] = attributes_bytes(item.attrs)
    return int(known)


def attributes_bytes(attributes: Mapping[str, DynamoType | dict[str, Any]]) -> int:
    """Of attributes as moto keeps them, or as they are in a request when it is decoded."""
    return sum(_text(name) + _value(value) for name, value in attributes.items())


def read_units(size: int, consistent: bool) -> float:
    """Per 4 KB, at least one; half of it when the read may be stale."""
    return max(1, math.ceil(size / 4096)) * (1.0 if consistent else 0.5)


def write_units(size: int) -> float:
    """Per 1 KB, at least one."""
    return float(max(1, math.ceil(size / 1024)))


def significant_digits(number: str) -> tuple[int, int]:
    """The sign (1 when negative) and how many digits count: zeros at either end do not."""
    # Not Decimal.normalize(): that rounds to 28 digits, and DynamoDB keeps 38.
    sign, digits, _ = Decimal(number).as_tuple()
    return sign, len("".join(map(str, digits)).strip("0"))


def _text(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())


def _raw(kind: str, value: Any) -> int:
    if kind == "N":
        return _number(value)
    return len(value) if isinstance(value, bytes) else _text(value)


def _number(text: str) -> int:
    """A byte per two significant digits, one for the exponent, one for the sign when negative."""
    sign, digits = significant_digits(text)
    return math.ceil(digits / 2) + 1 + sign


def _value(value: DynamoType | dict[str, Any]) -> int:
    ((kind, inner),) = value.items() if isinstance(value, dict) else ((value.type, value.value),)
    if kind in ("BOOL", "NULL"):
        return 1
    if kind == "L":
        return 3 + sum(1 + _value(element) for element in inner)
    if kind == "M":
        return 3 + len(inner) + attributes_bytes(inner)
    if kind in ("SS", "NS", "BS"):
        return sum(_raw(kind[0], element) for element in inner)
    return _raw(kind, inner)
