"""Cameras in stock as operators are shown them: `show_devices`."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.errors import Invalid
from infra.local.cloud import LocalCloud
from tests.conftest import Home
from tests.privacy.leaving import closed
from tests.scene import Camera


def show(world: LocalCloud, *sns: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.invoke("show_devices", {"sns": list(sns)})["items"]
    return items


def test_a_camera_is_absent_or_free_or_owned_in_the_order_that_was_asked_for(home: Home) -> None:
    free = Camera(home.world, sn="SN0002")
    free.load()
    items = show(home.world, "NOWHERE", home.camera.sn, free.sn)
    assert [one["state"] for one in items] == ["absent", "owned", "free"]
    assert [one["model"] is None for one in items] == [True, False, False]


def test_a_serial_number_is_found_as_people_type_it(home: Home) -> None:
    assert show(home.world, f" {home.camera.sn.lower()} ")[0]["state"] == "owned"


def test_what_belonged_to_a_closed_account_is_free_at_once(home: Home) -> None:
    closed(home)
    assert show(home.world, home.camera.sn)[0]["state"] == "free"


def test_when_it_was_there_is_said_and_nothing_of_who_owns_it(home: Home) -> None:
    (away,) = show(home.world, home.camera.sn)
    assert away["connected"] is False
    connection = home.camera.connect()
    (there,) = show(home.world, home.camera.sn)
    assert there["connected"] is True and there["connected_at"] == "2026-01-05T08:00:00Z"
    assert connection is not None
    assert set(there) == {"sn", "state", "model", "connected", "connected_at", "away_since", "locked_until"}


@pytest.mark.parametrize("sns", [[], ["SN"] * 101, [""], ["x" * 300], None])
def test_none_and_too_many_are_refused(world: LocalCloud, sns: Any) -> None:
    with pytest.raises(Invalid):
        world.invoke("show_devices", {"sns": sns})


def test_a_hundred_take_few_calls(home: Home) -> None:
    home.world.settle()
    home.world.trace.clear()
    show(home.world, *(f"NOWHERE-{number}" for number in range(99)), home.camera.sn)
    # And nothing is written.
    assert set(home.world.trace.names()) == {"dynamodb.BatchGetItem"}
    assert len(home.world.trace.names()) <= 2
