"""SNS client for mobile push: one endpoint per terminal, payloads of ids only."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

from msgspec import Struct

from chalicelib.aws import sns_publish
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.clients import client, sdk_errors
from chalicelib.settings import settings

# SNS's words for a terminal that cannot be reached: disabled by its platform, or deleted. Of a deleted one it says
# InvalidParameter, as of a message that is not well made; which of the two, it says only in words.
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
_UNREACHABLE = {"EndpointDisabled", "EndpointDisabledException", "NotFound", "NotFoundException"}
_NAMES_ENDPOINT = re.compile(r"Invalid parameter: TargetArn\b")


class NotSent(Exception):
    """SNS took it not, though the terminal may be there; the cause says why."""


class Push(Struct, frozen=True):
    """A push notification: a word for which apps have a sentence, and ids; immediately or not after `ttl`.

    While a phone is away its platform keeps one push of each `topic`, of at most four topics (FCM); `id` tells one that
    comes twice (APNs).
    """

    about: str
    id: str
    topic: str
    ttl: timedelta
    ids: dict[str, str]

    @property
    def message(self) -> str:
        apns = json.dumps({"aps": self._aps, **self.ids})
        return json.dumps({"default": "", "GCM": json.dumps(self._fcm), "APNS": apns, "APNS_SANDBOX": apns})

    @property
    def _fcm(self) -> dict[str, object]:
        # https://docs.aws.amazon.com/sns/latest/dg/sns-fcm-v1-payloads.html; the application needs token credentials.
        # At normal priority a phone that dozes gets it when it wakes:
        # https://firebase.google.com/docs/cloud-messaging/android-message-priority
        android = {"priority": "high", "ttl": f"{self._ttl_s}s", "collapse_key": self.topic}
        return {"fcmV1Message": {"message": {"data": self.ids, "android": android}}}

    @property
    def _aps(self) -> dict[str, object]:
        # An alert alone: with `content-available` beside it, it is a background push too, which iOS holds back.
        return {"alert": {"loc-key": self.about}, "sound": "default", "mutable-content": 1}

    @property
    def attributes(self) -> dict[str, dict[str, str]]:
        """The headers of APNs: https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html."""
        headers = {"PUSH_TYPE": "alert", "PRIORITY": "10", "COLLAPSE_ID": self.id, "TTL": str(self._ttl_s)}
        named = {f"AWS.SNS.MOBILE.APNS.{name}": value for name, value in headers.items()}
        named["AWS.SNS.MOBILE.APNS_SANDBOX.TTL"] = str(self._ttl_s)
        return {name: {"DataType": "String", "StringValue": value} for name, value in named.items()}

    @property
    def _ttl_s(self) -> int:
        return int(self.ttl.total_seconds())


class HeldByAnother(Exception):
    """SNS has this token for somebody else: there is one endpoint for a token, and it keeps its name for whoever holds
    the phone."""

    def __init__(self, arn: str, holder: str) -> None:
        super().__init__(arn)
        self.arn, self.holder = arn, holder


def open_endpoint(platform: str, token: str, holder: str) -> str:
    """The ARN of the holder's endpoint for this token, the same one if called again. Raises HeldByAnother."""
    try:
        return _create(platform, token, holder)
    except sdk_errors().ClientError as refusal:
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


def enable_endpoint(arn: str, token: str) -> bool:
    """Enable an endpoint that its platform disabled, as of an app that was removed and is installed again; creating it
    again does not: https://docs.aws.amazon.com/sns/latest/dg/mobile-platform-endpoint.html. False if it is gone."""
    try:
        found = client("sns").get_endpoint_attributes(EndpointArn=arn)["Attributes"]
        if (found.get("Token"), str(found.get("Enabled")).lower()) != (token, "true"):
            client("sns").set_endpoint_attributes(EndpointArn=arn, Attributes={"Token": token, "Enabled": "true"})
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in _UNREACHABLE:
            return False
        raise
    return True


def _named_in(refusal: Any) -> str:
    """The endpoint that has the token already, which SNS says only in words; raises the refusal if it is another."""
    other = re.search(r"arn:aws[\w-]*:sns:\S+", refusal.response["Error"]["Message"])
    if other is None or refusal.response["Error"]["Code"] != "InvalidParameter":
        raise refusal
    return other[0]


def close_token(platform: str, token: str, holder: str) -> None:
    """Make SNS forget the holder's endpoint whose name was never learnt: asking for it again names it."""
    try:
        close_endpoint(_create(platform, token, holder))
    except sdk_errors().ClientError as refusal:
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


class EndpointState(Struct, frozen=True):
    """The state of an endpoint at SNS: by whom it is held, for which token, and whether its platform still takes pushes
    for it."""

    holder: str
    token: str
    is_enabled: bool


def state_of(arn: str) -> EndpointState | None:
    """None if SNS does not know it."""
    try:
        found = client("sns").get_endpoint_attributes(EndpointArn=arn)["Attributes"]
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in _UNREACHABLE:
            return None
        raise
    is_enabled = str(found.get("Enabled")).lower() == "true"
    return EndpointState(found.get("CustomUserData", ""), found.get("Token", ""), is_enabled)


def holder_of(arn: str) -> str | None:
    """The holder of the endpoint; None if SNS does not know it."""
    state = state_of(arn)
    return None if state is None else state.holder


def send(arn: str, push: Push) -> bool:
    """Push to one terminal; False if it is not reachable any more. Raises NotSent for whatever else goes wrong."""
    try:
        _publish(arn, push)
    except CallRefused as refusal:
        if _is_unreachable(refusal.code, refusal.message):
            return False
        raise NotSent from refusal
    except ReplyLost as lost:
        raise NotSent from lost
    except sdk_errors().ClientError as refusal:
        error = refusal.response["Error"]
        if _is_unreachable(error["Code"], error.get("Message", "")):
            return False
        raise NotSent from refusal
    except sdk_errors().BotoCoreError as lost:
        raise NotSent from lost
    return True


def _publish(arn: str, push: Push) -> None:
    if settings.aws_transport == "own":
        sns_publish.publish(arn, push.message, push.attributes)
    else:
        client("sns").publish(
            TargetArn=arn, MessageStructure="json", Message=push.message, MessageAttributes=push.attributes
        )


def _is_unreachable(code: str, message: str) -> bool:
    is_gone = code.startswith("InvalidParameter") and _NAMES_ENDPOINT.match(message)
    return code in _UNREACHABLE or bool(is_gone)
