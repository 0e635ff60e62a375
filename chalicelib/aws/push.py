"""The window to SNS mobile push: one endpoint per terminal, payloads of ids only."""

from __future__ import annotations

import json

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.settings import settings

# SNS's words for a terminal that cannot be reached: disabled by its platform, or deleted.
_UNREACHABLE = {"EndpointDisabled", "EndpointDisabledException", "NotFound", "InvalidParameter"}


def take_endpoint(platform: str, token: str) -> str:
    """The ARN of a new endpoint for this token; whoever had one for it before, on the same terminal, loses it."""
    application = settings.platform_application_arn(platform)

    def create() -> str:
        answer = client("sns").create_platform_endpoint(PlatformApplicationArn=application, Token=token)
        arn: str = answer["EndpointArn"]
        return arn

    # SNS answers with the endpoint that exists for a token, perhaps an earlier user's of this phone.
    close_endpoint(create())
    return create()


def close_endpoint(arn: str) -> None:
    """SNS forgets the terminal and its token; closing twice is no error."""
    client("sns").delete_endpoint(EndpointArn=arn)


def send(arn: str, **ids: str) -> bool:
    """Push ids to one terminal; False if it is not reachable any more."""
    fcm = {"data": ids}
    apns = {"aps": {"content-available": 1, "mutable-content": 1, "alert": {"loc-key": "ALARM"}}, **ids}
    message = {"default": "", "GCM": json.dumps(fcm), "APNS": json.dumps(apns), "APNS_SANDBOX": json.dumps(apns)}
    try:
        client("sns").publish(TargetArn=arn, MessageStructure="json", Message=json.dumps(message))
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in _UNREACHABLE:
            return False
        raise
    return True
