"""The examples of the contract are what the local cloud was asked and answered."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home, _warm
from tests.entry import examples

WRITES = "WRITE_EXAMPLES" in os.environ


@pytest.mark.skipif(not WRITES and "EVERY_SIZE" not in os.environ, reason="`make contract` and `make night` play it")
def test_the_committed_examples_are_of_the_kind_that_is_answered_now(
    one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]
) -> None:
    snapshot, copy = _home
    one_cloud.restore(snapshot)
    _warm(one_cloud)
    recorded = examples.recorded(copy(), lambda: one_cloud.restore(snapshot))
    if WRITES:
        examples.RECORDED.write_text(examples.written(recorded))
    assert kinds(json.loads(examples.RECORDED.read_text())) == kinds(recorded)


def kinds(value: Any) -> Any:
    """The same without what differs from time to time: fields, and of what kind they are."""
    if isinstance(value, dict):
        return {name: kinds(one) for name, one in value.items()}
    return [kinds(one) for one in value] if isinstance(value, list) else type(value).__name__
