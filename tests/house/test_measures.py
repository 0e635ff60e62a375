"""The house is built as docs/architecture.md says, in figures and in order."""

from __future__ import annotations

import ast

from tests.house import measures
from tests.house.laws import Module
from tests.house.measures import DOCUMENT, Measure


def test_every_bar_holds() -> None:
    measured = [*measures.measures(), Measure("words", sum(measures.dialect().values()), measures.MOST_OF_DIALECT)]
    assert [one.what for one in measured if not one.holds] == []
    assert len([one for one in measured if one.bar is not None]) == 5


def test_the_document_says_which_house_opens_which() -> None:
    """Written anew by `make measures`."""
    table = measures.houses_table()
    assert table.count("\n") > 15
    assert table in DOCUMENT.read_text()


def test_a_path_id_that_is_not_used_is_seen() -> None:
    view = '@routes.get("/a/{a_id}", who=1)\ndef get_a(caller, a_id):\n    return '
    assert list(measures._unused_ids([Module("a.routes", view + "1")])) == ["a.routes.get_a: a_id"]
    assert list(measures._unused_ids([Module("a.routes", view + "a_id")])) == []


def test_what_is_read_by_position_is_seen() -> None:
    source = "def f():\n    one, *found = read(a, b, c)\n    return found[1], found[:1], one"
    assert [one.partition(": ")[2] for one in measures._by_position([Module("a.actions", source)])] == [
        "found[1]",
        "found[:1]",
    ]
    by_key = Module("a.actions", "def f():\n    found = read_all(a)\n    return found[a]")
    assert list(measures._by_position([by_key])) == []


def test_a_bar_that_is_broken_is_seen() -> None:
    assert not Measure("many", 2, 1).holds and Measure("few", 1, 1).holds and Measure("told", 9).holds
    assert measures._lines_with_any(["from typing import Any\nx: Any = 1\n# Any\ny: int = 2"]) == 1
    assert list(measures._lengths(ast.parse("def f():\n    a = 1\n    return a"))) == [2]


def test_a_word_of_the_dialect_is_seen() -> None:
    assert measures.dialect_of("x = 1  # the vault") == {"vault": 1}
    assert measures.dialect_of("told = 1  # it was told") == {"told": 1}
    assert measures.dialect_of('text.partition(" ")  # a partition') == {}
