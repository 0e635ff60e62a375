"""A regression of cost is a diff, not a feeling."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from chalicelib.alarms.records import Alarm
from chalicelib.store.records import Item
from infra.local.cloud import LocalCloud
from infra.strict_moto import Call
from infra.strict_moto.sizes import attributes_bytes
from tests.bench.money import PRICES
from tests.conftest import Home, _warm
from tests.costs import PAGE, TABLE, Cost, ask_page, measured, page_of_twenty, table
from tests.request_shapes import A_PAGE, A_RANGE, A_TABLE, BY_KEYS, shape_of
from tests.scene import ON_MOTO, items_of

MOST_CALLS_OF_A_READ = 2
MOST_CALLS_OF_A_MUTATION = 6


@pytest.fixture(scope="session")
def costs(one_cloud: LocalCloud, _home: tuple[Any, Callable[[], Home]]) -> list[Cost]:
    snapshot, copy = _home
    one_cloud.restore(snapshot)
    _warm(one_cloud)
    return list(measured(copy(), lambda: one_cloud.restore(snapshot)))


@ON_MOTO  # units are the endpoint's own
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
    # there; what everybody is told, or may enter, is a query beside that of one's own; a live view's first answer waits
    # for a picture, and later ones note what they found.
    assert over == [
        "GET /alarms", "GET /campaigns", "GET /devices", *_LOOKING_BACK, "GET /notices", "GET /privacy/activity",
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


# What is read whole, without a limit, and what makes it few.
READ_WHOLE = {
    "account/device-owned": "the setting most_devices",
    "account/device-received": "sharing: MOST_RECEIVED",
    "account/endpoint": "one of each terminal with a session, of which there are MOST_SESSIONS",
    "account/exercised-right": "what one asked for by hand about one's data, and with it the copies",
    "account/export": "those of a day, of which there are _MOST_A_DAY",
    "account/passkey": "second_factors: MOST_PASSKEYS",
    "account/platform": "identities: MOST_PLATFORMS",
    "account/session": "sessions: MOST_SESSIONS",
    "address/invitation": "each lasts a week, and who invites may do so MOST_INVITATIONS_A_DAY times",
    "address/offer": "each is of a camera, which is offered to one address at a time",
    "device/clip": "those of a day, of which each person who may ask has A_DAY",
    "device/command": "MOST_WAITING, and what was answered lately",
    "device/live": "MOST_OF_ONE for the owner, and MOST_OF_GUESTS",
    "device/recording-day": "a row for each of MOST_CHANNELS and each day that is kept",
    "device/share": "sharing: MOST_SHARES",
    "open/erasure": "those in the whole installation that are not done",
}


def test_what_a_request_looks_at_is_keys_pages_and_ranges_of_few(costs: list[Cost]) -> None:
    shapes = {shape for cost in costs for shape in cost.shapes}
    assert {BY_KEYS, f"{A_PAGE} of device/alarm"} <= shapes
    assert {shape for shape in shapes if not shape.startswith((BY_KEYS, A_PAGE))} == {
        f"{A_RANGE} of {kind}" for kind in READ_WHOLE
    }


@pytest.mark.parametrize(
    ("operation", "parameters", "shape"),
    [
        ("GetItem", {"Key": {}}, BY_KEYS),
        ("Query", {"Limit": 20}, f"{A_PAGE} of device/alarm"),
        ("Query", {}, f"{A_RANGE} of device/alarm"),
        ("Query", {"Limit": 100_000}, f"{A_RANGE} of device/alarm"),
        ("Query", {"Limit": 20, "IndexName": "by_colour"}, A_TABLE),
        ("Query", {"Limit": 20, "KeyConditionExpression": "colour = :pk"}, A_TABLE),
        ("Scan", {"Limit": 20}, A_TABLE),
        ("ExecuteStatement", {"Statement": "SELECT * FROM Items"}, A_TABLE),
    ],
)
def test_a_request_has_the_shape_of_what_it_can_look_at(operation: str, parameters: dict[str, Any], shape: str) -> None:
    values = {":pk": {"S": "device#1"}, ":low": {"S": "alarm#"}, ":high": {"S": "alarm#~"}}
    condition = {"KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high"}
    call = Call("dynamodb", operation, {**condition, "ExpressionAttributeValues": values, **parameters})
    assert shape_of(call) == shape


def test_an_alarm_is_one_read_one_look_one_write_of_one_unit_and_one_push(costs: list[Cost]) -> None:
    (one,) = (cost for cost in costs if cost.route == "on_picture_uploaded")
    assert one.calls == ("dynamodb.BatchGetItem", "s3.GetObject", "dynamodb.PutItem", "sns.Publish")
    assert one.write_units == 1


@ON_MOTO
def test_a_page_of_twenty_is_two_units_of_alarms_and_reads_no_plan(costs: list[Cost]) -> None:
    (page,) = (cost for cost in costs if cost.route == PAGE)
    assert page.calls == ("dynamodb.BatchGetItem", "dynamodb.Query")
    # Account, session, and the account's key; the device and its key; alarms.
    assert page.read_units == 3 + 2 + 2


# What API Gateway and CloudFront say in headers of their own, about: Date, Via, X-Cache, X-Amz-Cf-Id and -Pop,
# x-amz-apigw-id, X-Amzn-Trace-Id.
HEADERS_OF_OTHERS_BYTES = 500


def test_the_bytes_that_are_paid_for_are_those_of_a_real_page(home: Home) -> None:
    usage = yaml.safe_load(PRICES.read_text())["usage"]
    answer = ask_page(home, page_of_twenty(home))
    headers = sum(len(f"{name}: {value}\r\n") for name, value in answer.headers)
    sent = len(answer.body) + headers + HEADERS_OF_OTHERS_BYTES
    assert 0.9 * usage["list_answer_kb"] < sent / 1000 <= usage["list_answer_kb"]
    rows = [row for row in items_of(Item, Alarm.key(home.camera.device_id).pk) if row["sk"]["S"].startswith("alarm#")]
    stored = 100 + sum(map(attributes_bytes, rows)) / len(rows)
    assert len(rows) == 25 and 0.95 * usage["alarm_bytes"] < stored <= usage["alarm_bytes"]

