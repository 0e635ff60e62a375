"""The committed contract is the one that the doors make."""

from __future__ import annotations

import json

from chalicelib.entry import openapi
from chalicelib.entry.contract import DOCUMENT
from infra.local.cloud import LocalCloud


def generated() -> str:
    from app import app

    return json.dumps(openapi.document(app.declared_routes), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_the_committed_contract_is_the_generated_one(world: LocalCloud) -> None:
    assert DOCUMENT.read_text() == generated(), "run `make contract`"


def test_the_contract_is_served_as_it_is_committed(world: LocalCloud) -> None:
    answer = world.call("GET", "/openapi.json")
    assert answer.status == 200
    assert answer.json == json.loads(DOCUMENT.read_text())


def test_the_contract_is_valid_openapi(world: LocalCloud) -> None:
    from openapi_spec_validator import validate

    validate(json.loads(DOCUMENT.read_text()))


def test_every_operation_has_its_own_name(world: LocalCloud) -> None:
    from app import app

    names = [route.view.__name__ for route in app.declared_routes]
    assert sorted(names) == sorted(set(names))


if __name__ == "__main__":
    DOCUMENT.write_text(generated())
