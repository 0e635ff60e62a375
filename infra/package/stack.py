"""The stack in an AWS account: what is built is put there, and taken away as far as its owner may want."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import ClientError, WaiterError

from infra.package import operators

# What holds data that exists only once. An update that would put something new and empty in its place is refused.
PRECIOUS = frozenset({"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::S3::Bucket"})
# Of a stack that was never whole. CloudFormation takes nothing on top of one whose creation failed.
_FAILED_AT_FIRST = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED")
_NEVER_STOOD = ("REVIEW_IN_PROGRESS", *_FAILED_AT_FIRST)
_LOOKS = 360


class Refused(Exception):
    """It was not done, and the sentence says why."""


def in_capitals(parameter: str) -> str:
    """`PublicUrl` is PUBLIC_URL in the environment."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", parameter).upper()


def _require_reserve_for_queues(values: Mapping[str, str]) -> None:
    """Raises Refused where a queue would take more functions than its function may run. What is no number is refused by
    CloudFormation."""
    said = values.get("UploadsReserve", ""), values.get("PicturesAtOnce", "")
    if not all(map(str.isdecimal, said)):
        return
    reserve, at_once = map(int, said)
    if 0 < reserve < at_once:
        raise Refused(
            f"UPLOADS_RESERVE={reserve} is less than PICTURES_AT_ONCE={at_once}: a queue would ask for more functions "
            f"than may run. Say UPLOADS_RESERVE={at_once} or more, a lower PICTURES_AT_ONCE, or UPLOADS_RESERVE=0."
        )


def _require_reader_of_budget(values: Mapping[str, str]) -> None:
    """Raises Refused for a budget of which nobody would be told."""
    if values.get("MonthlyBudget", "0") != "0" and not values.get("AlarmMail"):
        raise Refused("MONTHLY_BUDGET is told to ALARM_MAIL, and that is empty: say it, too.")


def _require_allowed(declared: Mapping[str, Mapping[str, Any]], values: Mapping[str, str]) -> None:
    """Raises Refused for a text that the template does not allow, before anything is uploaded; a value is not repeated,
    since it may be a secret."""
    for name, value in values.items():
        one = declared[name]
        is_allowed = (
            one.get("MinLength", 0) <= len(value) <= one.get("MaxLength", len(value))
            and re.fullmatch(one.get("AllowedPattern", ".*"), value, re.DOTALL)
            and value in one.get("AllowedValues", [value])
        )
        if one["Type"] == "String" and not is_allowed:
            raise Refused(f"{in_capitals(name)} is not what it has to be. {one.get('Description', '')}".rstrip())


def _require_named_sessions(session: boto3.Session, values: Mapping[str, str]) -> None:
    """Raises Refused for a role by which people act together whose sessions anybody names."""
    names = [f"Operators{operators.role_id(part)}" for part in operators.PARTS]
    given = {name: values[name] for name in names if values.get(name)}
    if len(set(given.values())) < len(given):
        raise Refused("OPERATORS_ROLE_TO_PROPOSE and OPERATORS_ROLE_TO_APPROVE are the same role: say two.")
    for parameter, name in given.items():
        try:
            operators.require_named_sessions(session.client("iam").get_role(RoleName=name)["Role"])
        except ClientError as refusal:
            raise Refused(f"{in_capitals(parameter)}: {refusal}") from refusal
        except operators.NamedByAnybody as free:
            raise Refused(
                f"{in_capitals(parameter)}: a session of {name} may bear any name, so one person could act as two. Let "
                "the trust of the role require that sts:RoleSessionName is ${aws:username}."
            ) from free


@dataclass
class Account:
    """An AWS account and region, seen through the credentials that are there."""

    session: boto3.Session
    stage: str
    say: Callable[[str], None] = print
    # Seconds between two looks at CloudFormation; it is looked at for half an hour.
    wait_s: float = 5

    @property
    def stack_name(self) -> str:
        return f"sowa-{self.stage}"

    @property
    def region(self) -> str:
        return str(self.session.region_name)

    @property
    def _patience(self) -> dict[str, float]:
        return {"Delay": self.wait_s, "MaxAttempts": _LOOKS}

    @property
    def artifacts(self) -> str:
        account_id = self.session.client("sts").get_caller_identity()["Account"]
        return f"sowa-{self.stage}-artifacts-{account_id}-{self.region}"

    # Putting it there

    def deploy(self, build: Path, parameters: Mapping[str, str]) -> dict[str, str]:
        """The stack's outputs, when it exists. Raises Refused."""
        if not json.loads((build / "package.json").read_text())["fits_lambda"]:
            raise Refused(
                "What is in build/ was packaged offline, for this machine. Run `make package` with a network."
            )
        chosen = self._parameters(build, parameters)
        template_url = self._upload(build)
        self._clear_away_what_failed()
        change_set = self._proposed(template_url, chosen)
        if change_set is None:
            self.say("Nothing changes.")
        else:
            self._carry_out(change_set)
        self._protect_tables()
        outputs = self.outputs()
        for name, value in sorted(outputs.items()):
            self.say(f"  {name}: {value}")
        return outputs

    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in (self._existing_stack() or {}).get("Outputs", [])}

    def _upload(self, build: Path) -> str:
        """The address of the template, in which the zips have their places. All are named by what they hold."""
        self._make_artifacts()
        template = json.loads((build / "template.json").read_text())
        functions = [
            resource["Properties"]
            for resource in template["Resources"].values()
            if resource["Type"] == "AWS::Serverless::Function"
        ]
        addresses = {uri: self._put_code(build / uri) for uri in {function["CodeUri"] for function in functions}}
        for function in functions:
            function["CodeUri"] = {"Bucket": self.artifacts, "Key": addresses[function["CodeUri"]]}
        text = json.dumps(template, ensure_ascii=False, sort_keys=True).encode()
        name = f"{hashlib.sha256(text).hexdigest()}.json"
        self._put(name, text)
        return self._address_of(name)

    def _address_of(self, name: str) -> str:
        endpoint = self.session.client("s3").meta.endpoint_url
        if urlsplit(endpoint).hostname in ("127.0.0.1", "localhost"):
            # What plays AWS there has no names of its own for buckets.
            return f"{endpoint}/{self.artifacts}/{name}"
        return f"https://{self.artifacts}.s3.{self.region}.amazonaws.com/{name}"

    def _put_code(self, zipped: Path) -> str:
        code = zipped.read_bytes()
        key = f"{hashlib.sha256(code).hexdigest()}.zip"
        self._put(key, code)
        return key

    def _make_artifacts(self) -> None:
        s3 = self.session.client("s3")
        try:
            s3.head_bucket(Bucket=self.artifacts)
        except ClientError as missing:
            if missing.response["Error"]["Code"] != "404":
                raise Refused(f"The bucket {self.artifacts} cannot be used: {missing}") from missing
            # S3 refuses to be given the name of its oldest region.
            where = {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
            s3.create_bucket(Bucket=self.artifacts, **({} if self.region == "us-east-1" else where))
            closed = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
            s3.put_public_access_block(
                Bucket=self.artifacts, PublicAccessBlockConfiguration=dict.fromkeys(closed, True)
            )
            self.say(f"Made the bucket {self.artifacts} for code and templates.")

    def _put(self, key: str, content: bytes) -> None:
        s3 = self.session.client("s3")
        if s3.list_objects_v2(Bucket=self.artifacts, Prefix=key)["KeyCount"] == 0:
            s3.put_object(Bucket=self.artifacts, Key=key, Body=content)
            self.say(f"Uploaded {key} ({len(content) / 1e6:.1f} MB).")

    def _parameters(self, build: Path, given: Mapping[str, str]) -> list[dict[str, Any]]:
        """What was given, else what the stack has already, else the template's own default. Raises Refused."""
        declared = json.loads((build / "template.json").read_text())["Parameters"]
        if unknown := given.keys() - declared.keys():
            raise Refused(f"There is no parameter {', '.join(sorted(unknown))}.")
        values = {**given, "Stage": self.stage}
        there = (self._existing_stack() or {}).get("Parameters", [])
        had = {one["ParameterKey"]: one["ParameterValue"] for one in there if one["ParameterKey"] in declared}
        missing = [name for name, one in declared.items() if name not in {*values, *had} and "Default" not in one]
        if missing:
            said = "; ".join(f"{in_capitals(name)} ({declared[name]['Description']})" for name in missing)
            raise Refused(f"Say also: {said}")
        # CloudFormation shows stars in the place of a secret.
        shown = {name: value for name, value in had.items() if not declared[name].get("NoEcho")}
        _require_allowed(declared, {**shown, **values})
        defaults = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
        _require_reserve_for_queues({**defaults, **had, **values})
        _require_reader_of_budget({**defaults, **had, **values})
        _require_named_sessions(self.session, {**defaults, **had, **values})
        return [
            *({"ParameterKey": name, "ParameterValue": value} for name, value in values.items()),
            *(
                {"ParameterKey": name, "UsePreviousValue": True}
                for name in sorted(had.keys() - values.keys())
            ),
        ]

    def _clear_away_what_failed(self) -> None:
        """What is left of a first try; there is no data in it."""
        stack = self._stack()
        if stack is not None and stack["StackStatus"] in _FAILED_AT_FIRST:
            self.say("The first try had failed. What is left of it goes first.")
            self._delete()

    def _existing_stack(self) -> dict[str, Any] | None:
        stack = self._stack()
        return None if stack is None or stack["StackStatus"] in _NEVER_STOOD else stack

    def _stack(self) -> dict[str, Any] | None:
        try:
            stack: dict[str, Any] = self._cloudformation.describe_stacks(StackName=self.stack_name)["Stacks"][0]
        except ClientError as absent:
            if "does not exist" not in str(absent):
                raise
            return None
        return stack

    def _named(self, change_set: str) -> dict[str, str]:
        """With its stack, by which rights are judged; its own id would be enough to find it."""
        return {"StackName": self.stack_name, "ChangeSetName": change_set}

    def _proposed(self, template_url: str, parameters: list[dict[str, Any]]) -> str | None:
        """The id of a change set that may be carried out; None if it would change nothing. Raises Refused."""
        cloudformation = self._cloudformation
        change_set: str = cloudformation.create_change_set(
            StackName=self.stack_name,
            ChangeSetName=f"deploy-{int(time.time())}",
            ChangeSetType="CREATE" if self._existing_stack() is None else "UPDATE",
            TemplateURL=template_url,
            Parameters=parameters,
            # Roles without names of their own, and SAM.
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )["Id"]
        try:
            cloudformation.get_waiter("change_set_create_complete").wait(
                **self._named(change_set), WaiterConfig=self._patience
            )
        except WaiterError as failed:
            reason = cloudformation.describe_change_set(**self._named(change_set)).get("StatusReason", str(failed))
            changes_nothing = "didn't contain changes" in reason or "No updates" in reason
            found = [] if changes_nothing else self._found_by_validation(change_set)
            cloudformation.delete_change_set(**self._named(change_set))
            if changes_nothing:
                return None
            raise Refused(f"CloudFormation does not take it: {'; '.join([reason, *found])}") from failed
        self._look_at(change_set)
        return change_set

    def _found_by_validation(self, change_set: str) -> list[str]:
        """What is wrong with which resource: of what CloudFormation validates, the change set says the number only.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeEvents.html"""
        pages = self._cloudformation.get_paginator("describe_events").paginate(
            **self._named(change_set), Filters={"FailedEvents": True}
        )
        try:
            events = [event for page in pages for event in page["OperationEvents"]]
        except ClientError as denied:
            return [f"what exactly could not be asked: {denied}"]
        return [
            f"{event['LogicalResourceId']} {event.get('ValidationPath', '')}".rstrip()
            + f": {event.get('ValidationStatusReason', '')}"
            for event in events
            if event.get("EventType") == "VALIDATION_ERROR" and event.get("ValidationFailureMode") != "WARN"
        ]

    def _look_at(self, change_set: str) -> None:
        changes = list(self._changes(change_set))
        for change in changes:
            replaced = " (replaced)" if change.get("Replacement") == "True" else ""
            self.say(f"  {change['Action']:7} {change['LogicalResourceId']}{replaced}")
        lost = [one["LogicalResourceId"] for one in changes if _is_lost(one)]
        if lost:
            self._cloudformation.delete_change_set(**self._named(change_set))
            raise Refused(
                f"{', '.join(lost)} would be put aside for something empty. Nothing was done; the data is where it was."
            )

    def _changes(self, change_set: str) -> Iterator[dict[str, Any]]:
        more: dict[str, str] = {}
        while True:
            page = self._cloudformation.describe_change_set(**self._named(change_set), **more)
            yield from (one["ResourceChange"] for one in page.get("Changes", []))
            if "NextToken" not in page:
                return
            more = {"NextToken": page["NextToken"]}

    def _carry_out(self, change_set: str) -> None:
        is_first = self._existing_stack() is None
        self._cloudformation.execute_change_set(**self._named(change_set))
        self._wait("stack_create_complete" if is_first else "stack_update_complete")
        self._protect(True)

    def _protect(self, protected: bool) -> None:
        """From being deleted by a slip in the console."""
        self._cloudformation.update_termination_protection(
            StackName=self.stack_name, EnableTerminationProtection=protected
        )

    def _protect_tables(self) -> None:
        """The same of each table: no word of the template's, or the first try that fails could not be cleared away."""
        dynamodb = self.session.client("dynamodb")
        for name in self._there("AWS::DynamoDB::Table"):
            if not dynamodb.describe_table(TableName=name)["Table"].get("DeletionProtectionEnabled"):
                dynamodb.update_table(TableName=name, DeletionProtectionEnabled=True)

    def _there(self, kind: str) -> list[str]:
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.stack_name)
        resources = [one for page in pages for one in page["StackResourceSummaries"]]
        return [one["PhysicalResourceId"] for one in resources if one["ResourceType"] == kind]

    def _wait(self, state: str) -> None:
        try:
            self._cloudformation.get_waiter(state).wait(StackName=self.stack_name, WaiterConfig=self._patience)
        except WaiterError as failed:
            reasons = [
                f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
                for event in self._cloudformation.describe_stack_events(StackName=self.stack_name)["StackEvents"]
                if event["ResourceStatus"].endswith("_FAILED")
            ]
            raise Refused("The stack did not get there. " + "; ".join(reasons or [str(failed)])) from failed

    @property
    def _cloudformation(self) -> Any:
        return self.session.client("cloudformation")

    # Taking it away

    def destroy(self, *, confirmed: str | None) -> list[str]:
        """Delete the stack; what is kept, by type and name. Raises Refused unless its stage is named again."""
        if confirmed != self.stage:
            raise Refused(f"This deletes the installation {self.stage}. Say CONFIRM={self.stage} to mean it.")
        if self._stack() is None:
            raise Refused(f"There is no stack {self.stack_name} in {self.region}.")
        kept = self._kept()
        self._protect(False)
        self._delete()
        self.say("The functions, the API, queues, logs and alarms are gone. What holds data is kept, and costs on:")
        for one in kept:
            self.say(f"  {one}")
        self.say('infra/README.md says under "Removing" how to delete each, and what cannot be undone.')
        return kept

    def _delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.stack_name)
        self._wait("stack_delete_complete")

    def _kept(self) -> list[str]:
        template = self._cloudformation.get_template(StackName=self.stack_name)["TemplateBody"]
        declared = (json.loads(template) if isinstance(template, str) else template)["Resources"]
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.stack_name)
        there = [one for page in pages for one in page["StackResourceSummaries"]]
        kept = [
            f"{one['ResourceType']} {one['PhysicalResourceId']}"
            for one in there
            if declared.get(one["LogicalResourceId"], {}).get("DeletionPolicy", "").startswith("Retain")
            and one["ResourceStatus"] != "DELETE_COMPLETE"
        ]
        return [*kept, f"AWS::S3::Bucket {self.artifacts}"]


def _is_lost(change: Mapping[str, Any]) -> bool:
    # A conditional replacement is decided by a value that is not known yet: too late to ask.
    gone = change["Action"] == "Remove" or change.get("Replacement") in ("True", "Conditional")
    return change["ResourceType"] in PRECIOUS and gone
