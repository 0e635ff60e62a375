"""Listings of the API that tests look at: what is found empty had something in it at some time of the test."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from chalicelib.houses import HOUSES
from infra.local.cloud import LocalCloud
from infra.local.gateway import HttpRequest, Response

# By route, whether something was in it.
_looked_at: dict[str, bool] = {}
# What a test says that finds nothing.
_CLAIMS = re.compile(r"\[\]|\bnot in\b|\bassert not\b|\bnot any\b")


class _Page(dict[str, Any]):
    """What was answered; who takes the items out of it, or compares it whole, has looked at them."""

    route = ""

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def __eq__(self, other: object) -> bool:
        self._note("items")
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def _note(self, name: str) -> None:
        if name == "items" and "items" in self.keys():
            _looked_at[self.route] = _looked_at.get(self.route, False) or bool(super().get("items"))


@dataclass(frozen=True)
class _Listing(Response):
    route: str

    @property
    def json(self) -> Any:
        page = _Page(json.loads(self.body))
        page.route = self.route
        return page


_handle = LocalCloud.handle


def _seen(world: LocalCloud, request: HttpRequest) -> Response:
    answer = _handle(world, request)
    if request.method != "GET" or answer.status != 200 or not answer.body.startswith(b"{"):
        return answer
    route, _ = world.gateway._ways.find(request.path)
    return _Listing(answer.status, answer.headers, answer.body, route or request.path)


@contextmanager
def requiring_items() -> Iterator[None]:
    """Within, each list that is looked at has items at some time: of one that is always empty it would be said whatever
    the code does that it lacks something."""
    _looked_at.clear()
    with patch.object(LocalCloud, "handle", _seen):
        yield
    never = [f"GET {route}" for route, was_there in _looked_at.items() if not was_there]
    _looked_at.clear()
    assert not never, f"lists that were looked at and always empty: {never}; show something in them, before or after"


def claims_absence(folder: str, test: Callable[..., object]) -> bool:
    """Whether a test of a house says that something is not there: others compare what was seen at two times."""
    return folder in HOUSES and _CLAIMS.search(inspect.getsource(test)) is not None
