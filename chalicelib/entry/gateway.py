"""The API as Lambda runs it: a container opens a house when one of its routes is first asked for.

`app.py` opens them all, for who tests and packages; to a container that was just started, those that nobody asks for
are a tenth of its work.
"""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

from chalicelib.entry.http import Api

# The module of each route, `GET /devices` by `chalicelib.devices.routes`: written by `make package`.
HOUSES = Path(__file__).with_name("houses.json")

app = Api(app_name="sowa", configure_logs=False)
_houses: dict[str, str] = json.loads(HOUSES.read_text())
_opened: set[str] = set()


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """A request of API Gateway's and its answer; a route that is not there is Chalice's to refuse."""
    asked = event["requestContext"]
    house = _houses.get(f"{asked['httpMethod']} {asked['resourcePath']}")
    if house is not None and house not in _opened:
        app.register_blueprint(import_module(house).routes)
        _opened.add(house)
    answered: dict[str, Any] = app(event, context)
    return answered
