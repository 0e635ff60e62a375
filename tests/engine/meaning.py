"""What DynamoDB's expressions mean for an item."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.engine.items import ORDERED, SETS, Item, Value, added, is_same, kind_of, members, ordered
from tests.engine.language import Call, Change, Constant, Path, Step
from tests.engine.refusals import invalid


def holds(condition: Call, item: Item) -> bool:
    """Whether it is true of the item; an empty one stands for an item that is not there."""
    name, operands = condition
    if name == "AND":
        return all(holds(one, item) for one in operands)
    if name == "OR":
        return any(holds(one, item) for one in operands)
    if name == "NOT":
        return not holds(operands[0], item)
    return bool(_PREDICATES[name](*(_value(one, item) for one in operands)))


def _compares(told: Callable[[Any, Any], bool]) -> Callable[[Value | None, Value | None], bool]:
    """Only values of one type have an order, and of what is absent nothing is true."""

    def compare(one: Value | None, other: Value | None) -> bool:
        if one is None or other is None or kind_of(one) != kind_of(other) or kind_of(one) not in ORDERED:
            return False
        return told(ordered(one), ordered(other))

    return compare


_at_most = _compares(lambda one, other: one <= other)


def _begins(value: Value | None, start: Value | None) -> bool:
    if value is None or start is None or kind_of(value) != kind_of(start) or kind_of(value) not in ("S", "B"):
        return False
    return bool(ordered(value).startswith(ordered(start)))


def _contains(value: Value | None, part: Value | None) -> bool:
    if value is None or part is None:
        return False
    ((kind, inner),) = value.items()
    if kind == "L":
        return any(is_same(one, part) for one in inner)
    if kind in SETS:
        return kind[0] == kind_of(part) and ordered(part) in members(value)
    return kind in ("S", "B") and kind == kind_of(part) and ordered(part) in inner


_PREDICATES: dict[str, Callable[..., bool]] = {
    "=": is_same,
    "<>": lambda one, other: not is_same(one, other),
    "<": _compares(lambda one, other: one < other),
    "<=": _at_most,
    ">": _compares(lambda one, other: one > other),
    ">=": _compares(lambda one, other: one >= other),
    "BETWEEN": lambda value, low, high: _at_most(low, value) and _at_most(value, high),
    "IN": lambda value, *choices: any(is_same(value, one) for one in choices),
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": lambda value, kind: value is not None and {"S": kind_of(value)} == kind,
    "begins_with": _begins,
    "contains": _contains,
}


def _value(operand: Any, item: Item) -> Value | None:
    if isinstance(operand, Constant):
        return operand.value
    if isinstance(operand, Path):
        return at(item, operand.steps)
    values = [_value(one, item) for one in operand.operands]
    if operand.name == "size":
        return _size(values[0])
    if operand.name == "if_not_exists":
        return values[1] if values[0] is None else values[0]
    return _made(operand.name, *values)


def _size(value: Value | None) -> Value | None:
    if value is None or kind_of(value) in ("N", "BOOL", "NULL"):
        return None
    return {"N": str(len(value[kind_of(value)]))}


def _made(name: str, one: Value | None, other: Value | None) -> Value:
    wanted = "L" if name == "list_append" else "N"
    if one is None or other is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")
    if wanted not in one or wanted not in other:
        raise invalid("An operand in the update expression has an incorrect data type")
    if wanted == "L":
        return {"L": one["L"] + other["L"]}
    return {"N": added(one["N"], other["N"], 1 if name == "+" else -1)}


def at(item: Item, steps: tuple[Step, ...]) -> Value | None:
    """What lies there, or None."""
    found: Value | None = {"M": item}
    for step in steps:
        inside = (found or {}).get("M" if isinstance(step, str) else "L")
        if inside is None:
            return None
        there = step in inside if isinstance(step, str) else step < len(inside)
        found = inside[step] if there else None
    return found


def updated(item: Item, changes: list[Change]) -> Item:
    """A new item; every operand is of the item as it was."""
    new = copy.deepcopy(item)
    worked_out = [(change, _new_value(change, item)) for change in changes]
    # What is removed from a list is counted by the places before: the last goes first.
    for change, value in sorted(worked_out, key=lambda one: _last_place(one[0]), reverse=True):
        _set(new, change.path.steps, copy.deepcopy(value))
    return new


def _last_place(change: Change) -> tuple[int, ...]:
    return tuple(step for step in change.path.steps if isinstance(step, int)) if change.clause == "REMOVE" else ()


def _new_value(change: Change, item: Item) -> Value | None:
    if change.clause == "REMOVE":
        return None
    if change.clause == "SET":
        value = _value(change.operand, item)
        if value is None:
            raise invalid("The provided expression refers to an attribute that does not exist in the item")
        return value
    old, operand = at(item, change.path.steps), change.operand.value
    kind = kind_of(operand)
    if old is not None and kind_of(old) != kind:
        raise invalid("An operand in the update expression has an incorrect data type")
    if kind == "N":
        return {"N": added(old["N"], operand["N"], 1)} if old else operand
    return _set_changed(kind, old[kind] if old else [], operand, adds=change.clause == "ADD")


def _set_changed(kind: str, old: list[Any], operand: Value, *, adds: bool) -> Value | None:
    """A set that loses its last member is no longer there."""
    if adds:
        return {kind: list(dict.fromkeys([*old, *operand[kind]]))}
    left = [one for one in old if one not in operand[kind]]
    return {kind: left} if left else None


def _set(item: Item, steps: tuple[Step, ...], value: Value | None) -> None:
    *before, last = steps
    inside = at(item, tuple(before)) if before else {"M": item}
    holder: Any = (inside or {}).get("M" if isinstance(last, str) else "L")
    if holder is None:
        raise invalid("The document path provided in the update expression is invalid for update")
    if isinstance(last, str):
        holder.update({last: value}) if value is not None else holder.pop(last, None)
    elif value is None:
        del holder[last : last + 1]
    else:
        holder[last : last + 1] = [value]


def projected(item: Item, paths: list[Path]) -> Item:
    """Only what lies at these paths; lists close up."""
    kept: Item = _kept(item, [path.steps for path in paths])
    return kept


def _kept(inside: Any, wanted: list[tuple[Step, ...]]) -> Any:
    below: dict[Step, list[tuple[Step, ...]]] = {}
    for first, *rest in wanted:
        below.setdefault(first, []).append(tuple(rest))
    if isinstance(inside, list):
        places = sorted(step for step in below if isinstance(step, int) and step < len(inside))
        return [one for place in places if (one := _kept_value(inside[place], below[place]))]
    found = {step: _kept_value(inside[step], rest) for step, rest in below.items() if step in inside}
    return {step: one for step, one in found.items() if one}


def _kept_value(value: Value, wanted: list[tuple[Step, ...]]) -> Value | None:
    if () in wanted:
        return value
    ((kind, inner),) = value.items()
    matching = [steps for steps in wanted if isinstance(steps[0], str if kind == "M" else int)]
    inside = _kept(inner, matching) if kind in ("M", "L") and matching else None
    return {kind: inside} if inside else None
