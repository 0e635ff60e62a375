"""GetCallerIdentity of STS for a request that somebody else has presigned: who that is, as AWS alone can say."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from chalicelib.aws import attempts, http1
from chalicelib.settings import settings

VERSION = "2011-06-15"


class _Result(msgspec.Struct):
    Arn: str


class _Response(msgspec.Struct):
    GetCallerIdentityResult: _Result


class _Answer(msgspec.Struct):
    GetCallerIdentityResponse: _Response


def caller_arn(query: str, signed_headers: Mapping[str, str]) -> str:
    """The ARN of whoever signed this query together with these headers. It goes to STS of our own region, whatever the
    query says. Raises CallRefused, ReplyLost."""
    host = f"sts.{settings.region}.amazonaws.com"
    headers = {"host": host, "accept": "application/json", "user-agent": "sowa", **signed_headers}
    answer = attempts.tried(
        "sts", "GetCallerIdentity", {}, lambda: http1.exchange("GET", host, f"/?{query}", headers)
    )
    return msgspec.json.decode(answer.body, type=_Answer).GetCallerIdentityResponse.GetCallerIdentityResult.Arn
