"""An alarm for each stream that is read and each dead-letter queue; the others are written in infra/operate.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.package.template import Function

_LATE_MS = 15 * 60 * 1000
_EVERY_QUEUE, _EVERY_LOG = '"of every dead-letter queue"', "of every function's log"


def alarms(resources: Mapping[str, Any], functions: Iterable[Function]) -> dict[str, Any]:
    """By logical id, for every function that reads a stream and every queue whose name ends in DeadLetters."""
    made: dict[str, Any] = {}
    for function in functions:
        if any(event["Type"] == "DynamoDB" for event in function.events.values()):
            made[f"{function.logical_id}Lag"] = _alarm(
                f"{function.entry_point} is a quarter of an hour behind its stream.", "AWS/Lambda", "IteratorAge",
                [{"Name": "FunctionName", "Value": {"Ref": function.logical_id}}],
                threshold=_LATE_MS, statistic="Maximum",
            )  # fmt: skip
    for name in dead_letters(resources):
        made[f"{name}Filled"] = _alarm(
            f"Something was given up after all its tries: look into {name}, mend, and redrive within "
            f"{_kept_days(resources[name])} days.",
            "AWS/SQS", "ApproximateNumberOfMessagesVisible",
            [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}], threshold=0, statistic="Maximum",
        )  # fmt: skip
    return made


def dead_letters(resources: Mapping[str, Any]) -> list[str]:
    queues = (name for name, resource in resources.items() if resource["Type"] == "AWS::SQS::Queue")
    return sorted(name for name in queues if name.endswith("DeadLetters"))


def _kept_days(queue: Any) -> int:
    return int(queue["Properties"]["MessageRetentionPeriod"]) // 86_400


def page(body: str, resources: Mapping[str, Any], functions: Iterable[Function]) -> str:
    """The dashboard with every dead-letter queue and every function's log in its place, but for what operators call:
    they are answered with the fault, and CloudWatch looks into fifty logs at once."""
    metric = ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
    queues = json.dumps([[*metric, f"${{{name}.QueueName}}"] for name in dead_letters(resources)])
    answered = {f"{one.logical_id}Logs" for one in functions if ".operations." in one.properties["Handler"]}
    logs = " | ".join(f"SOURCE '${{{name}}}'" for name in _logs(resources) if name not in answered)
    return body.replace(_EVERY_QUEUE, queues).replace(_EVERY_LOG, logs)


def _logs(resources: Mapping[str, Any]) -> list[str]:
    return sorted(name for name, resource in resources.items() if resource["Type"] == "AWS::Logs::LogGroup")


def _alarm(
    description: str,
    namespace: str,
    metric: str,
    dimensions: list[dict[str, Any]],
    *,
    threshold: float,
    statistic: str,
) -> dict[str, Any]:
    return {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmDescription": description,
            "Namespace": namespace,
            "MetricName": metric,
            "Dimensions": dimensions,
            "Statistic": statistic,
            "Period": 300,
            "EvaluationPeriods": 1,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [{"Ref": "Rings"}],
        },
    }
