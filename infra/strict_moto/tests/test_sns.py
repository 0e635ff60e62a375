"""Phones' endpoints and pushes as SNS has them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .scene import client


def application(platform: str = "GCM") -> str:
    sns = client("sns")
    made = sns.create_platform_application(Name="app", Platform=platform, Attributes={"PlatformCredential": "x"})
    return str(made["PlatformApplicationArn"])


def endpoint(application_arn: str, token: str = "token-1", holder: str = "ola") -> str:
    made = client("sns").create_platform_endpoint(
        PlatformApplicationArn=application_arn, Token=token, CustomUserData=holder
    )
    return str(made["EndpointArn"])


def enable(arn: str, word: str) -> None:
    client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Enabled": word})


def push(arn: str, **said: Any) -> str | None:
    """How it was refused."""
    message = said or {"default": ""}
    try:
        client("sns").publish(TargetArn=arn, MessageStructure="json", Message=json.dumps(message))
    except ClientError as refusal:
        return f"{refusal.response['Error']['Code']}: {refusal.response['Error']['Message']}"
    return None


def test_a_disabled_endpoint_that_is_created_again_is_there_and_still_disabled(strict_or_bare: Any) -> None:
    app = application()
    arn = endpoint(app)
    enable(arn, "false")
    try:
        again = endpoint(app)
    except ClientError as refusal:
        pytest.fail(str(refusal))
    assert again == arn
    assert (push(arn) or "").startswith("EndpointDisabled")


def test_what_is_set_is_what_is_looked_up(strict_aws: Any) -> None:
    app = application()
    arn = endpoint(app)
    enable(arn, "false")
    client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Token": "token-2", "CustomUserData": "zed"})
    enable(arn, "true")
    assert endpoint(app, "token-2", "zed") == arn != endpoint(app)
    assert push(arn) is None


def test_the_same_token_for_somebody_else_is_refused_with_the_name_of_the_endpoint(strict_aws: Any) -> None:
    app = application()
    arn = endpoint(app)
    with pytest.raises(ClientError, match=f"InvalidParameter.*{arn} already exists with the same Token"):
        endpoint(app, holder="zed")


def test_a_token_has_an_endpoint_with_each_application(strict_or_bare: Any) -> None:
    try:
        assert endpoint(application("GCM")) != endpoint(application("APNS"), holder="zed")
    except ClientError as refusal:
        pytest.fail(str(refusal))


def test_an_endpoint_that_is_gone_is_an_invalid_parameter_by_name(strict_or_bare: Any) -> None:
    arn = endpoint(application())
    client("sns").delete_endpoint(EndpointArn=arn)
    assert (push(arn) or "").startswith("InvalidParameter: Invalid parameter: TargetArn")


@pytest.mark.parametrize("message", [{"GCM": "{}"}, {"default": "", "GCM": {"data": {}}}])
def test_a_message_that_is_not_what_its_structure_says_is_refused(strict_or_bare: Any, message: Any) -> None:
    assert (push(endpoint(application()), **message) or "").startswith("InvalidParameter: Invalid parameter: Message")
