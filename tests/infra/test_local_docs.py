"""`/docs` of the local cloud shows the whole contract, with Redoc and without."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest

from chalicelib.entry.contract import DOCUMENT
from infra.local import docs_page
from infra.local.cloud import LocalCloud
from infra.local.control_api import ControlApi
from infra.local.gateway import HttpRequest


def asked(world: LocalCloud, path: str) -> tuple[int, str]:
    answer = ControlApi(world).handle(HttpRequest("GET", path))
    return answer.status, answer.body.decode()


def test_without_redoc_it_is_a_plain_page_of_every_operation(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docs_page, "REDOC", tmp_path / "nothing.js")
    status, page = asked(world, "/docs")
    operations = [
        (method.upper(), path, operation["description"])
        for path, methods in json.loads(DOCUMENT.read_text())["paths"].items()
        for method, operation in methods.items()
    ]
    assert status == 200 and len(operations) > 100 and "<script" not in page
    for method, path, description in operations:
        assert f"<b>{method}</b> <code>{html.escape(path)}</code>" in page
        assert html.escape(description) in page
    assert asked(world, docs_page.SCRIPT)[0] == 404


def test_redoc_reads_the_contract_that_is_served(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(docs_page, "REDOC", tmp_path / "redoc.js")
    docs_page.REDOC.write_text("let redoc;")
    status, page = asked(world, "/docs")
    assert status == 200 and 'spec-url="/openapi.json"' in page and f'src="{docs_page.SCRIPT}"' in page
    assert asked(world, docs_page.SCRIPT) == (200, "let redoc;")
