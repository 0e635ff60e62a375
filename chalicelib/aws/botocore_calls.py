"""Calls of DynamoDB, KMS and SQS by botocore's client, which hands on the body of each answer unread."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import JSONParser, ResponseParserFactory

from chalicelib.aws import clients
from chalicelib.aws.attempts import CallRefused, ReplyLost
from chalicelib.aws.json_calls import Service

if TYPE_CHECKING:
    from botocore.model import Shape
    from botocore.parsers import ResponseParser

_BODY = "Body"


def call(service: Service, operation: str, request: Mapping[str, object]) -> bytes:
    """As `json_calls.call`, over whatever way to AWS botocore is configured to go."""
    try:
        answer: dict[str, Any] = _client(service)._make_api_call(operation, dict(request))
    except ClientError as refusal:
        metadata = refusal.response["ResponseMetadata"]
        request_id = metadata["HTTPHeaders"].get("x-amzn-requestid", "")
        raise CallRefused(operation, metadata["HTTPStatusCode"], refusal.response[_BODY], request_id) from refusal
    except BotoCoreError as lost:
        raise ReplyLost(f"{operation}: {lost}") from lost
    body: bytes = answer[_BODY]
    return body


@cache
def _client(service: Service) -> Any:
    return clients.made(_session(), service)


@cache
def _session() -> botocore.session.Session:
    """One of its own: parsers belong to a session."""
    made = botocore.session.get_session()
    made.register_component("response_parser_factory", _Parsers())
    return made


class _Parsers(ResponseParserFactory):  # type: ignore[misc]
    def create_parser(self, protocol_name: str) -> ResponseParser:
        return _Parser() if protocol_name == "json" else super().create_parser(protocol_name)


class _Parser(JSONParser):  # type: ignore[misc]
    """botocore's, but that it reads no more of an answer than what its own retries go by."""

    def parse(self, response: Any, shape: Shape | None) -> Any:
        if self._is_modeled_error_shape(shape):
            return {}
        return {**super().parse(response, None), _BODY: response["body"]}
