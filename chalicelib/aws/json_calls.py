"""Calls of DynamoDB and KMS: a request in the API's own form goes out, the answer's JSON comes back as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import new_client

Service = Literal["dynamodb", "kms"]
_FIRST_REFUSAL = 300


class CallRefused(Exception):
    """AWS answered that it will not; `body` is the JSON in which it says why."""

    def __init__(self, code: str, message: str, status: int, body: dict[str, Any]) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status, self.body = code, message, status, body


class ReplyLost(Exception):
    """Nothing, or nothing whole, came back: whether the call took effect is not known."""


def call(service: Service, operation: str, request: Mapping[str, object]) -> bytes:
    """The body of AWS's answer, JSON as it came. `request` is the API's own form; bytes in it are sent as base64.
    Raises CallRefused, ReplyLost."""
    try:
        body: bytes = _client(service)._make_api_call(operation, request)["Body"]
    except ClientError as error:
        raise _refused(error) from error
    except BotoCoreError as error:
        raise ReplyLost(type(error).__name__) from error
    return body


@cache
def _client(service: Service) -> Any:
    # One of its own: who asks a client of the others expects to have its answer read.
    made = new_client(service)
    made.meta.events.register("before-parse", _hand_out_body)
    return made


def _hand_out_body(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: object) -> None:
    customized_response_dict["Body"] = response_dict["body"]
    if response_dict["status_code"] < _FIRST_REFUSAL:
        response_dict["body"] = b"{}"


def _refused(error: ClientError) -> CallRefused:
    said: Any = error.response
    try:
        body = json.loads(said["Body"])
    except ValueError:
        body = {}
    told, status = said["Error"], said["ResponseMetadata"]["HTTPStatusCode"]
    return CallRefused(told["Code"], told.get("Message", ""), status, body if isinstance(body, dict) else {})
