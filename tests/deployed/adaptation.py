"""The template as far as MiniStack can take it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def adapted(built: Path, into: Path) -> Path:
    """What was packaged, without what MiniStack 1.5.33 does not know or does otherwise than AWS."""
    into.mkdir()
    for code in built.glob("*.zip"):
        shutil.copyfile(code, into / code.name)
    template = json.loads((built / "template.json").read_text())
    _deploy_channel_by_itself(template["Resources"])
    _leave_out_metric_math(template["Resources"])
    _write_numbers(template)
    _mail_from_anywhere(template["Resources"])
    _allow_batches(template["Resources"])
    _admit_without_tls(template["Resources"])
    (into / "template.json").write_text(json.dumps(template))
    # Without Lambda's Python here it was packaged for this machine's.
    (into / "package.json").write_text(json.dumps({"fits_lambda": True}))
    return into


def _deploy_channel_by_itself(resources: Json) -> None:
    """`AWS::ApiGatewayV2::Deployment` is no type that it knows; a stage can deploy what there is."""
    for name in [name for name, one in resources.items() if one["Type"] == "AWS::ApiGatewayV2::Deployment"]:
        del resources[name]
    for one in resources.values():
        if one["Type"] == "AWS::ApiGatewayV2::Stage":
            del one["Properties"]["DeploymentId"]
            one["Properties"]["AutoDeploy"] = True


def _leave_out_metric_math(resources: Json) -> None:
    """It refuses `Metrics` of an alarm."""
    for name in [name for name, one in resources.items() if "Metrics" in one.get("Properties", {})]:
        assert resources[name]["Type"] == "AWS::CloudWatch::Alarm"
        del resources[name]


def _write_numbers(template: Json) -> None:
    """It hands over a parameter of the type Number as a text, and its poller of a queue compares that with a number."""
    parameters = template["Parameters"]
    for one in template["Resources"].values():
        for event in one.get("Properties", {}).get("Events", {}).values():
            if scaling := event["Properties"].get("ScalingConfig"):
                scaling["MaximumConcurrency"] = int(parameters[scaling["MaximumConcurrency"]["Ref"]]["Default"])


def _mail_from_anywhere(resources: Json) -> None:
    """It judges `ses:SendEmail` as if it named no resource."""
    for statement in _statements(resources):
        if "ses:SendEmail" in statement["Action"]:
            statement["Resource"] = "*"


def _allow_batches(resources: Json) -> None:
    """It judges a batch by an action of its own, where AWS asks for that of one message."""
    for statement in _statements(resources):
        messages = [one for one in statement["Action"] if one in ("sqs:SendMessage", "sqs:DeleteMessage")]
        statement["Action"] += [f"{action}Batch" for action in messages]


def _statements(resources: Json) -> Iterator[Json]:
    """Of the functions' roles; what a condition admits stands below it."""
    for one in resources.values():
        for policy in one["Properties"]["Policies"] if one["Type"] == "AWS::IAM::Role" else ():
            for statement in policy["PolicyDocument"]["Statement"]:
                yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def _admit_without_tls(resources: Json) -> None:
    """It is spoken to in the clear, on loopback."""
    for one in resources.values():
        if one["Type"] == "AWS::S3::BucketPolicy":
            document = one["Properties"]["PolicyDocument"]
            document["Statement"] = [each for each in document["Statement"] if "SecureTransport" not in str(each)]
