"""Publish of SNS over the transport of our own, in AWS's query protocol: what is asked for each alarm and terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from urllib.parse import quote_plus

from chalicelib.aws import attempts, http1, sigv4
from chalicelib.settings import settings

_CONTENT_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
_VERSION = "2010-03-31"


def publish(target_arn: str, message: str, attributes: Mapping[str, Mapping[str, str]]) -> None:
    """Publish a message that says something else to each platform, as JSON. Raises CallRefused, ReplyLost."""
    request = {
        "TargetArn": target_arn, "MessageStructure": "json", "Message": message, "MessageAttributes": attributes
    }  # fmt: skip
    target, said = quote_plus(target_arn), quote_plus(message)
    begin = f"Action=Publish&Version={_VERSION}&TargetArn={target}&MessageStructure=json&Message={said}"
    body = "&".join((begin, *_fields(attributes))).encode()
    attempts.tried("sns", "Publish", request, lambda: _sent(body))


def _fields(attributes: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    for nth, (name, value) in enumerate(attributes.items(), 1):
        entry = f"MessageAttributes.entry.{nth}"
        yield f"{entry}.Name={_quoted(name)}"
        yield from (f"{entry}.Value.{field}={_quoted(text)}" for field, text in value.items())


# All but one of what a push's attributes say is what those of the last one said.
_quoted = lru_cache(maxsize=64)(quote_plus)


def _sent(body: bytes) -> http1.Response:
    host = _host()
    headers = sigv4.signed_headers(*attempts.signing("sns"), host, None, _CONTENT_TYPE, body)
    headers["user-agent"] = "sowa"
    return http1.exchange("POST", host, "/", headers, body)


def _host() -> str:
    return f"sns.{settings.region}.amazonaws.com"
