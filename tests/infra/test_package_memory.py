"""Memory is declared for each function, with its reason, and the template gives what is declared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import applier
from infra.package import memory, template
from tests.infra.packaged import made


def megabytes() -> dict[str, int]:
    return {function.entry_point: function.properties["MemorySize"] for function in template.functions_of(made())}


def test_each_function_has_memory_and_a_reason_and_no_other_is_declared() -> None:
    assert megabytes().keys() == memory.declared()
    assert all(len(memory.reason_of(function)) > 30 for function in megabytes())


def test_a_function_is_given_what_is_declared_and_nothing_else_says_how_much() -> None:
    assert megabytes() == {function: memory.megabytes_of(function) for function in megabytes()}
    assert sorted(megabytes()[function] for function in template.OF_CAMERAS) == [128, 256]
    assert "MemorySize" not in applier.load(applier.WIRING)["Globals"]["Function"]
    assert "memory" not in json.dumps(json.loads((template.ROOT / ".chalice" / "config.json").read_text()))


def test_a_function_that_nobody_declared_is_refused_by_its_name() -> None:
    function = template.Function("OnFilmAsked", "on_film_asked", {})
    with pytest.raises(memory.Undeclared, match="on_film_asked"):
        template._wire(function, "arm64")


def test_a_function_that_is_declared_twice_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    one: dict[str, Any] = {"megabytes": 512, "why": "it films", "functions": ["on_film_asked"]}
    monkeypatch.setattr(memory, "_content", {"classes": [one, {**one, "megabytes": 128}]})
    with pytest.raises(memory.Undeclared, match="on_film_asked"):
        memory._classes.__wrapped__()
