"""Builders of tests do not bear the names of the product's writes."""

from __future__ import annotations

import ast

from chalicelib.store import commit, records
from tests.house.laws import ROOT

OURS = {
    name
    for module in (commit, records)
    for name, value in vars(module).items()
    if callable(value) and name[0].islower() and value.__module__ == module.__name__
}
# A handler by hand, and a house of a toy, are products of their own.
OTHERS = ("bench/", "infra/toycloud/")


def builders(source: str) -> set[str]:
    """A module's own functions that others could take for the product's."""
    return {one.name for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)} & OURS


def test_a_builder_has_a_name_of_its_own() -> None:
    folder = ROOT / "tests"
    sources = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}
    assert {"put", "change", "remove", "read", "commit"} <= OURS and len(sources) > 200
    found = {name: builders(text) for name, text in sources.items() if not name.startswith(OTHERS)}
    assert {name: names for name, names in found.items() if names} == {}


def test_a_builder_with_the_name_of_a_write_is_seen() -> None:
    assert builders("def put(home):\n    return home") == {"put"}
    assert builders("def put_settings(home):\n    return home\n\nclass A:\n    def put(self): ...") == set()
