"""The deployer's IAM policy allows what the template's resources take, and no more: by CloudFormation's schemas."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import pytest
import yaml

from infra.package import operators, template
from infra.package import policies as of_functions
from infra.sowa import policies
from tests.infra.packaged import made

REGION, ACCOUNT_ID = "eu-central-1", "123456789012"
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas"
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST_MANAGED = 6144
# What SAM makes of its own types.
OF_SAM = {
    "AWS::Serverless::Api": {"AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"},
    "AWS::Serverless::Function": {
        "AWS::Lambda::Function", "AWS::Lambda::Url", "AWS::Lambda::Permission", "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::EventInvokeConfig", "AWS::Events::Rule",
    },
}  # fmt: skip
# What a schema lists for properties that no resource of ours has.
FOR_OTHER_PROPERTIES = {
    "global tables, imports, streams to Kinesis, contributor insights and keys of one's own": (
        "dynamodb:*Replica", "dynamodb:*Item", "dynamodb:Scan", "dynamodb:Query", "dynamodb:ImportTable", "kinesis:*",
        "dynamodb:*KinesisStreamingDestination", "dynamodb:UpdateContributorInsights", "dynamodb:*ResourcePolicy",
        "iam:CreateServiceLinkedRole", "kms:CreateGrant", "kms:Decrypt", "kms:Encrypt", "kms:RevokeGrant",
        "kms:GenerateDataKey", "s3:GetObjectMetadata",
    ),
    "functions in a VPC, with file systems, layers, signed code, versions and capacity of their own": (
        "ec2:*", "elasticfilesystem:*", "s3files:*", "lambda:*CodeSigningConfig", "lambda:GetLayerVersion",
        "lambda:PublishVersion", "lambda:*ScalingConfig", "lambda:PassCapacityProvider", "s3:GetObjectVersion",
        "lambda:AssociateRuntimeAlias", "lambda:PutRuntimeManagementConfig", "lambda:*RecursionConfig",
    ),
    "APIs that are read from S3, and policies of APIs": ("s3:getObject", "apigateway:UpdateRestApiPolicy"),
    "managed policies and boundaries of roles": (
        "iam:AttachRolePolicy", "iam:DetachRolePolicy", "iam:*PermissionsBoundary",
    ),
    "logs that are encrypted, indexed, masked, delivered or protected": (
        "firehose:*", "logs:*KmsKey", "logs:CreateLogDelivery", "logs:CreateLogStream", "logs:DescribeLogStreams",
        "logs:PutLogEvents", "logs:*ResourcePolic*", "logs:*IndexPolicy", "logs:*DataProtectionPolicy",
        "logs:PutBearerTokenAuthentication", "logs:PutLogGroupDeletionProtection", "s3:REST.PUT.OBJECT",
    ),
    "buckets that are websites, locked, replicated, counted, accelerated, or tables": (
        "s3:*Website", "s3:*ObjectLock*", "s3:*Replication*", "s3:*Acl", "s3:*MetadataTable*", "s3:*Accelerate*",
        "s3:*Analytics*", "s3:*IntelligentTiering*", "s3:*Inventory*", "s3:*Metrics*", "s3:*Logging", "s3:*Abac",
        "s3:DeleteBucketCors", "s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle", "s3:*Annotation*",
        "s3:*JournalTable*", "s3tables:*", "s3:DeleteObject",
    ),
    "topics with data protection, and subscriptions by roles": ("sns:PutDataProtectionPolicy", "iam:GetRole"),
    "rules that somebody sells, and what else can have a web ACL": (
        "payments:*", "amplify:*", "apprunner:*", "appsync:*", "bedrock-agentcore:*", "cognito-idp:*",
        "elasticloadbalancing:*", "wafv2:*PermissionPolicy",
    ),
}  # fmt: skip


@cache
def document() -> dict[str, Any]:
    return policies.of_deployer("production", REGION, ACCOUNT_ID)


def allowed() -> list[str]:
    return [action for statement in document()["Statement"] for action in statement["Action"]]


def is_covered(action: str, patterns: Iterator[str] | list[str] | tuple[str, ...]) -> bool:
    """IAM minds no case in actions."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def types() -> set[str]:
    found = {one["Type"] for one in made()["Resources"].values()}
    return {real for kind in found for real in OF_SAM.get(kind, {kind})}


@cache
def takes(kind: str) -> frozenset[str]:
    """The actions that CloudFormation needs to make, read, change and delete one."""
    regional = json.loads((SCHEMAS / "providers" / f"{REGION}.json").read_text())
    handlers = json.loads((SCHEMAS / "resources" / f"{regional[kind]}.json").read_text())["handlers"]
    return frozenset(
        action
        for what in ("create", "read", "update", "delete")
        for action in handlers.get(what, {}).get("permissions", [])
    )


def test_the_template_is_of_types_of_which_the_schemas_say_what_they_take() -> None:
    assert len(types()) > 30
    assert not [kind for kind in types() if not takes(kind)]


def test_who_deploys_may_do_all_that_the_templates_resources_take() -> None:
    not_ours = tuple(pattern for patterns in FOR_OTHER_PROPERTIES.values() for pattern in patterns)
    lacking = {
        kind: found
        for kind in sorted(types())
        if (found := sorted(action for action in takes(kind) if not is_covered(action, (*allowed(), *not_ours))))
    }
    assert lacking == {}


def test_who_deploys_may_do_nothing_that_no_resource_takes() -> None:
    needed = {action for kind in types() for action in takes(kind)}
    of_make_deploy = [one for one in allowed() if one.startswith("cloudformation:")] + ["s3:PutObject", "s3:GetObject"]
    of_resources = [one for one in allowed() if one not in of_make_deploy]
    assert [one for one in of_resources if not any(is_covered(need, [one]) for need in needed)] == []


def test_each_exception_is_of_something_that_a_schema_lists() -> None:
    needed = {action for kind in types() for action in takes(kind)}
    idle = [
        pattern
        for patterns in FOR_OTHER_PROPERTIES.values()
        for pattern in patterns
        if not any(is_covered(need, [pattern]) for need in needed)
    ]
    assert idle == []


@pytest.mark.parametrize(
    "action",
    [
        "kms:Decrypt", "kms:CreateGrant", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:DeleteItem",
        "lambda:InvokeFunction", "iam:CreateUser", "iam:AttachRolePolicy", "sqs:ReceiveMessage", "logs:GetLogEvents",
        "logs:FilterLogEvents", "sts:AssumeRole", "s3:DeleteObject",
    ],
)  # fmt: skip
def test_who_deploys_reads_nothing_of_people_with_these_rights(action: str) -> None:
    assert not is_covered(action, allowed())


def test_objects_are_touched_in_the_bucket_of_code_alone() -> None:
    (statement,) = (one for one in document()["Statement"] if "s3:GetObject" in one["Action"])
    assert statement["Resource"] == ["arn:aws:s3:::sowa-production-artifacts-*/*"]


def test_roles_are_handed_to_lambda_alone() -> None:
    (statement,) = (one for one in document()["Statement"] if "iam:PassRole" in one["Action"])
    assert statement["Condition"] == {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    roles = [one for one in document()["Statement"] if any(action.startswith("iam:") for action in one["Action"])]
    assert {tuple(one["Resource"]) for one in roles} == {(f"arn:aws:iam::{ACCOUNT_ID}:role/sowa-production-*",)}


def test_nothing_but_what_has_no_name_is_allowed_everywhere() -> None:
    everywhere = [one for one in document()["Statement"] if one["Resource"] == ["*"]]
    assert [one["Action"] for one in everywhere] == [
        [
            "billing:GetBillingViewData", "cloudwatch:DescribeAlarms", "kms:CreateKey", "kms:ListAliases",
            "logs:DescribeLogGroups",
        ]
    ]  # fmt: skip


@pytest.mark.parametrize("make", [policies.of_deployer, policies.of_operator])
def test_a_policy_is_short_enough_for_iam_whatever_the_stage_is_called(make: Any) -> None:
    text = json.dumps(make(20 * "x", "ap-southeast-2", ACCOUNT_ID), separators=(",", ":"))
    assert len(text) <= LONGEST_MANAGED
    assert "${" not in text


def test_who_operates_may_order_operators_functions_and_no_others() -> None:
    from app import app

    ordered = {one.name for one in app.pure_lambda_functions} - {"show_live"}
    of_two = {one for part in operators.PARTS for one in operators.invoked()[part]} - {"show_proposals"}
    assert (ordered - of_two) | {"resume_erasures"} == set(policies.OPERATIONS)
    (invoked,) = (one for one in policies.of_operator("x", REGION, ACCOUNT_ID)["Statement"] if "lambda" in str(one))
    assert {arn.rpartition(":sowa-x-")[2] for arn in invoked["Resource"]} == set(policies.OPERATIONS)


def test_statements_are_of_actions_and_resources_and_say_why_in_comments_alone() -> None:
    told = yaml.safe_load(policies.PEOPLE.read_text())
    assert set(told) == {"deployer", "operator"}
    assert template.ROOT in policies.PEOPLE.parents and of_functions.SEEN.parent == policies.PEOPLE.parent
