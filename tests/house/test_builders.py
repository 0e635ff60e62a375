"""Builders of tests do not bear the names of the product's writes, nor of the rooms that they are about."""

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


def builders(source: str, rooms: frozenset[str] = frozenset()) -> set[str]:
    """A module's own functions that others could take for the product's, of whose house these are the modules. What a
    test is handed by a fixture may be called as what it is."""
    functions = [one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)]
    return {one.name for one in functions if not _is_fixture(one)} & (OURS | rooms)


def _is_fixture(function: ast.FunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)


def rooms_beside(name: str) -> frozenset[str]:
    """The modules of the product's folder that a module of tests is about: of `plans/test_plans.py` those of plans."""
    folder = ROOT / "chalicelib" / name.partition("/")[0]
    return frozenset(path.stem for path in folder.rglob("*.py")) if "/" in name else frozenset()


def test_a_builder_has_a_name_of_its_own() -> None:
    folder = ROOT / "tests"
    sources = {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.py")}
    assert {"put", "change", "remove", "read", "commit"} <= OURS and len(sources) > 200
    found = {
        name: builders(text, rooms_beside(name)) for name, text in sources.items() if not name.startswith(OTHERS)
    }
    assert {name: names for name, names in found.items() if names} == {}


def test_a_builder_with_the_name_of_a_write_is_seen() -> None:
    assert builders("def put(home):\n    return home") == {"put"}
    assert rooms_beside("plans/test_plans.py") >= {"ledgers", "moves"} and not rooms_beside("test_clock.py")
    assert builders("def ledgers(home):\n    return home", rooms_beside("plans/test_plans.py")) == {"ledgers"}
    assert builders("@pytest.fixture\ndef ledgers(): ...", rooms_beside("plans/test_plans.py")) == set()
    assert builders("def put_settings(home):\n    return home\n\nclass A:\n    def put(self): ...") == set()
