"""Whoever kept a copy of all stores can read all of it while its owner lives, and nothing afterwards."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.canaries import opens
from tests.conftest import Home
from tests.worlds.invariants import Stored
from tests.worlds.sweep import recover


def _close(home: Home) -> set[str]:
    home.owner.step_up()
    assert home.owner.close().status == 202
    return {home.owner.account_id, home.camera.device_id}


def _remove_the_device(home: Home) -> set[str]:
    assert home.owner.call("DELETE", f"/devices/{home.camera.device_id}").status == 202
    return {home.camera.device_id}


@pytest.fixture(params=[_close, _remove_the_device])
def end(request: pytest.FixtureRequest) -> Callable[[Home], set[str]]:
    return request.param  # type: ignore[no-any-return]


def test_a_copy_of_all_stores_is_worth_nothing_without_the_keys(home: Home, end: Callable[[Home], set[str]]) -> None:
    copied = copy.deepcopy(home.world.dump())
    everybody = {row["pk"].partition("#")[2] for _, row, _ in Stored(copied).sealed}
    readable, sealed = opens(copied, copied, everybody)
    gone = end(home)
    mine, of_mine = opens(copied, copied, gone)
    # The copied streams also hold what lay under keys that had ended by then: a camera's report, before it was bound.
    assert readable == sealed
    assert mine == of_mine > 10
    for _ in range(2):
        now = home.world.dump()
        assert opens(copied, now, gone) == (0, of_mine)
        assert opens(copied, now, everybody) == (readable - mine, sealed)
        recover(home.world)


def test_the_streams_of_today_open_nothing_of_who_is_gone(home: Home, end: Callable[[Home], set[str]]) -> None:
    gone = end(home)
    recover(home.world)
    now = home.world.dump()
    readable, sealed = opens(now, now, gone)
    assert (readable, sealed > 10) == (0, True)
