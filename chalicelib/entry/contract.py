"""The route that serves the contract, for writers of clients."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.entry.callers import Visitor, Who
from chalicelib.entry.http import RouteTable
from chalicelib.entry.wire import Shape

DOCUMENT = Path(__file__).with_name("openapi.json")

routes = RouteTable(__name__)


class Contract(Shape):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    servers: list[dict[str, Any]]
    tags: list[dict[str, Any]]
    paths: dict[str, Any]
    components: dict[str, Any]

    @classmethod
    def of(cls, document: bytes) -> msgspec.Raw:
        # Committed as it is served; only a test ever makes it anew.
        return msgspec.Raw(document)


@cache
def _document() -> bytes:
    return DOCUMENT.read_bytes()


@routes.get("/openapi.json", who=Who.ANYONE, answers=Contract, tag="contract", example={})
def get_contract(visitor: Visitor) -> bytes:
    """This document, as it is committed with the code that serves it."""
    return _document()
