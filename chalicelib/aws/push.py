"""The window to SNS mobile push: one endpoint per terminal, payloads of ids only."""

from __future__ import annotations

import json
import re

from botocore.exceptions import ClientError

from chalicelib.aws.clients import client
from chalicelib.settings import settings

# SNS's words for a terminal that cannot be reached: disabled by its platform, or deleted.
_UNREACHABLE = {"EndpointDisabled", "EndpointDisabledException", "NotFound", "InvalidParameter"}


class HeldByAnother(Exception):
    """SNS has this token for somebody else: there is one endpoint for a token, and it keeps its name for whoever holds
    the phone."""

    def __init__(self, arn: str, holder: str) -> None:
        super().__init__(arn)
        self.arn, self.holder = arn, holder


def open_endpoint(platform: str, token: str, holder: str) -> str:
    """The ARN of the holder's endpoint for this token, the same one if asked again. Raises HeldByAnother."""
    try:
        return _create(platform, token, holder)
    except ClientError as refusal:
        arn = _named_in(refusal)
        other = holder_of(arn)
        if other is not None and other != holder:
            raise HeldByAnother(arn, other) from refusal
        close_endpoint(arn)
        return _create(platform, token, holder)


def _create(platform: str, token: str, holder: str) -> str:
    arn: str = client("sns").create_platform_endpoint(
        PlatformApplicationArn=settings.platform_application_arn(platform), Token=token, CustomUserData=holder
    )["EndpointArn"]
    return arn


def _named_in(refusal: ClientError) -> str:
    """The endpoint that has the token already, which SNS says only in words; raises the refusal if it is another."""
    other = re.search(r"arn:aws[\w-]*:sns:\S+", refusal.response["Error"]["Message"])
    if other is None or refusal.response["Error"]["Code"] != "InvalidParameter":
        raise refusal
    return other[0]


def close_token(platform: str, token: str, holder: str) -> None:
    """Make SNS forget the holder's endpoint whose name was never learnt: asking for it again names it."""
    try:
        close_endpoint(_create(platform, token, holder))
    except ClientError as refusal:
        close_endpoint_of(_named_in(refusal), holder)


def close_endpoint(arn: str) -> None:
    """SNS forgets the terminal and its token; closing twice is no error."""
    client("sns").delete_endpoint(EndpointArn=arn)


def close_endpoint_of(arn: str, holder: str) -> bool:
    """The same later on, when SNS may have given the name to who holds the phone now: theirs is left; whether it was
    there and the holder's."""
    is_theirs = holder_of(arn) == holder
    if is_theirs:
        close_endpoint(arn)
    return is_theirs


def holder_of(arn: str) -> str | None:
    """Whose endpoint it is; None if SNS does not know it."""
    try:
        held: dict[str, str] = client("sns").get_endpoint_attributes(EndpointArn=arn)["Attributes"]
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] != "NotFound":
            raise
        return None
    return held.get("CustomUserData", "")


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
