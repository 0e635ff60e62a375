"""Examples of the contract: each route's own example, as it was sent to the local cloud and answered there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from chalicelib.entry.contract import Contract
from infra.local.gateway import Response
from tests.conftest import Home
from tests.routes import all_routes, request_for

RECORDED = Path(__file__).parents[1] / "examples.json"
# Of what is opaque a reader needs no more to see what it is.
_SHOWN = 24
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_.~-]{81,}")


def recorded(home: Home, restore: Callable[[], None]) -> dict[str, dict[str, Any]]:
    """`asked` and `answered` by the name of each route, each in the same world; what has no JSON body is not there."""
    examples: dict[str, dict[str, Any]] = {}
    for route in all_routes():
        if route.answers is Contract:
            continue
        restore()
        request = request_for(route, home)
        answer = request.send(home)
        assert answer.status == route.status, (route.name, answer.body)
        bodies = {"asked": request.body if route.asks is not None else None, "answered": _json_of(answer)}
        if shown := {when: _shown(body) for when, body in bodies.items() if body is not None}:
            examples[route.name] = shown
    return examples


def written(examples: dict[str, dict[str, Any]]) -> str:
    return json.dumps(examples, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _json_of(answer: Response) -> Any:
    return answer.json if answer.body and answer.headers.get("Content-Type") == "application/json" else None


def _shown(value: Any) -> Any:
    """Signatures and tokens are cut, since nobody can use them, and links lead to where an installation's do."""
    if isinstance(value, dict):
        return {name: _shown(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if not isinstance(value, str):
        return value
    if value.startswith("http"):
        return _link(value)
    return _OPAQUE.sub(lambda found: found[0][:_SHOWN] + "…", value)


def _link(url: str) -> str:
    """As an installation would give it, without a signature."""
    parts = urlsplit(url)
    bucket, _, key = parts.path[1:].partition("/")
    if key and parts.query:
        return f"https://{bucket}.s3.eu-central-1.amazonaws.com/{key}?X-Amz-Signature=…"
    return f"https://a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com/api{parts.path}"
