"""Calls of DynamoDB, KMS and SQS in AWS's JSON protocols, over a transport of our own or botocore's."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Literal

import msgspec

from chalicelib import ids
from chalicelib.aws import attempts, http1, sigv4
from chalicelib.settings import settings

Service = Literal["dynamodb", "kms", "sqs"]

_CONTENT_TYPES = {
    "dynamodb": "application/x-amz-json-1.0",
    "kms": "application/x-amz-json-1.1",
    "sqs": "application/x-amz-json-1.0",
}
_TARGETS = {"dynamodb": "DynamoDB_20120810", "kms": "TrentService", "sqs": "AmazonSQS"}
# A transaction that is sent again must be known as the same one.
_WITH_TOKEN = ("TransactWriteItems", "ExecuteTransaction")

_encoder = msgspec.json.Encoder()  # which writes bytes as base64


def call(service: Service, operation: str, request: Mapping[str, object]) -> bytes:
    """The body of AWS's answer, JSON as it came.

    `request` is the API's own form; bytes in it are sent as base64. Raises CallRefused, ReplyLost.
    """
    if settings.aws_transport == "botocore":
        from chalicelib.aws import botocore_calls

        return botocore_calls.call(service, operation, request)
    if operation in _WITH_TOKEN and "ClientRequestToken" not in request:
        request = {**request, "ClientRequestToken": ids.new_id()}
    body = _encoder.encode(request)
    return attempts.tried(service, operation, request, lambda: _sent(service, operation, body)).body


def _sent(service: Service, operation: str, body: bytes) -> http1.Response:
    """One try, signed anew. Raises ConnectionLost, also for an answer that is not what was sent."""
    credentials, scope = attempts.signing(service)
    host = _host(service)
    target = f"{_TARGETS[service]}.{operation}"
    headers = sigv4.signed_headers(credentials, scope, host, target, _CONTENT_TYPES[service], body)
    headers["user-agent"] = "sowa"
    response = http1.exchange("POST", host, "/", headers, body)
    checksum = response.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(zlib.crc32(response.body)):
        raise http1.ConnectionLost("the answer has another checksum than it says")
    return response


def _host(service: Service) -> str:
    return f"{service}.{settings.region}.amazonaws.com"
