"""An engine with the table T, whose keys are `pk` and `sk`."""

from __future__ import annotations

import pytest

from tests.engine.asking import Asking

STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.fixture
def asking() -> Asking:
    asking = Asking()
    asking.table(StreamSpecification=STREAM)
    return asking
