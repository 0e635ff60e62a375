"""The part of the suite that `make test-endpoint` plays, and what of it fails where MiniStack is otherwise than AWS."""

from __future__ import annotations

import os

import pytest

from tests import shares
from tests.endpoint.differences import DIFFERENCES, Difference

# All of it takes half as long again as `make test`; EVERY_TEST=1 plays it.
ONE_IN = 3


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("ENDPOINT") == "ministack":
        for item in items:
            if difference := of_test(item.nodeid):
                # Strictly: what passes again is no difference any more.
                item.add_marker(pytest.mark.xfail(reason=difference.what, strict=True))
    named = bool(config.option.keyword) or config.args_source is not pytest.Config.ArgsSource.TESTPATHS
    if os.environ.get("EVERY_TEST") or named:
        return
    number = shares.number_of_commit()
    left = [
        one for one in items if not ("tests/endpoint/" in one.nodeid or shares.has_turn(one.nodeid, ONE_IN, number))
    ]
    config.hook.pytest_deselected(items=left)
    left_ids = {one.nodeid for one in left}
    items[:] = [one for one in items if one.nodeid not in left_ids]


def of_test(nodeid: str) -> Difference | None:
    return next((one for one in DIFFERENCES if any(nodeid.endswith(name) for name in one.tests)), None)
