"""The applier does what a template says, or refuses to; it leaves nothing out in silence."""

from __future__ import annotations

import ast
import copy
import graphlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from moto import mock_aws

from infra import applier
from infra.applier import (
    RESOURCES,
    BadParameter,
    Stack,
    TemplateError,
    UnknownProperty,
    UnknownResource,
    Unresolved,
    apply,
    load,
    merged,
    named_in,
    read,
    without_transport_denial,
)
from infra.local.cloud import LocalCloud

REGION = "eu-central-1"
TEMPLATE = load(RESOURCES)
PARAMETERS = {"Stage": "test", "MailDomain": "sowa.test"}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {}}
# What is passed on as it stands, in a language of its own: AWS judges it, not the applier.
POLICIES = ("PolicyDocument", "KeyPolicy")
FUNCTIONS = ("Ref", "Fn::GetAtt", "Fn::Sub", "Fn::If", "Fn::Equals", "Fn::Not", "Fn::Join")


# Shared, because reading what botocore knows of a service takes longer than most of these tests.
SESSION = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name=REGION)


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with LocalCloud.set_aside(), mock_aws():
        yield SESSION


def applied(session: boto3.Session, template: dict[str, Any] | str, **parameters: str) -> Stack:
    return apply(read(template) if isinstance(template, str) else template, parameters=parameters, session=session)


def queues(session: boto3.Session) -> list[str]:
    urls = session.client("sqs").list_queues().get("QueueUrls", [])
    return sorted(url.rsplit("/", 1)[1] for url in urls)


# Nothing is left out


def blocks_of(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """Where a template has a mapping that could say more than it does."""
    if isinstance(value, list):
        for n, inner in enumerate(value):
            yield from blocks_of(inner, (*path, n))
    if isinstance(value, dict) and not set(FUNCTIONS) & set(value):
        yield path
        for key, inner in value.items():
            if key not in POLICIES:
                yield from blocks_of(inner, (*path, key))


BLOCKS = list(blocks_of(TEMPLATE["Resources"], ()))[1:]


def only(logical_id: str) -> dict[str, Any]:
    """The template with one resource and what it needs."""
    needed, seen = [logical_id], set[str]()
    while needed:
        if (name := needed.pop()) not in seen and name in TEMPLATE["Resources"]:
            seen.add(name)
            needed += named_in(TEMPLATE["Resources"][name])
    return copy.deepcopy({**TEMPLATE, "Resources": {name: TEMPLATE["Resources"][name] for name in sorted(seen)}})


@pytest.mark.one_in(2)
@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: ".".join(map(str, path)))
def test_one_word_more_anywhere_in_a_resource_is_refused(session: boto3.Session, path: tuple[str | int, ...]) -> None:
    template = only(str(path[0]))
    block = template["Resources"]
    for step in path:
        block = block[step]
    block["Surprise"] = {"Enabled": True}
    with pytest.raises(UnknownProperty, match="Surprise"):
        applied(session, template, **PARAMETERS)


def test_the_sweep_reaches_into_the_depth_of_each_resource() -> None:
    assert {path[0] for path in BLOCKS} == set(TEMPLATE["Resources"])
    rules = (
        "Media",
        "Properties",
        "NotificationConfiguration",
        "QueueConfigurations",
        0,
        "Filter",
        "S3Key",
        "Rules",
        0,
    )
    assert rules in BLOCKS


@pytest.mark.parametrize("section", ["Outputs", "Mappings", "Transform", "Rules", "Metadata"])
def test_a_section_that_is_not_applied_is_refused(session: boto3.Session, section: str) -> None:
    with pytest.raises(UnknownProperty, match=section):
        applied(session, {"Resources": {}, section: {}})


def test_a_type_that_nobody_knows_is_refused_before_anything_is_made(session: boto3.Session) -> None:
    template = {"Resources": {"First": QUEUE, "Second": {"Type": "AWS::Kinesis::Stream"}}}
    with pytest.raises(UnknownResource, match=r"Second is of type AWS::Kinesis::Stream"):
        applied(session, template)
    assert queues(session) == []


def test_a_resource_without_a_type_is_refused(session: boto3.Session) -> None:
    with pytest.raises(UnknownResource, match="Patch"):
        applied(session, {"Resources": {"Patch": {"Properties": {"Timeout": 5}}}})


def test_what_is_switched_off_stays_off(session: boto3.Session) -> None:
    stack = applied(session, {"Resources": {"Open": {**QUEUE, "Properties": {"SqsManagedSseEnabled": False}}}})
    answer = session.client("sqs").get_queue_attributes(QueueUrl=stack.physical("Open"), AttributeNames=["All"])
    assert answer["Attributes"]["SqsManagedSseEnabled"] == "false"


def test_what_the_applier_takes_and_drops_has_its_reason_beside_it() -> None:
    source = Path(applier.__file__).read_text(encoding="utf-8")
    lines = source.splitlines()
    dropped = [
        lines[node.lineno - 1]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and node.value.func.attr in {"take", "given", "block", "blocks", "pop"}
    ]
    assert len(dropped) == 4
    assert [line for line in dropped if "  # " not in line] == []


def test_every_kind_of_refusal_is_a_template_error() -> None:
    assert {BadParameter, UnknownProperty, UnknownResource, Unresolved} == set(TemplateError.__subclasses__())


# Parameters

ONE_PARAMETER = """
Parameters:
  Colour: {Type: String, AllowedValues: [red, green]}
  Word: {Type: String, Default: none, AllowedPattern: "[a-z]+", MinLength: 2}
Resources: {}
"""


def test_a_parameter_is_what_was_given_or_else_its_default(session: boto3.Session) -> None:
    stack = applied(session, ONE_PARAMETER, Colour="red")
    assert stack.resolve([{"Ref": "Colour"}, {"Ref": "Word"}]) == ["red", "none"]


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "Colour"),
        ({"Colour": "blue"}, "Colour"),
        ({"Colour": "red", "Word": "Upper"}, "Word"),
        ({"Colour": "red", "Word": "x"}, "Word"),
        ({"Colour": "red", "Size": "L"}, "Size"),
    ],
    ids=["missing", "not among the values", "not of the pattern", "too short", "not declared"],
)
def test_a_wrong_parameter_is_refused_by_name(session: boto3.Session, given: dict[str, str], named: str) -> None:
    with pytest.raises(BadParameter, match=named):
        applied(session, ONE_PARAMETER, **given)


def test_a_refused_parameter_is_not_repeated_because_it_may_be_a_secret(session: boto3.Session) -> None:
    with pytest.raises(BadParameter) as refusal:
        applied(session, ONE_PARAMETER, Colour="hunter2")
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "missing", ["Stage", "MailDomain", "PublicUrl", "MailSender", "OperatorContact", "PaymentWebhookSecret", "Seller"]
)
def test_the_real_templates_say_which_parameter_is_missing(session: boto3.Session, missing: str) -> None:
    given = {
        "Stage": "test",
        "MailDomain": "sowa.test",
        "MailSender": "post@sowa.test",
        "OperatorContact": "privacy@sowa.test",
        "PublicUrl": "http://localhost",
        "PaymentProvider": "sandbox",
        "PaymentWebhookSecret": "sixteen letters.",
        "Seller": '{"name": "Sowa", "address": "Warszawa", "vat_number": "PL5260250995"}',
    }
    del given[missing]
    with pytest.raises(BadParameter, match=missing):
        apply(parameters=given, session=session)


@pytest.mark.parametrize("extra", [{"Type": "Number"}, {"MinValue": 5}])
def test_a_rule_about_a_parameter_that_would_not_be_kept_is_refused(
    session: boto3.Session, extra: dict[str, Any]
) -> None:
    with pytest.raises((BadParameter, UnknownProperty)):
        applied(session, {"Parameters": {"One": {"Type": "String", **extra}}}, One="1")


# Functions of the template


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("!Ref AWS::Region", REGION),
        ("!Ref AWS::StackName", "sowa-local"),
        ('!Sub "${AWS::Partition} ${AWS::AccountId} ${AWS::URLSuffix}"', "aws 123456789012 amazonaws.com"),
        ('!Sub "${Jobs.QueueName} ${!kept}"', "sowa-local-Jobs ${kept}"),
        ('!Sub ["${Mine}-${AWS::Region}", {Mine: !GetAtt Jobs.QueueName}]', f"sowa-local-Jobs-{REGION}"),
        ("!GetAtt Jobs.Arn", f"arn:aws:sqs:{REGION}:123456789012:sowa-local-Jobs"),
        ("{'Fn::GetAtt': [Jobs, QueueName]}", "sowa-local-Jobs"),
        ('!Join ["-", [a, !Ref AWS::Region]]', f"a-{REGION}"),
        ("!If [Here, yes it is, no]", "yes it is"),
        ("!If [There, yes, no it is not]", "no it is not"),
        ("[1, !Ref AWS::NoValue, {a: !If [There, 2, !Ref AWS::NoValue]}]", [1, {}]),
        ("{a: true, b: {c: [!Ref AWS::Region]}}", {"a": True, "b": {"c": [REGION]}}),
        ("{Effect: Deny, Condition: {Bool: {x: 'false'}}}", {"Effect": "Deny", "Condition": {"Bool": {"x": "false"}}}),
    ],
)
def test_a_function_says_what_it_says_on_aws(session: boto3.Session, said: str, meant: Any) -> None:
    template = read(f"""
Conditions:
  Here: !Equals [!Ref AWS::Region, {REGION}]
  There: !Equals [!Ref AWS::Region, us-east-1]
Resources:
  Jobs: {{Type: "AWS::SQS::Queue"}}
""")
    assert applied(session, template).resolve(read(said)) == meant


@pytest.mark.parametrize(
    "said",
    [
        "!Ref Nobody",
        "!GetAtt Nobody.Arn",
        "!GetAtt Jobs.Colour",
        '!Sub "${Nobody}"',
        "!If [Never, 1, 2]",
        "{'Fn::Select': [0, [a]]}",
        "{Ref: Jobs, Other: 1}",
    ],
)
def test_a_reference_to_nothing_is_refused(session: boto3.Session, said: str) -> None:
    stack = applied(session, {"Resources": {"Jobs": QUEUE}})
    with pytest.raises(Unresolved):
        stack.resolve(read(said))


def test_a_tag_that_is_not_known_is_refused_even_while_reading() -> None:
    with pytest.raises(yaml.constructor.ConstructorError, match="!Select"):
        read("Resources: !Select [0, [a]]")


# Order and choice


def test_resources_are_made_in_the_order_of_their_references(session: boto3.Session) -> None:
    stack = applied(
        session,
        """
Resources:
  Last: {Type: "AWS::SQS::Queue", Properties: {QueueName: !Sub "${Middle.QueueName}-last"}}
  Middle: {Type: "AWS::SQS::Queue", Properties: {QueueName: !Join ["-", [!GetAtt First.QueueName, middle]]}}
  First: {Type: "AWS::SQS::Queue", DependsOn: [Before]}
  Before: {Type: "AWS::SQS::Queue"}
""",
    )
    assert stack.attribute("Last", "QueueName") == "sowa-local-First-middle-last"


def test_a_circle_is_refused(session: boto3.Session) -> None:
    one, other = ({**QUEUE, "DependsOn": name} for name in ("Other", "One"))
    with pytest.raises(graphlib.CycleError):
        applied(session, {"Resources": {"One": one, "Other": other}})


def test_to_depend_on_nothing_known_is_refused(session: boto3.Session) -> None:
    with pytest.raises(Unresolved, match="One depends on Nobody"):
        applied(session, {"Resources": {"One": {**QUEUE, "DependsOn": "Nobody"}}})


def test_a_resource_whose_condition_is_false_is_not_made(session: boto3.Session) -> None:
    template = read("""
Parameters: {Wanted: {Type: String}}
Conditions: {IsWanted: !Equals [!Ref Wanted, "yes"]}
Resources:
  Perhaps: {Type: "AWS::SQS::Queue", Condition: IsWanted}
  Always: {Type: "AWS::SQS::Queue", DependsOn: Perhaps}
""")
    without = applied(session, template, Wanted="no")
    assert queues(session) == ["sowa-local-Always"]
    with pytest.raises(Unresolved, match="Perhaps"):
        without.physical("Perhaps")
    applied(session, template, Wanted="yes")
    assert queues(session) == ["sowa-local-Always", "sowa-local-Perhaps"]


# Local


TLS_ONLY = {"Effect": "Deny", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def test_locally_the_denial_of_plain_http_is_dropped_and_no_other_statement() -> None:
    others = [
        {"Effect": "Allow", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Deny", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
        {"Effect": "Deny"},
    ]
    policy = {"Version": "2012-10-17", "Statement": [TLS_ONLY, *others]}
    assert without_transport_denial(policy) == {"Version": "2012-10-17", "Statement": others}


@pytest.mark.parametrize("local", [True, False])
def test_moto_lets_objects_in_only_where_that_denial_is_dropped(session: boto3.Session, local: bool) -> None:
    stack = apply(only("MediaPolicy"), parameters=PARAMETERS, session=session, local=local)
    bucket, s3 = stack.physical("Media"), session.client("s3")
    if local:
        s3.put_object(Bucket=bucket, Key="one", Body=b"")
        with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
            s3.get_bucket_policy(Bucket=bucket)
    else:
        # The day moto reads Conditions this fails, and `without_transport_denial` may go.
        with pytest.raises(ClientError, match="Forbidden"):
            s3.put_object(Bucket=bucket, Key="one", Body=b"")


def test_any_other_statement_stays_on_the_bucket_locally(session: boto3.Session) -> None:
    template = only("MediaPolicy")
    policy = template["Resources"]["MediaPolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"].append({"Sid": "Other", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"})
    stack = apply(template, parameters=PARAMETERS, session=session, local=True)
    kept = json.loads(session.client("s3").get_bucket_policy(Bucket=stack.physical("Media"))["Policy"])
    assert [statement["Sid"] for statement in kept["Statement"]] == ["Other"]


# Reading templates


def test_mappings_are_united_and_anything_else_is_replaced() -> None:
    first = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(first, {"a": {"c": [3]}, "e": 2}) == {"a": {"b": 1, "c": [3]}, "d": 1, "e": 2}


def test_a_template_is_taken_from_one_file_from_several_or_as_it_is(session: boto3.Session, tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("Resources: {One: {Type: 'AWS::SQS::Queue'}}")
    (tmp_path / "two.yaml").write_text("Globals: {Function: {Environment: {Variables: {N: 5, URL: !Ref One}}}}")
    one, two = tmp_path / "one.yaml", str(tmp_path / "two.yaml")
    assert apply(one, parameters={}, session=session, stack_name="mine").attribute("One", "QueueName") == "mine-One"
    assert apply(load(one, two), parameters={}, session=session).environment()["N"] == "5"
    stack = apply([one, two], parameters={}, session=session)
    assert stack.environment() == {"N": "5", "URL": stack.physical("One")}


def test_the_oldest_region_of_s3_needs_no_location() -> None:
    with LocalCloud.set_aside(), mock_aws():
        session = boto3.Session(region_name="us-east-1")
        stack = apply({"Resources": {"Box": {"Type": "AWS::S3::Bucket"}}}, parameters={}, session=session)
        assert stack.physical("Box") == "sowa-local-box"
