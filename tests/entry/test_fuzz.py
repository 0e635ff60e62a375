"""Whatever is sent that the contract could mean, or does not: no server error, and no answer that breaks the contract.

`FUZZ_EXAMPLES` says how many requests each route gets; `make night` sends many more.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.routes import route_names

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "12"))
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]

_HOW = settings(
    max_examples=EXAMPLES,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def played(one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]) -> Iterator[Home]:
    snapshot, copy = _home
    one_cloud.restore(snapshot)
    yield copy()
    one_cloud.restore(snapshot)


@pytest.fixture(scope="module")
def contract(played: Home) -> Any:
    read = schemathesis.openapi.from_wsgi("/openapi.json", played.world.gateway)
    read.config.update(base_url="http://localhost")  # the first server of the contract is one in an account
    return read


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", route_names())
def test_no_request_breaks_the_contract(played: Home, contract: Any, name: str) -> None:
    method, path = name.split(" ")
    operation = contract[path][method]
    bearer = _bearer(operation.definition.raw, played)

    @_HOW
    @given(case=operation.as_strategy())
    def try_it(case: schemathesis.Case) -> None:
        # Half of the time the path names what is there, or nothing behind it would ever be reached.
        if len(repr((case.body, case.query))) % 2:
            case.path_parameters = {one: _known(played).get(one, value) for one, value in case.path_parameters.items()}
        # What is compressed werkzeug's client hands out as it is.
        plain = {"Accept-Encoding": "identity"}
        case.call_and_validate(headers={**case.headers, **bearer, **plain}, checks=CHECKS)

    try_it()


def _bearer(operation: dict[str, Any], played: Home) -> dict[str, str]:
    kinds = {kind for one in operation["security"] for kind in one}
    tokens = {"person": played.owner.access_token, "camera": played.camera.token}
    return {"Authorization": f"Bearer {tokens[kinds.pop()]}"} if kinds else {}


def _known(played: Home) -> dict[str, str]:
    return {"device_id": played.camera.device_id, "alarm_id": played.alarm_id, "provider": "sandbox"}
