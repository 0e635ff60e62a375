"""What a thousand cameras cost follows from what is counted, and a regression of cost is a sum that grows."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
import yaml

from chalicelib.recordings.actions import reconciling
from infra.package import memory, template
from tests.bench import money
from tests.bench.money import (
    CAMERAS,
    MOST_OF_ALARMS,
    MOST_OF_CAMERAS,
    MOST_OF_CHANNEL,
    MOST_OF_LIVE,
    MOST_OF_LIVE_BY_AGENT,
    MOST_OF_PEOPLE,
    MOST_OF_RECORDING,
    MOST_OF_STANDING,
    PRICES,
    TABLE,
    items,
)
from tests.costs import TABLE as COSTS

RUNBOOK = PRICES.with_name("README.md")


def sum_of(costs: str, told: dict[str, Any]) -> float:
    return sum(item.dollars for item in items(costs, told))


@pytest.fixture
def told() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(PRICES.read_text())
    return content


def test_the_committed_sum_is_what_the_counts_and_the_prices_make() -> None:
    if os.environ.get("WRITE_COSTS"):
        TABLE.write_text(money.table())
    assert TABLE.read_text() == money.table(), "run `make costs` and look at the difference"


def test_what_a_few_cameras_cost_stands_where_an_operator_looks() -> None:
    text = RUNBOOK.read_text()
    before, begin, rest = text.partition("<!-- costs -->\n")
    _written, end, after = rest.partition("\n<!-- /costs -->")
    assert begin and end
    if os.environ.get("WRITE_COSTS"):
        RUNBOOK.write_text(before + begin + money.few_cameras() + end + after)
    assert money.few_cameras() in RUNBOOK.read_text(), "run `make costs` and look at the difference"


def test_a_few_cameras_cost_what_a_thousand_do_and_what_is_there_for_all() -> None:
    whole = money.installation()
    of_thousand = money.of_cameras() + money.of_channel() + money.of_people() + money.of_live_by_agent()
    assert sum(one.dollars(1000) for one in whole) == pytest.approx(money.of_standing() + of_thousand)
    # By hand: the web ACL and its rule; 22 requests a camera and a day: 8 tickets, 10 pages, 3 pictures, a view.
    (firewall,) = (one for one in money.options() if "ADDRESS_LIMIT" in one.what)
    assert firewall.dollars(20) == pytest.approx(6 + 20 * 30 * 22 * 0.0000006)
    assert len({round(one.dollars(20), 2) for one in money.options()}) == len(money.options())


def test_a_thousand_cameras_cost_no_more_than_they_did() -> None:
    assert money.of_alarms() <= MOST_OF_ALARMS
    assert money.of_cameras() <= MOST_OF_CAMERAS
    assert money.of_people() <= MOST_OF_PEOPLE
    assert money.of_channel() <= MOST_OF_CHANNEL
    assert money.of_live() <= MOST_OF_LIVE
    assert money.of_live_by_agent() <= MOST_OF_LIVE_BY_AGENT
    assert money.of_standing() <= MOST_OF_STANDING


@pytest.mark.parametrize("name", MOST_OF_RECORDING)
def test_recording_costs_little_more_than_s3_alone_asks_for(told: dict[str, Any], name: str) -> None:
    assert 1 < money.of_recording(name).times_s3 <= MOST_OF_RECORDING[name]
    assert money.of_recording(name).dollars_of_s3 == pytest.approx(OF_S3[name], rel=0.01)


# By hand: objects put, inits put, and gigabytes kept.
OF_S3 = {
    "continuous, 60 s, 7 days": (43_200 + 720) * 0.005 + 7 * 10.8 * 23,
    "events, 20 s, 7 days": (900 + 240) * 0.005 + 7 * 0.075 * 23,
}


@pytest.mark.parametrize(
    ("before", "after", "more_a_camera"),
    [
        # A segment that is written twice, or whose bytes are read twice; a chain that is read twice; and rows of which
        # each look takes one more.
        ("a minute` | 3 | 5 | 1 |", "a minute` | 4 | 5 | 2 |", 43_200 * 0.000000625),
        ("a minute` | 3 | 5 | 1 |", "a minute` | 4 | 9 | 1 |", 43_200 * 4 * 0.000000125),
        ("continuous, a minute` | 4 | 1 |", "continuous, a minute` | 4 | 2 |", 96 * 30 * 0.000000125),
        ("event, 20 s` | 4 | 6 | 1 |", "event, 20 s` | 4 | 6 | 2 |", 900 * 0.000000625),
        ("to record, event` | 4 | 7 |", "to record, event` | 4 | 8 |", 240 * 0.000000125),
    ],
)
def test_what_recording_takes_more_is_paid_for(
    told: dict[str, Any], before: str, after: str, more_a_camera: float
) -> None:
    costs = COSTS.read_text()
    assert costs.count(before) == 1
    name = "events, 20 s, 7 days" if "event" in before else "continuous, 60 s, 7 days"
    grown = money.recording(costs.replace(before, after), told, name).dollars - money.of_recording(name).dollars
    assert grown == pytest.approx(CAMERAS * more_a_camera)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("continuous, 60 s, 7 days", "continuous, a minute` | 3 | 5 |"),
        ("events, 20 s, 7 days", "event, 20 s` | 4 | 6 |"),
    ],
)
def test_a_doubled_write_does_not_stay_within_the_bar(told: dict[str, Any], name: str, row: str) -> None:
    costs = COSTS.read_text()
    assert costs.count(f"{row} 1 |") == 1
    assert money.recording(costs.replace(f"{row} 1 |", f"{row} 2 |"), told, name).times_s3 > MOST_OF_RECORDING[name]


def test_the_reconciler_looks_at_a_camera_in_the_hours_that_it_films_in_and_half_an_hour_after(
    told: dict[str, Any],
) -> None:
    looks_an_hour = (timedelta(hours=1) + reconciling.NEW_FOR - reconciling.NEWS_TAKE) / timedelta(minutes=15)
    assert told["recordings"]["looks_a_ticket"] == pytest.approx(looks_an_hour)
    assert _units_of_looks("events, 20 s, 7 days") == pytest.approx(CAMERAS * 30 * (8 * looks_an_hour + 4 + 16))
    assert _units_of_looks("continuous, 60 s, 7 days") == pytest.approx(CAMERAS * 30 * (96 + 16))
    assert sum(item.dollars for item in money.of_recording("events, 20 s, 7 days").of_ours["looks"]) <= 0.72


def _units_of_looks(name: str) -> float:
    of = money.of_recording(name).of_ours["looks"]
    return sum(item.count for item in of if item.price_name == "dynamodb_read_unit")


def test_what_is_uploaded_invokes_a_function_each_and_passes_no_queue(told: dict[str, Any]) -> None:
    found = money.of_recording("continuous, 60 s, 7 days")
    of_news = [item for part in ("segment", "init") for item in found.of_ours[part]]
    assert sum(item.count for item in of_news if item.price_name == "lambda_request") == CAMERAS * (43_200 + 720)
    alarms = [item for item in items(COSTS.read_text(), told) if item.purpose == "alarm"]
    assert next(item.count for item in alarms if item.price_name == "lambda_request") == CAMERAS * 900
    assert "sqs_request" not in {item.price_name for item in (*of_news, *alarms)}


def test_a_queue_and_an_alarm_more_are_paid_for_while_nobody_uses_them(told: dict[str, Any]) -> None:
    queue = {"Type": "SQS", "Properties": {}}
    function = {"Type": "AWS::Serverless::Function", "Properties": {"Events": {"One": queue}}}
    watches = {"Namespace": "AWS/SQS", "MetricName": "any", "Dimensions": []}
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": watches}
    few: dict[str, Any] = {"Resources": {"One": function, "Key": {"Type": "AWS::KMS::Key", "Properties": {}}}}
    more = {"Resources": {**few["Resources"], "Two": function, "Rings": alarm}}
    prices = told["standing"]
    paid = [sum(item.dollars for item in money.standing(one, prices)) for one in (few, more)]
    of_few = prices["key"] + prices["polled_queue"]
    assert paid == pytest.approx([of_few, of_few + prices["polled_queue"] + prices["alarm"]])


@pytest.mark.parametrize(
    ("before", "after", "price", "more"),
    [
        # An alarm that is written twice; a second S3 read; two pushes; a list that reads ten units.
        ("| 4 | 3 | 1 |", "| 4 | 3 | 2 |", "dynamodb_write_unit", 900_000),
        ("s3.GetObject, dynamodb.PutItem, sns", "2 s3.GetObject, dynamodb.PutItem, sns", "s3_get", 900_000),
        ("dynamodb.PutItem, sns.Publish |", "dynamodb.PutItem, 2 sns.Publish |", "sns_push", 900_000),
        ("a page of twenty` | 2 | 7 |", "a page of twenty` | 2 | 10 |", "dynamodb_read_unit", 3 * 300_000),
        # And a playlist that reads the account as well, or asks S3 once more, or lists.
        ("a numbered piece more` | 3 | 3 |", "a numbered piece more` | 3 | 5 |", "dynamodb_read_unit", 2 * 1_830_000),
        ("BatchGetItem, s3.HeadObject, dynamodb.UpdateItem |", "BatchGetItem, 2 s3.HeadObject, dynamodb.UpdateItem |",
         "s3_get", 1_830_000),
        ("BatchGetItem, s3.HeadObject, dynamodb.UpdateItem |", "BatchGetItem, s3.HeadObject, s3.ListObjectsV2 |",
         "s3_list", 1_830_000),
    ],
)  # fmt: skip
def test_a_count_that_grows_is_paid_for(told: dict[str, Any], before: str, after: str, price: str, more: int) -> None:
    costs = COSTS.read_text()
    assert costs.count(before) == 1
    grown = sum_of(costs.replace(before, after), told) - sum_of(costs, told)
    assert grown == pytest.approx(more * told["prices"][price])


def test_less_memory_costs_less_of_what_is_waited_and_the_same_of_what_is_computed() -> None:
    computes: dict[str, Any] = {"waits_ms": {"alarm": 0}, "core_ms": {"alarm": 3}}
    waits: dict[str, Any] = {"waits_ms": {"alarm": 60}, "core_ms": {"alarm": 0}}
    few, many = (
        [money.gb_seconds("alarm", "on_picture_uploaded", one, megabytes) for one in (computes, waits)]
        for megabytes in (128, 512)
    )
    assert few == pytest.approx([0.003 * 1769 / 1024, 0.06 / 8])
    assert many == pytest.approx([few[0], 4 * few[1]])
    # Nothing of ours computes on two at once.
    assert money.gb_seconds("alarm", "on_picture_uploaded", computes, 3538) == pytest.approx(2 * few[0])


def test_what_a_function_is_paid_for_is_the_memory_that_is_deployed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = money.of_alarms(), money.of_recording("continuous, 60 s, 7 days").dollars, money.of_live()
    given = {template.API: 512, "reconcile_recordings": 512, "show_live": memory.megabytes_of("show_live")}
    monkeypatch.setattr(memory, "megabytes_of", lambda function: given.get(function, 384))
    after = money.of_alarms(), money.of_recording("continuous, 60 s, 7 days").dollars, money.of_live()
    assert after[0] > before[0] and after[1] > before[1] and after[2] == before[2]


def test_a_door_that_is_not_counted_is_missed(told: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        sum_of(COSTS.read_text().replace("`POST /cameras/tickets`", "`POST /cameras/lots`"), told)


def test_every_price_is_used_and_nothing_is_paid_for_where_nothing_happens(told: dict[str, Any]) -> None:
    costs = COSTS.read_text()
    assert {item.price_name for item in items(costs, told)} == set(told["prices"])
    never = dict.fromkeys((name for name in told["usage"] if name.endswith("_a_day")), 0)
    assert sum_of(costs, told | {"usage": told["usage"] | never}) == 0
    puts = next(item for item in items(costs, told) if item.price_name == "s3_put")
    assert puts.count == CAMERAS * told["usage"]["alarms_a_day"] * told["usage"]["days"]
