"""A regression of cost is a diff, not a feeling."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.cloud import LocalCloud
from tests.conftest import Home, _warm
from tests.costs import TABLE, Cost, measured, table

MOST_CALLS_OF_A_READ = 2
MOST_CALLS_OF_A_MUTATION = 6


@pytest.fixture(scope="session")
def costs(one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]) -> list[Cost]:
    snapshot, copy = _home
    _warm(one_cloud)
    return list(measured(copy(), lambda: one_cloud.restore(snapshot)))


def test_the_committed_table_is_what_is_counted(costs: list[Cost]) -> None:
    if os.environ.get("WRITE_COSTS"):
        TABLE.write_text(table(costs))
    assert TABLE.read_text() == table(costs), "run `make costs` and look at the difference"


def test_reads_and_mutations_stay_within_their_limits(costs: list[Cost]) -> None:
    over = [
        cost.route
        for cost in costs
        if cost.route.split()[0] in ("GET", "POST", "PUT", "PATCH", "DELETE")
        and len(cost.calls) > (MOST_CALLS_OF_A_READ if cost.route.startswith("GET") else MOST_CALLS_OF_A_MUTATION)
    ]
    # What is about all devices asks each of them, or their cameras; what is shared with somebody is found at their
    # addresses, then at the devices, then at their owners'; what looks back asks which days there are, and S3 what lies
    # there; a live view's first answer waits for a picture, and later ones note what they found.
    assert over == [
        "GET /alarms", "GET /devices", *_LOOKING_BACK, "GET /privacy/activity",
        "GET /recordings/{playback}/playlist.m3u8", "GET /shares", "GET /live/{capability}/playlist.m3u8, the first",
        "GET /live/{capability}/playlist.m3u8, a numbered piece more",
    ]  # fmt: skip
    back = [cost for cost in costs if cost.route in _LOOKING_BACK]
    assert all(len(cost.calls) <= MOST_CALLS_OF_A_READ + 2 and cost.calls.count(_LISTING) <= 1 for cost in back)


_LISTING = "s3.ListObjectsV2"
_LOOKING_BACK = [
    f"GET /devices/{{device_id}}/recordings{more}" for more in ("", "/days", "/timeline", "/{recording_id}")
]


def test_a_minute_of_video_is_one_write_of_one_unit_in_however_many_objects(costs: list[Cost]) -> None:
    of_minutes = [cost for cost in costs if cost.route.startswith("on_recording_uploaded, continuous, a minute")]
    assert [(cost.write_units, cost.calls.count("s3.GetObject")) for cost in of_minutes] == [(1, 6), (1, 1)]
    for cost in costs:
        if cost.route.startswith("on_recording_uploaded"):
            assert cost.write_units == cost.calls.count("dynamodb.UpdateItem") <= 1


def test_nothing_ever_scans(costs: list[Cost]) -> None:
    assert not [cost.route for cost in costs if any("Scan" in call for call in cost.calls)]


def test_an_alarm_is_one_read_one_look_one_write_of_one_unit_and_one_push(costs: list[Cost]) -> None:
    (one,) = (cost for cost in costs if cost.route == "on_picture_uploaded")
    assert one.calls == ("dynamodb.BatchGetItem", "s3.GetObject", "dynamodb.PutItem", "sns.Publish")
    assert one.write_units == 1
