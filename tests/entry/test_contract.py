"""The committed contract is the one that the doors make."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator

from chalicelib.entry import openapi
from chalicelib.entry.contract import DOCUMENT
from chalicelib.errors import Refusal
from infra.local.cloud import LocalCloud
from tests.entry.examples import RECORDED
from tests.house.laws import all_modules

COMMITTED = json.loads(DOCUMENT.read_text())


def generated() -> str:
    from app import app

    document = openapi.document(app.declared_routes, json.loads(RECORDED.read_text()))
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=True) + "\n"


def test_the_committed_contract_is_the_generated_one(world: LocalCloud) -> None:
    assert DOCUMENT.read_text() == generated(), "run `make contract`"


def test_the_contract_is_served_as_it_is_committed(world: LocalCloud) -> None:
    answer = world.call("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.json == COMMITTED


def test_the_contract_is_valid_openapi() -> None:
    from openapi_spec_validator import validate

    validate(COMMITTED)


def _details() -> set[str]:
    """All that refusals say beside their code and message, as the sources make them."""
    refusals = {one.__name__ for one in _descendants(Refusal)}
    calls = (node for module in all_modules() for node in ast.walk(module.tree) if isinstance(node, ast.Call))
    made = (call for call in calls if ast.unparse(call.func).rpartition(".")[2] in refusals)
    return {word.arg for call in made for word in call.keywords if word.arg} - {"retry_after_seconds"}


def _descendants(of: type) -> Iterator[type]:
    for one in of.__subclasses__():
        yield one
        yield from _descendants(one)


def test_the_contract_names_all_that_a_refusal_says(world: LocalCloud) -> None:
    said = _details()
    assert {"fields", "device_id", "to_pay"} <= said
    assert said <= COMMITTED["components"]["schemas"]["Refusal"]["properties"].keys()


def test_every_operation_has_its_own_name(world: LocalCloud) -> None:
    from app import app

    names = [route.view.__name__ for route in app.declared_routes]
    assert sorted(names) == sorted(set(names))


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in COMMITTED["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    """Every object in it, itself first."""
    if isinstance(part, dict):
        yield part
    for one in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _parts(one)


def test_every_operation_and_every_tag_is_described() -> None:
    assert [name for name, operation in _operations() if len(operation["description"]) < 20] == []
    # Rows of the policy and exceptions are for who reads the code.
    inside = re.compile(r"\([A-Z][0-9]|[Rr]aises ")
    assert [name for name, operation in _operations() if inside.search(operation["description"])] == []
    described = {tag["name"] for tag in COMMITTED["tags"] if tag["description"]}
    assert described == {tag for _, operation in _operations() for tag in operation["tags"]}


def test_every_body_of_json_has_an_example_that_is_valid_and_real() -> None:
    """A name that a test fills in begins with `$`."""
    bodies = [
        (name, content)
        for name, operation in _operations()
        for holder in (operation.get("requestBody", {}), *operation["responses"].values())
        for content in holder.get("content", {}).values()
        if content["schema"] != {"$ref": "#/components/schemas/Refusal"}
        if "$ref" in content["schema"] or "oneOf" in content["schema"]
    ]
    assert len(bodies) > 100
    assert [name for name, content in bodies if "example" not in content] == ["GET /openapi.json"]
    examples = [(name, content) for name, content in bodies if "example" in content]
    assert [name for name, content in examples if '"$' in json.dumps(content["example"])] == []
    wrong = {
        name: problem.message
        for name, content in examples
        for problem in Draft202012Validator({**content["schema"], "components": COMMITTED["components"]}).iter_errors(
            content["example"]
        )
    }
    assert wrong == {}


def test_every_time_is_said_to_be_one() -> None:
    is_time = re.compile(r".*_at|at|until|.*_until|now|from|to|oldest|newest|last_seen|day_start|day_end")
    # What is one by its name and not by its kind.
    others = {"Refusal"}
    # A policy is in force from the beginning of a day.
    format_of = {"Policy": '"date"', "PolicyVersion": '"date"'}.get
    times = [
        (name, field, kind)
        for name, schema in COMMITTED["components"]["schemas"].items()
        for field, kind in schema.get("properties", {}).items()
        if is_time.fullmatch(field) and name not in others
    ]
    assert len(times) > 60
    unsaid = [(name, field) for name, field, kind in times if format_of(name, '"date-time"') not in json.dumps(kind)]
    assert unsaid == []


def test_no_two_shapes_bear_one_name() -> None:
    """Both would be called by their modules, which are nobody's business and change."""
    names = COMMITTED["components"]["schemas"].keys()
    assert "TakenEvents" in names
    assert [name for name in names if "." in name] == []


def test_patterns_are_read_alike_by_every_engine() -> None:
    """RE2, which is Go's and many validators', knows neither looks ahead nor escapes of four digits; and what cannot be
    seen cannot be written into a source."""
    patterns = {part["pattern"] for part in _parts(COMMITTED) if isinstance(part.get("pattern"), str)}
    assert len(patterns) > 5
    assert [pattern for pattern in patterns if re.search(r"\(\?[=!<]|\\u", pattern) or not pattern.isprintable()] == []


def test_no_default_is_null_and_refusals_are_one_schema() -> None:
    schemas = list(_parts(COMMITTED["components"]["schemas"])) + list(_parts(COMMITTED["paths"]))
    assert [part for part in schemas if "default" in part and part["default"] is None] == []
    refused = COMMITTED["components"]["responses"]
    assert {json.dumps(one["content"]["application/json"]["schema"]) for one in refused.values()} == {
        '{"$ref": "#/components/schemas/Refusal"}'
    }
    codes = set(COMMITTED["components"]["schemas"]["Refusal"]["properties"]["code"]["enum"])
    assert codes >= {code for one in refused.values() for code in one["content"]["application/json"]["examples"]}


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = COMMITTED["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], {})
    return found


def test_every_list_is_paged_alike() -> None:
    """By up to 200, and 50 if nothing is said; a household's devices fit on one page."""
    limits = {
        name: [part["schema"] for part in operation["parameters"] if part.get("name") == "limit"]
        for name, operation in _operations()
    }
    paged = {name: limit[0]["default"] for name, limit in limits.items() if limit}
    lists = {
        name
        for name, operation in _operations()
        for content in operation["responses"].get("200", {}).get("content", {}).values()
        if {"items", "cursor"} <= set(_resolved(content["schema"]).get("properties", {}))
    }
    assert lists == set(paged) and len(lists) >= 14
    assert paged.pop("GET /devices") == 200 and set(paged.values()) == {50}
    assert {(limit[0]["minimum"], limit[0]["maximum"]) for limit in limits.values() if limit} == {(1, 200)}


def test_what_may_be_tried_again_says_when() -> None:
    waits = {"429", "503"}
    answers = [
        (status, answer) for _, operation in _operations() for status, answer in operation["responses"].items()
    ]
    shared = COMMITTED["components"]["responses"]
    resolved = [(status, shared.get(answer.get("$ref", "").rpartition("/")[2], answer)) for status, answer in answers]
    said = {(status in waits, "Retry-After" in answer.get("headers", {})) for status, answer in resolved}
    # And what is being made, which is asked for again.
    assert said == {(True, True), (False, False), (False, True)}
    again = {status for status, answer in resolved if "Retry-After" in answer.get("headers", {})}
    assert again == {"202", *waits}


def test_no_schema_is_called_like_the_constructor_of_another() -> None:
    """`NewThing` is what generators of Go call the function that makes a `Thing`."""
    names = set(COMMITTED["components"]["schemas"])
    assert {name for name in names if name.removeprefix("New") in names and name.startswith("New")} == set()


if __name__ == "__main__":
    DOCUMENT.write_text(generated())
