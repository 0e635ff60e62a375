"""At the ends of the calendar, of numbers and of lengths there are answers, and no server errors: of each field of each
route what its shape takes last, and what it refuses first."""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec import inspect

from chalicelib.entry import wire
from chalicelib.entry.contract import DOCUMENT
from chalicelib.entry.http import Route
from chalicelib.errors import Invalid
from tests.conftest import Home
from tests.routes import all_routes, named, request_for, route_names

Path = tuple[str | int, ...]
TIMES = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T14:00:00+14:00"]
NO_TIMES = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z", "2026-01-05T24:00:00Z"]
DATES, NO_DATES = ["0001-01-01", "9999-12-31"], ["0000-01-01", "10000-01-01", "2026-02-30"]
HUGE = [2**63, -(2**63) - 1, 2**64, 10**38, -(10**40), 1e308, -1e308]
# Of four bytes, the most that a character has.
WIDE = "\U0001f989"


def fields(kind: inspect.Type, path: Path = ()) -> Iterator[tuple[Path, inspect.Type]]:
    """Every leaf of a shape, and the way to it; of a list one member."""
    if isinstance(kind, inspect.UnionType):
        for one in kind.types:
            yield from fields(one, path)
    elif isinstance(kind, inspect.StructType):
        for field in kind.fields:
            yield from fields(field.type, (*path, field.encode_name))
    elif isinstance(kind, inspect.ListType):
        yield path, kind
        yield from fields(kind.item_type, (*path, 0))
    elif not isinstance(kind, inspect.NoneType):
        yield path, kind


def ends(kind: inspect.Type) -> list[Any]:
    """The last values that the shape takes."""
    if isinstance(kind, inspect.IntType):
        return [one for one in (kind.ge, kind.le) if one is not None]
    if isinstance(kind, inspect.FloatType):
        return [kind.ge, kind.le, -0.0, 5e-324]
    if isinstance(kind, inspect.DateTimeType):
        return TIMES
    if isinstance(kind, inspect.DateType):
        return DATES
    if isinstance(kind, inspect.StrType) and kind.max_length is not None:
        last = [one * kind.max_length for one in (WIDE, "\0")]
        return [one for one in last if kind.pattern is None or re.search(kind.pattern, one)]
    return []


def beyond(kind: inspect.Type) -> list[Any]:
    """The first values that it does not."""
    if isinstance(kind, inspect.IntType):
        return [*HUGE, *(end for end in ((kind.ge or 0) - 1, (kind.le or 0) + 1)), 0.5, True]
    if isinstance(kind, inspect.FloatType):
        return [*HUGE, kind.ge - 1e-9, kind.le + 1e-9, True] if kind.ge is not None and kind.le is not None else []
    if isinstance(kind, inspect.DateTimeType):
        return [*NO_TIMES, 0, "2026-01-05T08:00:00"]
    if isinstance(kind, inspect.DateType):
        return [*NO_DATES, 0]
    if isinstance(kind, inspect.StrType) and kind.max_length is not None:
        return ["a" * (kind.max_length + 1)]
    return []


def shape_of(route: Route) -> type[wire.Shape] | None:
    return route.asks or route.query


def changed_at(body: Any, path: Path, value: Any) -> Any:
    """The body with this value there; None where nothing is on the way to it."""
    changed = copy.deepcopy(body)
    at = changed
    for step in path[:-1]:
        if isinstance(step, int) or not isinstance(at, dict) or not isinstance(at.get(step), dict):
            return None
        at = at[step]
    if not isinstance(at, dict):
        return None
    at[path[-1]] = value
    return changed


CONTRACT = json.loads(DOCUMENT.read_text())["paths"]


def is_told_something(name: str) -> bool:
    method, path = name.split(" ")
    operation = CONTRACT[path][method.lower()]
    return "requestBody" in operation or any(one.get("in") == "query" for one in operation["parameters"])


@pytest.mark.parametrize("name", filter(is_told_something, route_names()))
def test_at_the_ends_of_a_field_there_is_an_answer(home: Home, name: str) -> None:
    route = named(name)
    shape = shape_of(route)
    request = request_for(route, home)
    request.headers = {}
    body = request.body if route.asks is not None else request.query
    for path, kind in fields(inspect.type_info(shape)):
        for value in ends(kind):
            said = changed_at(body, path, value)
            if said is None:
                continue
            request.body, request.query = (said, None) if route.asks is not None else (None, said)
            answer = request.send(home)
            assert answer.status < 500, (path, value, answer.body)


def test_what_lies_beyond_the_end_of_a_field_is_refused() -> None:
    refused: dict[str, int] = {}
    for shape in {shape_of(route) for route in all_routes()} - {None}:
        for path, kind in fields(inspect.type_info(shape)):
            if any(isinstance(step, int) for step in path):
                continue
            for value in beyond(kind):
                data: Any = value
                for step in reversed(path):
                    data = {step: data}
                with pytest.raises(Invalid):
                    wire.parse(data, shape)
                refused[type(kind).__name__] = refused.get(type(kind).__name__, 0) + 1
    assert set(refused) == {"IntType", "FloatType", "DateTimeType", "DateType", "StrType"}


def longest(kind: inspect.StrType) -> float:
    """How many characters there can be, by what is said of their number or by the pattern."""
    by_pattern = math.inf if kind.pattern is None else re._parser.parse(kind.pattern).getwidth()[1]  # type: ignore[attr-defined]
    return min(by_pattern, math.inf if kind.max_length is None else kind.max_length)


# What people or devices call something or themselves.
NAMES = {"name", "nickname", "os", "model", "firmware"}


def test_every_text_has_an_end_and_every_name_can_be_seen() -> None:
    named: set[str] = set()
    for shape in {shape_of(route) for route in all_routes()} - {None}:
        for path, kind in fields(inspect.type_info(shape)):
            if not isinstance(kind, inspect.StrType):
                continue
            name = next(str(step) for step in reversed(path) if step != 0)
            # The parser of a day takes no longer one than a day's.
            assert longest(kind) < 20_000 or name == "day", (shape, path)
            if name in NAMES:
                named.add(name)
                assert "u202a" in (kind.pattern or ""), (shape, path)
    assert named == NAMES
