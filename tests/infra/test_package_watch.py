"""Nothing is unwatched: each promise and each failure rings, and the dashboard shows what is written."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from chalicelib.aws import s3
from infra.local.cloud import LocalCloud
from infra.package import template
from tests.alarms.snapshots import arrives
from tests.conftest import Home
from tests.infra.packaged import made, resources
from tests.privacy.leaving import closed


def alarms() -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in resources("AWS::CloudWatch::Alarm").items()}


def test_every_stream_and_every_dead_letter_queue_has_an_alarm_and_every_alarm_rings() -> None:
    watched = [(one.get("MetricName"), json.dumps(one.get("Dimensions", []))) for one in alarms().values()]
    streams = [
        function.logical_id
        for function in template.functions_of(made())
        if any(event["Type"] == "DynamoDB" for event in function.events.values())
    ]
    assert streams
    for name in streams:
        assert [1 for metric, where in watched if metric == "IteratorAge" and f'"{name}"' in where]
    for queue in resources("AWS::SQS::Queue"):
        if queue.endswith("DeadLetters"):
            assert [1 for _, where in watched if f'"{queue}"' in where], queue
            assert queue in made()["Resources"]["Overview"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert all(one["AlarmActions"] == [{"Ref": "Rings"}] for one in alarms().values())


@pytest.mark.parametrize(("queue", "days"), [("Uploads", 7), ("MailReports", 3), ("", 14)])
def test_an_alarm_of_dead_letters_says_how_long_they_wait(queue: str, days: int) -> None:
    said = alarms()[f"{queue}DeadLettersFilled"]["AlarmDescription"]
    assert said.endswith(f"look into {queue}DeadLetters, mend, and redrive within {days} days.")


def test_a_function_that_fails_rings_with_one_alarm_for_all_and_the_page_shows_which() -> None:
    (failed,) = (one for one in alarms().values() if one.get("MetricName") == "Errors")
    # Without a name the metric is of all functions of the account, which is this installation's own.
    assert "Dimensions" not in failed
    assert (failed["Namespace"], failed["Statistic"], failed["Threshold"]) == ("AWS/Lambda", "Sum", 0)
    body = made()["Resources"]["Overview"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert '{AWS/Lambda,FunctionName} sowa ${Stage} MetricName=\\"Errors\\"' in body


def test_what_lambda_could_not_run_rings_for_the_api_at_once_and_for_all_functions_together() -> None:
    throttled = {name: one for name, one in alarms().items() if one.get("MetricName") == "Throttles"}
    assert {name: one.get("Dimensions", []) for name, one in throttled.items()} == {
        "ApiThrottled": [{"Name": "FunctionName", "Value": {"Ref": "APIHandler"}}],
        # Without a name the metric is of all functions of the account, which is this installation's own.
        "FunctionsThrottled": [],
    }
    for one in throttled.values():
        assert (one["Namespace"], one["Statistic"], one["Threshold"]) == ("AWS/Lambda", "Sum", 0)


def test_pictures_that_wait_in_lambda_and_those_that_it_can_leave_nowhere_ring() -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
    (function,) = (one for one in template.functions_of(made()) if one.entry_point == "on_picture_uploaded")
    waits, lost = alarms()["PicturesWait"], alarms()["PicturesLost"]
    for one in (waits, lost):
        assert one["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function.logical_id}}]
    assert (waits["Namespace"], waits["MetricName"], waits["Statistic"]) == ("AWS/Lambda", "AsyncEventAge", "Maximum")
    # In milliseconds: longer than a third try takes to come, a minute and two after the first.
    assert waits["Threshold"] == 5 * 60 * 1000
    assert (lost["Namespace"], lost["MetricName"]) == ("AWS/Lambda", "DestinationDeliveryFailures")
    assert (lost["Statistic"], lost["Threshold"]) == ("Sum", 0)


def test_what_api_gateway_turned_away_rings_as_far_as_its_metrics_tell() -> None:
    """It has none for 429: what was refused and reached no function is at most that
    (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html)."""
    asked = {one["Id"]: one for one in alarms()["RequestsTurnedAway"]["Metrics"]}
    assert {name: one["MetricStat"]["Metric"]["MetricName"] for name, one in asked.items() if "MetricStat" in one} == {
        "requests": "Count", "refused": "4XXError", "answered": "Invocations",
    }  # fmt: skip
    (told,) = (one for one in asked.values() if one.get("ReturnData", True))
    assert told["Expression"] == "IF(refused < requests - answered, refused, requests - answered)"
    of_channel = alarms()["ChannelTurnedAway"]
    assert (of_channel["MetricName"], of_channel["Dimensions"]) == (
        "ClientError", [{"Name": "ApiId", "Value": {"Ref": "WebsocketAPI"}}],
    )  # fmt: skip


def test_the_dashboard_is_what_cloudwatch_can_read() -> None:
    body = json.loads(made()["Resources"]["Overview"]["Properties"]["DashboardBody"]["Fn::Sub"])
    assert {widget["type"] for widget in body["widgets"]} == {"metric", "log"}
    places = [(widget["x"], widget["y"]) for widget in body["widgets"]]
    assert len(set(places)) == len(places)
    asked = [widget["properties"]["query"] for widget in body["widgets"] if widget["type"] == "log"]
    # CloudWatch looks into fifty logs at once, and no more.
    logs = resources("AWS::Logs::LogGroup")
    of_operators = {name for name in logs if f"${{{name}}}" not in asked[1]}
    assert {"LoadDevicesLogs", "CloseMonthLogs", "ReadApiLogLogs"} <= of_operators
    assert len(of_operators) < 40
    assert [query.count("SOURCE '${") for query in asked] == [1, len(logs) - len(of_operators)]
    assert len(logs) - len(of_operators) <= 50


def figures_of(world: LocalCloud, route: str) -> tuple[dict[str, Any], dict[str, float]]:
    """Where a door's last line puts its metrics, and what they say."""
    line = [json.loads(line) for line in world.logs.lines() if f'"door":"{route}"' in line][-1]
    (metrics,) = line["_aws"]["CloudWatchMetrics"]
    where = {"Namespace": metrics["Namespace"], "Dimensions": {one: line[one] for one in metrics["Dimensions"][0]}}
    return where, {one["Name"]: line[one["Name"]] for one in metrics["Metrics"]}


def our_alarms() -> dict[str, dict[str, Any]]:
    return {name: one for name, one in alarms().items() if one.get("Namespace") == "Sowa"}


def rings(world: LocalCloud, name: str) -> bool:
    """Whether what the alarm's door said last is beyond its threshold."""
    alarm = our_alarms()[name]
    assert (alarm["ComparisonOperator"], alarm["Statistic"]) == ("GreaterThanThreshold", "Maximum")
    (route,) = (one["Value"] for one in alarm["Dimensions"] if one["Name"] == "door")
    _, figures = figures_of(world, route)
    return figures[alarm["MetricName"]] > alarm["Threshold"]


OUR_ALARMS = ("ErasureLate", "LiveVideoLate", "PaymentsLate", "PictureLate")


@pytest.mark.parametrize("name", OUR_ALARMS)
def test_an_alarm_looks_at_a_figure_that_its_door_writes(world: LocalCloud, name: str) -> None:
    alarm = our_alarms()[name]
    dimensions = {one["Name"]: one["Value"] for one in alarm["Dimensions"]}
    world.run_schedule(dimensions["door"])
    where, figures = figures_of(world, dimensions["door"])
    assert where == {"Namespace": alarm["Namespace"], "Dimensions": dimensions}
    assert alarm["MetricName"] in figures


@pytest.mark.parametrize("name", OUR_ALARMS)
def test_a_job_that_dies_and_so_says_nothing_rings(name: str) -> None:
    alarm = our_alarms()[name]
    assert alarm["TreatMissingData"] == "breaching"
    # And soon: none is looked at less often than every hour.
    assert alarm["Period"] * alarm["EvaluationPeriods"] <= 3600


def test_no_alarm_of_ours_is_left_out_here_and_the_dashboard_shows_what_is_written(world: LocalCloud) -> None:
    # What cameras upload is no job's figure: tests/alarms/test_arriving.py sees that it is written.
    assert our_alarms().keys() == {*OUR_ALARMS, "UploadsRefused"}
    assert our_alarms()["UploadsRefused"]["MetricName"] == "refused_uploads"
    body = json.loads(made()["Resources"]["Overview"]["Properties"]["DashboardBody"]["Fn::Sub"])
    shown = [widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"]
    said = [metric for properties in shown for metric in properties["metrics"] if metric[0] == "Sowa"]
    assert said
    for namespace, metric, *dimensions in said:
        told = dict(zip(dimensions[::2], dimensions[1::2], strict=True))
        world.run_schedule(told["door"])
        where, figures = figures_of(world, told["door"])
        assert where == {"Namespace": namespace, "Dimensions": told}
        assert metric in figures


def test_messages_that_are_used_up_ring_out_of_the_line_that_refuses_them(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    (log_filter,) = (one["Properties"] for one in resources("AWS::Logs::MetricFilter").values())
    (figure,) = log_filter["MetricTransformations"]
    alarm = alarms()["MessagesUsedUp"]
    watched = {"MetricNamespace": alarm["Namespace"], "MetricName": alarm["MetricName"], "MetricValue": "1"}
    assert (log_filter["LogGroupName"], figure) == ({"Ref": "APIHandlerLogs"}, watched)
    monkeypatch.setenv("MAIL_BUDGETS", "address=10 network=10 day=0")
    assert world.call("POST", "/password-resets", {"email": "ola@example.com"}).status == 429
    (line,) = (json.loads(line) for line in world.logs.lines() if '"door":"POST /password-resets"' in line)
    assert log_filter["FilterPattern"] == f'{{ $.code = "{line["code"]}" }}'
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)


def test_no_job_writes_a_metric_that_no_alarm_looks_at(world: LocalCloud) -> None:
    """Each is paid for (https://aws.amazon.com/cloudwatch/pricing/), in tests/money.md by its alarm."""
    for job in world.calendar.schedules:
        world.run_schedule(job)
    lines = [json.loads(line) for line in world.logs.lines() if '"_aws"' in line]
    written = {(line["door"], one["Name"]) for line in lines for one in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    watched = {(our_alarms()[name]["Dimensions"][0]["Value"], our_alarms()[name]["MetricName"]) for name in OUR_ALARMS}
    assert written == watched


# Seconds pass without the jobs, which are then run by hand.


def oldest(world: LocalCloud, job: str) -> float:
    with contextlib.suppress(Exception):  # a job that fails says its figure too
        world.run_schedule(job)
    return figures_of(world, job)[1]["oldest_seconds"]


def test_nothing_open_and_nothing_stored_is_nothing_old(world: LocalCloud) -> None:
    assert oldest(world, "resume_erasures") == 0
    assert oldest(world, "sweep_expired_pictures") == 0


def test_the_oldest_erasure_is_told_until_it_is_done_and_rings_after_an_hour(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed(home)
    closing = home.world.now().timestamp()
    with monkeypatch.context() as broken:
        broken.setattr(s3, "pages", _fail)
        for seconds, late in ((300, False), (3600, False), (3601, True), (5 * 3600, True)):
            home.world.clock.move_to(closing + seconds)
            assert oldest(home.world, "resume_erasures") == seconds
            assert rings(home.world, "ErasureLate") is late
    # Two passes: one that deletes, and one that finds nothing.
    for _ in range(2):
        home.world.run_schedule("resume_erasures")
        home.world.settle()
    assert oldest(home.world, "resume_erasures") == 0
    assert not rings(home.world, "ErasureLate")
    for hours in (23, 25, 26):  # the later passes come and go
        home.world.clock.move_to(closing + hours * 3600)
        home.world.run_schedule("resume_erasures")
        home.world.settle()
        assert oldest(home.world, "resume_erasures") == 0


def test_the_oldest_picture_is_told_and_rings_two_hours_after_its_seven_days(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = home.world.now().timestamp()
    home.world.clock.move_to(arrived + 86_400)
    arrives(home.camera, number=2)
    week = 7 * 86_400
    assert oldest(home.world, "sweep_expired_pictures") == 86_400
    with monkeypatch.context() as broken:
        broken.setattr(s3, "delete", _fail)
        for seconds, late in ((week, False), (week + 7200, False), (week + 7201, True), (week * 3, True)):
            home.world.clock.move_to(arrived + seconds)
            assert oldest(home.world, "sweep_expired_pictures") == pytest.approx(seconds, abs=5)
            assert rings(home.world, "PictureLate") is late
    home.world.clock.move_to(arrived + week)
    assert oldest(home.world, "sweep_expired_pictures") == pytest.approx(week - 86_400, abs=5)
    assert not rings(home.world, "PictureLate")


def test_live_video_that_is_left_for_more_than_an_hour_rings(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    brought = home.world.now().timestamp()
    home.camera.stream(init="a")
    with monkeypatch.context() as broken:
        broken.setattr(s3, "delete", _fail)
        for seconds, late in ((3600, False), (3602, True)):
            home.world.clock.move_to(brought + seconds)
            assert oldest(home.world, "sweep_live_video") == pytest.approx(seconds, abs=1)
            assert rings(home.world, "LiveVideoLate") is late
    assert oldest(home.world, "sweep_live_video") == 0
    assert not rings(home.world, "LiveVideoLate")


def _fail(*_: Any, **__: Any) -> Any:
    raise RuntimeError("it is broken")
