"""Which refusals a route's code can raise, and what it leads to: its view, its need and its shapes, read from the
sources.

More is followed than can happen (whoever names a function may call it, and a method's name stands for every method of
that name), so that what is not found is certain not to be raised.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any

from chalicelib.entry.http import Route
from chalicelib.errors import Refusal
from tests.house.laws import PACKAGE, all_modules


@dataclass
class Definition:
    """A function, a class or a module's own lines: what they name, by the objects that the names stand for."""

    names: set[int] = field(default_factory=set)
    methods: set[str] = field(default_factory=set)
    raises: set[type[Refusal]] = field(default_factory=set)
    owner: type | None = None


ByObject = dict[int, list[Definition]]
ByMethod = dict[str, list[Definition]]


def raised_by(route: Route) -> set[type[Refusal]]:
    """The refusals that can be raised on the way of a request of this route, and perhaps more."""
    roots: list[Any] = [route.view, type(route.needs), *filter(None, (route.asks, route.query))]
    return {refusal for one in _reached(roots) for refusal in one.raises}


def leads_to(roots: list[Any], function: Any) -> bool:
    """Whether what these lead to names the function."""
    return any(id(function) in one.names for one in _reached(roots))


def _reached(roots: list[Any]) -> Iterator[Definition]:
    by_object, by_method = _definitions()
    ahead = [definition for root in roots for definition in _of(root, by_object, by_method)]
    known: set[int] = set()
    while ahead:
        one = ahead.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        yield one
        ahead += [definition for name in one.names for definition in by_object.get(name, ())]
        ahead += [definition for name in one.methods for definition in by_method.get(name, ())]


def _of(root: Any, by_object: ByObject, by_method: ByMethod) -> Iterator[Definition]:
    """Of a class its methods, too: they are what `entry` calls."""
    for one in inspect.getmro(root) if isinstance(root, type) else (root,):
        yield from by_object.get(id(one), ())
        yield from (method for methods in by_method.values() for method in methods if method.owner is one)


@cache
def _definitions() -> tuple[ByObject, ByMethod]:
    """By the object that is defined, and of methods by their name."""
    by_object: ByObject = defaultdict(list)
    by_method: ByMethod = defaultdict(list)
    # What entry refuses by itself no route declares, and its table of statuses names every family.
    for source in (one for one in all_modules() if not one.name.startswith(("entry.", "gateway", "errors"))):
        module = importlib.import_module(f"{PACKAGE}.{source.name.removesuffix('.__init__')}".removesuffix(".__init__"))
        for node in ast.parse(source.source).body:
            _define(node, module, by_object, by_method)
    return by_object, by_method


def _define(node: ast.stmt, module: ModuleType, by_object: ByObject, by_method: ByMethod) -> None:
    if isinstance(node, ast.ClassDef):
        own = getattr(module, node.name, None)
        by_object[id(own)].append(_definition([*node.bases, *node.decorator_list], module))
        for part in node.body:
            definition = _definition([part], module)
            # What the class is made with happens with it, as do hooks that are called by nobody in sight.
            if isinstance(part, ast.FunctionDef) and not part.name.startswith("__"):
                definition.owner = own
                by_method[part.name].append(definition)
            else:
                by_object[id(own)].append(definition)
        return
    targets = [node.name] if isinstance(node, ast.FunctionDef) else [
        name.id for part in ast.walk(node) if isinstance(part, ast.Assign | ast.AnnAssign)
        for name in ast.walk(part) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
    ]  # fmt: skip
    for target in targets:
        by_object[id(getattr(module, target, None))].append(_definition([node], module))


def _definition(nodes: list[Any], module: ModuleType) -> Definition:
    found = Definition()
    for node in nodes:
        caught = {id(part) for one in ast.walk(node) if isinstance(one, ast.ExceptHandler) and one.type is not None
                  for part in ast.walk(one.type)}  # fmt: skip
        declared = {id(part) for one in getattr(node, "decorator_list", ()) for part in ast.walk(one)}
        for part in ast.walk(node):
            if isinstance(part, ast.Attribute):
                found.methods.add(part.attr)
            if isinstance(part, ast.Name | ast.Attribute) and id(part) not in caught | declared:
                _note(_object(part, module), found)
            if isinstance(part, ast.ImportFrom):  # within a function
                for alias in part.names:
                    _note(getattr(importlib.import_module(part.module or ""), alias.name, None), found)
    return found


def _note(thing: Any, found: Definition) -> None:
    if thing is None or isinstance(thing, ModuleType | str | int | float | bytes | bool):
        return
    if isinstance(thing, type) and issubclass(thing, Refusal):
        found.raises.add(thing)
    found.names.add(id(thing))
    # What is made of a class, or is its instance, brings the class.
    found.names.add(id(type(thing)))


def _object(node: ast.expr, module: ModuleType) -> Any:
    if isinstance(node, ast.Name):
        return getattr(module, node.id, None)
    if isinstance(node, ast.Attribute) and (holder := _object(node.value, module)) is not None:
        # Without asking it: some attributes are computed.
        return inspect.getattr_static(holder, node.attr, None) if isinstance(holder, ModuleType | type) else None
    return None
