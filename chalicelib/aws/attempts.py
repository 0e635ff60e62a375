"""Attempts of one call to AWS: what each is signed with, when another follows, and what the caller hears at last."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from chalicelib import clock
from chalicelib.aws import http1, retries, sigv4
from chalicelib.settings import AwsCredentials, MissingSetting, settings

# Of a signature that is too old, or not valid yet.
_SKEW_CODES = ("InvalidSignatureException", "RequestExpired", "RequestInTheFuture", "RequestTimeTooSkewed")
_LEAST_SKEW = timedelta(minutes=1)
# `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`, and what may follow behind a colon.
_CODE = re.compile(r"(?:[^:]*[#])?([^:#]+)")
# S3 and SNS answer so; the bytes of an answer are bounded, and so is the work of these.
_XML_CODE, _XML_MESSAGE = (re.compile(rf"<{name}>([^<]*)</{name}>".encode()) for name in ("Code", "Message"))

_quotas: dict[str, retries.Quota] = {service: retries.Quota() for service in retries.SERVICES}
# How far AWS's clock is ahead of ours, where it has refused a signature for that.
_skew = timedelta()


class CallRefused(Exception):
    """AWS's refusal, after all tries that were worth it; `body` is its JSON (CancellationReasons, Item), or code and
    message of its XML, empty where it was neither."""

    def __init__(self, operation: str, status: int, raw: bytes, request_id: str) -> None:
        self.body = _refusal_in(raw)
        self.status, self.code = status, str(self.body.get("__type") or status)
        if named := _CODE.match(self.code):
            self.code = named[1]
        said = self.body.get("message", self.body.get("Message", ""))
        self.message = str(said) if self.body else raw[:200].decode(errors="replace")
        self.request_id = request_id
        super().__init__(f"{operation}: {status} {self.code}: {self.message} ({request_id})")


class ReplyLost(Exception):
    """Nothing, or nothing whole, came back at the last try: what was asked for may have been done."""


def tried(
    service: retries.Service, operation: str, request: Mapping[str, object], attempt: Callable[[], http1.Response]
) -> http1.Response:
    """The answer to what an attempt sends, after as many as are worth it. Raises CallRefused, ReplyLost."""
    quota, cost, retry = _quotas[service], 0, 0
    while True:
        failure: CallRefused | ReplyLost
        fault: retries.Fault | None
        asked_ms = ""
        try:
            response = attempt()
        except http1.ConnectionLost as lost:
            failure, fault = ReplyLost(f"{operation}: {lost}"), retries.lost(service)
            failure.__cause__ = lost
        else:
            if response.status < 300:
                quota.give_back(cost)
                return response
            headers = response.headers
            request_id = headers.get("x-amzn-requestid") or headers.get("x-amz-request-id", "")
            failure = CallRefused(operation, response.status, response.body, request_id)
            fault = _fault(service, failure, response)
            asked_ms = response.headers.get("x-amz-retry-after", "")
        if fault is None or retry == retries.MOST or not quota.take(fault.cost):
            raise failure
        clock.sleep(retries.wait_s(fault, retry, asked_ms))
        cost, retry = fault.cost, retry + 1


def signing(service: retries.Service) -> tuple[AwsCredentials, sigv4.Scope]:
    """Credentials and scope that a request of this moment is signed with."""
    credentials = settings.aws_credentials
    if credentials is None:
        raise MissingSetting("the environment lacks AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY")
    return credentials, sigv4.scope_of(clock.now() + _skew, settings.region, service)


def _fault(service: retries.Service, refusal: CallRefused, response: http1.Response) -> retries.Fault | None:
    if refusal.code in _SKEW_CODES and _is_skew_learnt(response.headers.get("date", "")):
        return retries.lost(service)
    return retries.fault_of(service, response.status, refusal.code)


def _is_skew_learnt(date: str) -> bool:
    """Whether AWS's clock turned out to be another than was thought."""
    global _skew
    try:
        theirs = http1.date_of(date)
    except ValueError:
        return False
    skew = theirs - clock.now()
    if abs(skew - _skew) < _LEAST_SKEW:
        return False
    _skew = skew
    return True


def _refusal_in(raw: bytes) -> dict[str, Any]:
    if raw.startswith(b"<") and (code := _XML_CODE.search(raw)):
        message = _XML_MESSAGE.search(raw)
        return {"__type": _text_of(code), "message": "" if message is None else _text_of(message)}
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (ValueError, RecursionError):
        return {}


def _text_of(found: re.Match[bytes]) -> str:
    from html import unescape  # a refusal is rare, and a cold start needs it not

    return unescape(found[1].decode(errors="replace"))
