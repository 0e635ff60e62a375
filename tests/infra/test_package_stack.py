"""Deploying puts there what was built, asks before nothing is lost, and says what stays.

moto has no SAM: whole stacks are played with a plain template, and the real one goes as far as moto can be asked.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT_ID

from infra.local.cloud import LocalCloud
from infra.package import deploy
from infra.package.stack import Account, Refused, _is_lost

REGION = "eu-central-1"
ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"
_protect_tables = Account._protect_tables


@pytest.fixture
def account() -> Iterator[Account]:
    # Patched and put back within: a cloud that comes back finds its own environment.
    with LocalCloud.set_aside(), mock_aws(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIAOFNOIMPORTANCE00")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "none")
        # moto does not know of it.
        protected: list[bool] = []
        patch.setattr(Account, "_protect", lambda self, on: protected.append(on))
        # And deletes what a template retains.
        patch.setattr(Account, "_protect_tables", lambda self: None)
        said: list[str] = []
        yield Account(boto3.Session(region_name=REGION), "test", say=said.append, wait_s=0)


def build(
    place: Path,
    resources: dict[str, Any] | None = None,
    *,
    parameters: dict[str, Any] | None = None,
    code: bytes = b"a zip",
    fits: bool = True,
) -> Path:
    """What `make package` leaves, with a template that moto understands."""
    place.mkdir(exist_ok=True)
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Parameters": {
            "Stage": {"Type": "String", "Description": "which"},
            "MailDomain": {"Type": "String", "Description": "whence"},
            "AlarmMail": {"Type": "String", "Default": ""},
            **(parameters or {}),
        },
        "Resources": resources or {"Letters": queue(), "Items": table()},
    }
    (place / "template.json").write_text(json.dumps(template))
    (place / "bundle.zip").write_bytes(code)
    (place / "package.json").write_text(json.dumps({"fits_lambda": fits}))
    return place


def queue(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": properties}


def table() -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "DeletionPolicy": "RetainExceptOnCreate",
        "Properties": {
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        },
    }


def function() -> dict[str, Any]:
    return {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./bundle.zip"}}


PARAMETERS = {"MailDomain": "sowa.test"}
# By its stack, too: who may deploy is allowed that, and no change set by its id.
OF_CHANGE_SET = {"StackName": "sowa-test", "ChangeSetName": "arn:of:the:change-set"}


def test_a_first_deployment_stands(account: Account, tmp_path: Path) -> None:
    account.deploy(build(tmp_path), PARAMETERS)
    assert len(account.session.client("dynamodb").list_tables()["TableNames"]) == 1
    stack = account.session.client("cloudformation").describe_stacks(StackName="sowa-test")["Stacks"][0]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]}["Stage"] == "test"


def test_a_table_that_stands_cannot_be_deleted_by_a_slip(account: Account, tmp_path: Path) -> None:
    """By the template itself a first try that fails could not be cleared away."""
    account.deploy(build(tmp_path / "build"), {"MailDomain": "sowa.test"})
    _protect_tables(account)
    dynamodb = account.session.client("dynamodb")
    (name,) = dynamodb.list_tables()["TableNames"]
    assert dynamodb.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True


def test_a_later_one_keeps_what_is_not_said_again(account: Account, tmp_path: Path) -> None:
    account.deploy(build(tmp_path), PARAMETERS)
    changed = build(tmp_path, {"Letters": queue(VisibilityTimeout=60), "Items": table()})
    account.deploy(changed, {})
    stack = account.session.client("cloudformation").describe_stacks(StackName="sowa-test")["Stacks"][0]
    assert stack["StackStatus"] == "UPDATE_COMPLETE"
    assert {"ParameterKey": "MailDomain", "ParameterValue": "sowa.test"} in stack["Parameters"]


def test_what_a_first_try_that_failed_left_behind_is_cleared_away(account: Account, tmp_path: Path) -> None:
    account.deploy(build(tmp_path), PARAMETERS)
    stacks = get_backend("cloudformation")[ACCOUNT_ID][REGION].stacks
    (failed,) = stacks.values()
    for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        failed.status = status
        with pytest.raises(Refused, match="MAIL_DOMAIN"):  # of what never stood nothing is taken over
            account.deploy(build(tmp_path), {})
        account.deploy(build(tmp_path), PARAMETERS)
        (failed,) = [stack for stack in stacks.values() if stack is not failed]
        assert failed.status == "CREATE_COMPLETE"
    failed.status = "ROLLBACK_COMPLETE"
    account.destroy(confirmed="test")
    assert not stacks


def test_code_and_template_lie_in_a_bucket_closed_to_the_public_named_by_what_they_hold(
    account: Account, tmp_path: Path
) -> None:
    account._upload(build(tmp_path, {"Api": function()}))
    account._upload(build(tmp_path, {"Api": function()}))
    s3 = account.session.client("s3")
    keys = {one["Key"]: one["Size"] for one in s3.list_objects_v2(Bucket=account.artifacts)["Contents"]}
    (code,) = (key for key in keys if key.endswith(".zip"))
    (template,) = (key for key in keys if key.endswith(".json"))
    assert keys[code] == len(b"a zip")
    put = json.loads(s3.get_object(Bucket=account.artifacts, Key=template)["Body"].read())
    assert put["Resources"]["Api"]["Properties"]["CodeUri"] == {"Bucket": account.artifacts, "Key": code}
    block = s3.get_public_access_block(Bucket=account.artifacts)["PublicAccessBlockConfiguration"]
    assert all(block.values()) and len(block) == 4


def test_the_template_lies_at_the_buckets_own_address_or_on_this_machine_below_it(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert account._address_of("a.json") == f"https://{account.artifacts}.s3.{REGION}.amazonaws.com/a.json"
    monkeypatch.delenv("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:4566")
    assert account._address_of("a.json") == f"http://127.0.0.1:4566/{account.artifacts}/a.json"


def test_each_function_is_given_its_own_zip(account: Account, tmp_path: Path) -> None:
    other = {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": "./pictures.zip"}}
    place = build(tmp_path, {"Api": function(), "Twin": function(), "Other": other})
    (place / "pictures.zip").write_bytes(b"another zip")
    account._upload(place)
    s3 = account.session.client("s3")
    listed = s3.list_objects_v2(Bucket=account.artifacts)["Contents"]
    (template,) = (one["Key"] for one in listed if one["Key"].endswith(".json"))
    put = json.loads(s3.get_object(Bucket=account.artifacts, Key=template)["Body"].read())["Resources"]
    keys = {name: one["Properties"]["CodeUri"]["Key"] for name, one in put.items()}
    code = {name: s3.get_object(Bucket=account.artifacts, Key=key)["Body"].read() for name, key in keys.items()}
    assert code == {"Api": b"a zip", "Twin": b"a zip", "Other": b"another zip"}


def test_what_was_packaged_for_this_machine_is_not_deployed(account: Account, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="offline"):
        account.deploy(build(tmp_path, fits=False), PARAMETERS)


def test_a_parameter_that_is_missing_is_asked_for_and_one_that_is_not_known_refused(
    account: Account, tmp_path: Path
) -> None:
    with pytest.raises(Refused, match=r"MAIL_DOMAIN \(whence\)"):
        account.deploy(build(tmp_path), {})
    with pytest.raises(Refused, match="MailDomian"):
        account.deploy(build(tmp_path), {"MailDomian": "sowa.test"})


OF_UPLOADS = {
    "PicturesAtOnce": {"Type": "Number", "Default": 50},
    "UploadsReserve": {"Type": "Number", "Default": 0},
}


def test_a_reserve_below_what_its_queue_takes_is_refused_whatever_was_said_when(
    account: Account, tmp_path: Path
) -> None:
    place = build(tmp_path, parameters=OF_UPLOADS)
    with pytest.raises(Refused, match="Say UPLOADS_RESERVE=50 or more"):
        account.deploy(place, {**PARAMETERS, "UploadsReserve": "49"})
    assert account._existing_stack() is None
    account.deploy(place, {**PARAMETERS, "UploadsReserve": "50"})
    with pytest.raises(Refused, match="Say UPLOADS_RESERVE=51 or more"):
        account.deploy(place, {"PicturesAtOnce": "51"})
    changed = build(tmp_path, {"Letters": queue(VisibilityTimeout=60), "Items": table()}, parameters=OF_UPLOADS)
    account.deploy(changed, {"PicturesAtOnce": "51", "UploadsReserve": "0"})


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ({"Action": "Modify", "Replacement": "True"}, True),
        ({"Action": "Modify", "Replacement": "Conditional"}, True),
        ({"Action": "Remove"}, True),
        ({"Action": "Modify", "Replacement": "False"}, False),
        ({"Action": "Add"}, False),
    ],
)
def test_only_a_change_that_puts_data_aside_loses_it(change: dict[str, str], lost: bool) -> None:
    assert _is_lost({"ResourceType": "AWS::DynamoDB::Table", **change}) is lost
    assert _is_lost({"ResourceType": "AWS::SQS::Queue", **change}) is False


def _stubbed(account: Account, monkeypatch: pytest.MonkeyPatch) -> Stubber:
    client = account.session.client("cloudformation")
    monkeypatch.setattr(Account, "_cloudformation", client)
    return Stubber(client)


def _expect_change_set(stub: Stubber) -> None:
    stub.add_client_error("describe_stacks", "ValidationError", "Stack with id sowa-test does not exist")
    stub.add_response(
        "create_change_set",
        {"Id": "arn:of:the:change-set"},
        {
            "StackName": "sowa-test",
            "ChangeSetName": ANY,
            "ChangeSetType": "CREATE",
            "TemplateURL": "https://template",
            "Parameters": [],
            "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        },
    )


def test_a_change_set_that_would_empty_a_table_is_dropped(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    change = {"ResourceType": "AWS::DynamoDB::Table", "LogicalResourceId": "Items", "Action": "Modify"}
    with _stubbed(account, monkeypatch) as stub:
        _expect_change_set(stub)
        stub.add_response("describe_change_set", {"Status": "CREATE_COMPLETE"})
        stub.add_response("describe_change_set", {"Changes": [{"ResourceChange": {**change, "Replacement": "True"}}]})
        stub.add_response("delete_change_set", {}, OF_CHANGE_SET)
        with pytest.raises(Refused, match="Items would be put aside"):
            account._proposed("https://template", [])
        stub.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("reason", "refused"),
    [("The submitted information didn't contain changes.", False), ("Template error: no such thing", True)],
)
def test_a_change_set_without_changes_is_no_failure_and_any_other_is(
    account: Account, monkeypatch: pytest.MonkeyPatch, reason: str, refused: bool
) -> None:
    with _stubbed(account, monkeypatch) as stub:
        _expect_change_set(stub)
        stub.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
        stub.add_response("describe_change_set", {"Status": "FAILED", "StatusReason": reason})
        if refused:
            stub.add_response("describe_events", {"OperationEvents": []})
        stub.add_response("delete_change_set", {})
        if refused:
            with pytest.raises(Refused, match="no such thing"):
                account._proposed("https://template", [])
        else:
            assert account._proposed("https://template", []) is None
        stub.assert_no_pending_responses()


NAME_TAKEN = {
    "EventType": "VALIDATION_ERROR",
    "LogicalResourceId": "Media",
    "ValidationName": "NAME_CONFLICT_VALIDATION",
    "ValidationFailureMode": "FAIL",
    "ValidationStatus": "FAILED",
    "ValidationPath": "/Resources/Media/Properties/BucketName",
    "ValidationStatusReason": "A bucket of this name exists already.",
}
ONLY_A_WARNING = {
    "EventType": "VALIDATION_ERROR",
    "LogicalResourceId": "Factory",
    "ValidationFailureMode": "WARN",
    "ValidationStatusReason": "It holds objects.",
}


def _expect_failed_validation(stub: Stubber) -> None:
    _expect_change_set(stub)
    failed = {"Status": "FAILED", "StatusReason": "Validation failed with 1 error(s)."}
    stub.add_response("describe_change_set", failed)
    stub.add_response("describe_change_set", failed)


def test_what_early_validation_found_is_said_page_by_page(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The change set says how many errors there are, and DescribeEvents which, as long as the change set is there."""
    asked = OF_CHANGE_SET | {"Filters": {"FailedEvents": True}}
    begun = {"EventType": "STACK_EVENT", "OperationStatus": "FAILED"}
    with _stubbed(account, monkeypatch) as stub:
        _expect_failed_validation(stub)
        stub.add_response("describe_events", {"OperationEvents": [begun, ONLY_A_WARNING], "NextToken": "2"}, asked)
        stub.add_response("describe_events", {"OperationEvents": [NAME_TAKEN]}, {**asked, "NextToken": "2"})
        stub.add_response("delete_change_set", {})
        with pytest.raises(Refused) as refused:
            account._proposed("https://template", [])
        stub.assert_no_pending_responses()
    assert str(refused.value) == (
        "CloudFormation does not take it: Validation failed with 1 error(s).; "
        "Media /Resources/Media/Properties/BucketName: A bucket of this name exists already."
    )


def test_who_may_not_ask_what_validation_found_hears_so(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    with _stubbed(account, monkeypatch) as stub:
        _expect_failed_validation(stub)
        stub.add_client_error("describe_events", "AccessDenied", "not authorized: cloudformation:DescribeEvents")
        stub.add_response("delete_change_set", {})
        with pytest.raises(Refused, match=r"Validation failed with 1 error.*cloudformation:DescribeEvents"):
            account._proposed("https://template", [])
        stub.assert_no_pending_responses()


def test_what_the_stack_answers_is_said(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    # moto forgets the outputs of a stack that a change set made.
    output = {"OutputKey": "EndpointURL", "OutputValue": "https://api"}
    stack = {"StackName": "sowa-test", "CreationTime": 0, "StackStatus": "UPDATE_COMPLETE", "Outputs": [output]}
    with _stubbed(account, monkeypatch) as stub:
        stub.add_response("describe_stacks", {"Stacks": [stack]})
        assert account.outputs() == {"EndpointURL": "https://api"}


def test_destroying_wants_the_name_once_more(account: Account, tmp_path: Path) -> None:
    account.deploy(build(tmp_path), PARAMETERS)
    for confirmed in (None, "", "production"):
        with pytest.raises(Refused, match="CONFIRM=test"):
            account.destroy(confirmed=confirmed)
    assert account._existing_stack() is not None


def test_destroying_says_what_is_kept(account: Account, tmp_path: Path) -> None:
    account.deploy(build(tmp_path), PARAMETERS)
    kept = account.destroy(confirmed="test")
    assert [one.split()[0] for one in kept] == ["AWS::DynamoDB::Table", "AWS::S3::Bucket"]
    assert account._existing_stack() is None
    with pytest.raises(Refused, match="no stack"):
        account.destroy(confirmed="test")


CONTACT = {"Type": "String", "Description": "how people reach them", "MinLength": 1, "AllowedPattern": ".+@.+"}
ADDITIONS = {"Type": "String", "Default": "", "Description": "more", "MaxLength": 5}


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, r"Say also: OPERATOR_CONTACT \(how people reach them\)"),
        ({"OperatorContact": ""}, "OPERATOR_CONTACT is not what it has to be. how people reach them"),
        ({"OperatorContact": "nowhere"}, "OPERATOR_CONTACT is not what it has to be"),
        ({"OperatorContact": "a@b", "PolicyAdditions": "123456"}, "POLICY_ADDITIONS is not what it has to be"),
    ],
    ids=["missing", "empty", "no address", "too long"],
)
def test_nothing_is_uploaded_while_a_parameter_is_not_allowed(
    account: Account, tmp_path: Path, said: dict[str, str], refusal: str
) -> None:
    built = build(tmp_path, parameters={"OperatorContact": CONTACT, "PolicyAdditions": ADDITIONS})
    with pytest.raises(Refused, match=refusal) as refused:
        account.deploy(built, PARAMETERS | said)
    assert "nowhere" not in str(refused.value)
    assert account.session.client("s3").list_buckets()["Buckets"] == []
    account.deploy(built, PARAMETERS | {"OperatorContact": "a@b"})


def test_what_an_older_template_allowed_has_to_be_said_anew(account: Account, tmp_path: Path) -> None:
    """Of before 0.2 an installation may have no contact."""
    account.deploy(build(tmp_path, parameters={"OperatorContact": {"Type": "String", "Default": ""}}), PARAMETERS)
    built = build(tmp_path, parameters={"OperatorContact": CONTACT})
    with pytest.raises(Refused, match="OPERATOR_CONTACT"):
        account.deploy(built, {})
    account.deploy(built, {"OperatorContact": "a@b"})


def test_a_budget_of_which_nobody_would_be_told_is_refused(account: Account, tmp_path: Path) -> None:
    built = build(tmp_path, parameters={"MonthlyBudget": {"Type": "Number", "Default": 0}})
    with pytest.raises(Refused, match="ALARM_MAIL"):
        account.deploy(built, PARAMETERS | {"MonthlyBudget": "50"})
    account.deploy(built, PARAMETERS | {"MonthlyBudget": "50", "AlarmMail": "ops@sowa.test"})


def test_a_secret_of_which_stars_are_shown_is_kept(account: Account, tmp_path: Path) -> None:
    secret = {"Type": "String", "Description": "hidden", "NoEcho": True, "MinLength": 6}
    account.deploy(build(tmp_path, parameters={"Hidden": secret}), PARAMETERS | {"Hidden": "sixteen letters."})
    account.deploy(build(tmp_path, {"Items": table()}, parameters={"Hidden": secret}), {})


def test_parameters_come_from_the_environment_in_capitals() -> None:
    told = {"PUBLIC_URL": "https://sowa.test", "MAIL_DOMAIN": "", "HOME": "/root"}
    assert deploy.given(told) == {"PublicUrl": "https://sowa.test"}


@pytest.mark.parametrize(("target", "missing"), [("deploy", "STAGE"), ("destroy", "STAGE"), ("deploy", "AWS_REGION")])
def test_what_is_missing_is_asked_for_before_anything_is_built(target: str, missing: str) -> None:
    """Packaging takes minutes. (`-n` shows what make would do; what it checks itself it checks then, too.)"""
    said = {"STAGE": "x", "AWS_REGION": "eu-central-1"} | {missing: ""}
    words = [f"{name}={value}" for name, value in said.items()]
    environment = {name: value for name, value in os.environ.items() if name != "AWS_DEFAULT_REGION"}
    make = subprocess.run(  # noqa: S603  # our own words only
        [MAKE, "-n", target, *words], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert make.returncode != 0
    assert f"make {target} STAGE=… AWS_REGION=…" in make.stderr
    assert "infra.package" not in make.stdout
