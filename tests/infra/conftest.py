"""One small cloud for the tests of a file, put back to its beginning before each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.infra import toycloud
from tests.infra.toycloud import house


@pytest.fixture(scope="module")
def _started() -> Iterator[tuple[LocalCloud, Any]]:
    with toycloud.start() as cloud:
        cloud.settle()
        yield cloud, cloud.snapshot()


@pytest.fixture
def cloud(_started: tuple[LocalCloud, Any]) -> LocalCloud:
    cloud, beginning = _started
    cloud.restore(beginning)
    house.forget()
    return cloud
