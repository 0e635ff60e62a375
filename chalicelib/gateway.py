"""The API as Lambda runs it: a container imports a house when one of its routes is first asked for."""

from __future__ import annotations

import json
from functools import cache
from importlib import import_module
from pathlib import Path

from chalicelib import houses
from chalicelib.entry.http import Api, Authentication
from chalicelib.entry.wire import Event

AUTHENTICATION = Authentication(of_people=houses.OF_PEOPLE, of_cameras=houses.OF_CAMERAS)
# app.py opens all houses, for who tests and packages: a tenth of the work of a container that was just started.
app = Api("sowa", AUTHENTICATION)


def answer(event: Event, context: object) -> dict[str, object]:
    """A request of API Gateway's and its answer; a route that is not there is Chalice's to refuse."""
    request_context = event["requestContext"]
    module = _modules().get(f"{request_context['httpMethod']} {request_context['resourcePath']}")
    if module is not None:
        _register(module)
    answered: dict[str, object] = app(event, context)
    return answered


@cache
def _modules() -> dict[str, str]:
    """The module of each route, `GET /devices` by `chalicelib.devices.routes`: written by `make package`."""
    found: dict[str, str] = json.loads(Path(__file__).with_name("routes.json").read_text())
    return found


@cache
def _register(module: str) -> None:
    app.register_blueprint(import_module(module).routes)
