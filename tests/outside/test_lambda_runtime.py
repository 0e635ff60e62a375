"""The zips that `make package` makes, unpacked and run by Lambda's own client on Lambda's Python.

Each function takes an event as AWS sends it, answers what can be written, and asks for the next.

What is fetched comes from the package index; without that, or without Python 3.13, this is skipped.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.package import bundle, interpreter, memory, policies, template
from infra.package.interpreter import Interpreter
from tests.events import event as sample
from tests.infra import test_package_bundle as beside
from tests.infra.test_package_bundle import aws  # noqa: F401  # a fixture
from tests.outside import runtime_api
from tests.outside.runtime_api import Container, Ended

HALF = "\ud83d"
Started = Callable[..., AbstractContextManager[Container]]


@pytest.fixture(scope="module")
def python() -> Interpreter:
    try:
        return interpreter.of_lambda(os.environ)
    except interpreter.Missing as why:
        pytest.skip(str(why))


@pytest.fixture(scope="module")
def tasks(python: Interpreter, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where each zip lies unpacked, by its name."""
    place = tmp_path_factory.mktemp("task")
    try:
        runtime_api.client()
        for code in (bundle.WHOLE, bundle.PICTURES, bundle.CLIPS, bundle.INVOICES):
            assert bundle.build(place / code.name, architecture="x86_64", python=python, code=code)
    except subprocess.CalledProcessError:
        pytest.skip("the package index cannot be reached")
    unpacked = {}
    for zipped in place.glob("*.zip"):
        unpacked[zipped.name] = place / zipped.stem
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(unpacked[zipped.name])
    return unpacked


@pytest.fixture
def started(
    tasks: dict[str, Path], python: Interpreter, aws: dict[str, str], tmp_path: Path  # noqa: F811  # the fixture
) -> Started:
    """A container of a function, told what the template tells it."""

    def start(handler: str, entry_point: str, code: bundle.Code = bundle.WHOLE) -> AbstractContextManager[Container]:
        known = {*policies.settings_of(entry_point), *beside._OF_LAMBDA}
        told = {name: value for name, value in aws.items() if name in known}
        return runtime_api.container(handler, tasks[code.name], tmp_path / f"{entry_point}.log", python, told)

    return start


@pytest.mark.parametrize("entry_point", sorted(memory.declared()))
def test_a_function_answers_and_asks_for_the_next(entry_point: str, started: Started) -> None:
    (function,) = [one for one in beside.functions() if one.entry_point == entry_point]
    event, expected = beside._waking(function)
    handler = bundle.API_HANDLER if entry_point == template.API else function.properties["Handler"]
    with started(handler, entry_point, bundle.OF_ENTRY_POINTS.get(entry_point, bundle.WHOLE)) as container:
        for _ in range(2):
            assert container.waits()
            outcome = container.invoke(event)
            refused = {"refused": json.loads(outcome.body)["errorType"]} if outcome.kind == "error" else None
            answer = refused or outcome.answer
            assert answer == answer | expected
        assert container.waits()
        assert all(isinstance(line, dict) for line in container.lines())


def _asked(method: str, path: str, body: str | None = None, **more: Any) -> Any:
    told = beside._request(method, path)[1]
    return {**told, "body": body, **more}


HOSTILE = {
    "a body": _asked("POST", "/accounts", f'{{"email": "{HALF}"}}'),
    "a body's escape": _asked("POST", "/accounts", '{"email": "\\ud83d"}'),
    "a name": _asked("POST", "/accounts", '{"\\udc00": 1}'),
    "bytes": _asked("POST", "/accounts", base64.b64encode(b'{"email": "\xed\xa0\xbd"}').decode(), isBase64Encoded=True),
    "a token": _asked("GET", "/me", headers={"Authorization": f"Bearer {HALF}"}),
    "a query": _asked("GET", "/plans", multiValueQueryStringParameters={HALF: ["1"]}),
}


def test_requests_with_half_a_character_are_refused_by_one_container_that_lives(started: Started) -> None:
    with started(bundle.API_HANDLER, template.API) as container:
        for what, event in HOSTILE.items():
            answer = container.invoke(event).answer
            assert 400 <= answer["statusCode"] < 500, (what, answer)
        assert container.invoke(beside._request("GET", "/keys")[1]).answer["statusCode"] == 200


def test_an_order_with_half_a_character_is_refused_and_its_rows_are_named(started: Started) -> None:
    row = {"sn": "SN0001", "model": "Sowa One", "code": "ABCD-2345", "secret": "s" * 32, HALF: "x"}
    with started("chalicelib.stock.operations.load_devices", "load_devices") as container:
        told = container.invoke({"devices": [row]}).answer
        assert [sorted(one["fields"]) for one in told["bad_rows"]] == [["?"]]
        refused = container.invoke({HALF: 1})
        assert (refused.kind, json.loads(refused.body)["errorType"]) == ("error", "Invalid")
        assert container.waits()


# What is looked for can be seen: the client ends over such an answer, and a fault at the start is told.


@pytest.fixture
def alone(tmp_path: Path, python: Interpreter, tasks: dict[str, Path]) -> Callable[[str], Any]:
    def write(text: str) -> Any:
        (tmp_path / "echo.py").write_text(text)
        return partial(runtime_api.container, task=tmp_path, log=tmp_path / "log", python=python, environment={})

    return write


def test_the_client_ends_over_half_a_character(alone: Callable[[str], Any]) -> None:
    with alone("def handler(event, context):\n    return event\n")("echo.handler") as container:
        assert container.invoke({"grape": "\U0001f347"}).answer == {"grape": "\U0001f347"}
        with pytest.raises(Ended, match="surrogates not allowed"):
            container.invoke({"grape": HALF})


def test_a_function_that_cannot_be_imported_says_so_at_its_start(alone: Callable[[str], Any]) -> None:
    with alone("import grapes\n")("echo.handler") as container:
        said = container.outcome()
        assert (said.kind, json.loads(said.body)["errorType"]) == ("init/error", "Runtime.ImportModuleError")


def test_sample_events_of_a_kind_that_nothing_takes_are_errors_and_no_end(started: Started) -> None:
    with started("chalicelib.entry.forwarding.forward_item_changes", "forward_item_changes") as container:
        assert container.invoke(b'{"Records": "none"}').kind == "error"
        assert container.invoke(sample("dynamodb_stream")).answer == {"batchItemFailures": []}
