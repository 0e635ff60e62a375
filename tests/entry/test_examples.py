"""The examples of the contract are what the local cloud was asked and answered."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home, _warm
from tests.entry import examples


@pytest.mark.skipif("WRITE_EXAMPLES" not in os.environ, reason="plays every route: `make contract`")
def test_record(one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]) -> None:
    snapshot, copy = _home
    _warm(one_cloud)
    home = copy()
    examples.RECORDED.write_text(examples.written(examples.recorded(home, lambda: one_cloud.restore(snapshot))))
