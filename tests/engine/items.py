"""Typed values as they come in a request: equal, ordered, written out again. Binaries are bytes, numbers are text."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any

Value = dict[str, Any]
Item = dict[str, Value]
SETS = ("SS", "NS", "BS")
ORDERED = ("S", "N", "B")

_EXACT = Context(prec=38)


def kind_of(value: Value) -> str:
    return next(iter(value))


def ordered(value: Value) -> Any:
    """What its place among others of its type is found by: UTF-8 has the order of Python's text."""
    ((kind, inner),) = value.items()
    return Decimal(inner) if kind == "N" else inner


def is_same(one: Value | None, other: Value | None) -> bool:
    if one is None or other is None or kind_of(one) != kind_of(other):
        return False
    ((kind, inner), (_, others)) = *one.items(), *other.items()
    if kind in SETS:
        return members(one) == members(other)
    if kind == "L":
        return len(inner) == len(others) and all(map(is_same, inner, others))
    if kind == "M":
        return inner.keys() == others.keys() and all(is_same(inner[name], others[name]) for name in inner)
    return bool(ordered(one) == ordered(other))


def members(value: Value) -> set[Any]:
    ((kind, inner),) = value.items()
    return {Decimal(one) for one in inner} if kind == "NS" else set(inner)


def added(one: str, other: str, sign: int) -> str:
    """The sum or difference of two numbers, to 38 digits."""
    total = _EXACT.add(Decimal(one), sign * Decimal(other))
    text = format(total, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) if total else "0"


def as_json(told: Mapping[str, Any]) -> str:
    return json.dumps(told, default=lambda binary: base64.b64encode(binary).decode())
