"""Each test here begins with a container that knows no platform's keys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.identities.platforms import Served, platforms


@pytest.fixture(autouse=True)
def served() -> Iterator[Served]:
    platforms().as_usual()
    yield platforms()
    platforms().as_usual()
