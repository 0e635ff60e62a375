"""The window to SNS mobile push: one endpoint per terminal, payloads of ids only."""

from __future__ import annotations

import json
import re

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.settings import settings

# SNS's words for a terminal that cannot be reached: disabled by its platform, or deleted.
_UNREACHABLE = {"EndpointDisabled", "EndpointDisabledException", "NotFound", "InvalidParameter"}


def open_endpoint(platform: str, token: str, holder: str) -> str:
    """The ARN of the holder's endpoint for this token, the same one if asked again; another holder's is ended."""
    try:
        return _create(platform, token, holder)
    except ClientError as refusal:
        # SNS has one endpoint for a token, perhaps of an earlier user of this phone, and says which only in words.
        other = re.search(r"arn:aws[\w-]*:sns:\S+", refusal.response["Error"]["Message"])
        if other is None:
            raise
        close_endpoint(other[0])
        return _create(platform, token, holder)


def _create(platform: str, token: str, holder: str) -> str:
    arn: str = client("sns").create_platform_endpoint(
        PlatformApplicationArn=settings.platform_application_arn(platform), Token=token, CustomUserData=holder
    )["EndpointArn"]
    return arn


def close_token(platform: str, token: str, holder: str) -> None:
    """Make SNS forget a token whose endpoint's name was never learnt: asking for it again names it."""
    close_endpoint(open_endpoint(platform, token, holder))


def close_endpoint(arn: str) -> None:
    """SNS forgets the terminal and its token; closing twice is no error."""
    client("sns").delete_endpoint(EndpointArn=arn)


def send(arn: str, about: str = "ALARM", **ids: str) -> bool:
    """Push ids to one terminal, which has words for what they are about; False if it is not reachable any more."""
    fcm = {"data": ids}
    apns = {"aps": {"content-available": 1, "mutable-content": 1, "alert": {"loc-key": about}}, **ids}
    message = {"default": "", "GCM": json.dumps(fcm), "APNS": json.dumps(apns), "APNS_SANDBOX": json.dumps(apns)}
    try:
        client("sns").publish(TargetArn=arn, MessageStructure="json", Message=json.dumps(message))
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in _UNREACHABLE:
            return False
        raise
    return True
