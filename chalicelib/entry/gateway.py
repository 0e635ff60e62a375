"""The API as Lambda runs it: a container opens a house when one of its routes is first asked for."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.entry.http import Api

# app.py opens all houses, for who tests and packages: a tenth of the work of a container that was just started.
app = Api(app_name="sowa", configure_logs=False)


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A request of API Gateway's and its answer; a route that is not there is Chalice's to refuse."""
    asked = event["requestContext"]
    house = _houses().get(f"{asked['httpMethod']} {asked['resourcePath']}")
    if house is not None:
        _open(house)
    answered: dict[str, Any] = app(event, context)
    return answered


@cache
def _houses() -> dict[str, str]:
    """The module of each route, `GET /devices` by `chalicelib.devices.routes`: written by `make package`."""
    told: dict[str, str] = json.loads(Path(__file__).with_name("houses.json").read_text())
    return told


@cache
def _open(house: str) -> None:
    app.register_blueprint(import_module(house).routes)
