"""HEAD and ranged GET of an object of S3 over the transport of our own: what is asked before each picture is shown, and
of each that arrives."""

from __future__ import annotations

from urllib.parse import quote

from msgspec import Struct

from chalicelib.aws import attempts, http1, sigv4
from chalicelib.settings import settings

# Who may not list gets 403 of an absent key: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
_ABSENT = ("404", "403")


class Part(Struct, frozen=True):
    """Some bytes of an object, and the ETag of the whole; no bytes where it has none there."""

    data: bytes
    etag: str


def etag(bucket: str, key: str) -> str | None:
    """The ETag of an object; None if it is not there. Raises CallRefused, ReplyLost."""
    found = head(bucket, key)
    return None if found is None else found["etag"]


def head(bucket: str, key: str) -> dict[str, str] | None:
    """The headers that describe an object, their names in lower case; None if it is not there. Raises CallRefused,
    ReplyLost."""
    host, path = _host(bucket), _path(key)
    try:
        answer = attempts.tried(
            "s3", "HeadObject", {"Bucket": bucket, "Key": key}, lambda: _sent("HEAD", host, path, "")
        )
    except attempts.CallRefused as refused:
        if refused.code in _ABSENT:
            return None
        raise
    return answer.headers


def part(bucket: str, key: str, byte_range: str) -> Part | None:
    """The bytes of an object in a range as HTTP writes it; None if it is not there. Raises CallRefused, ReplyLost."""
    host, path = _host(bucket), _path(key)
    request = {"Bucket": bucket, "Key": key, "Range": byte_range}
    try:
        answer = attempts.tried("s3", "GetObject", request, lambda: _sent("GET", host, path, byte_range))
    except attempts.CallRefused as refused:
        if refused.code == "InvalidRange":
            return Part(b"", "")
        if refused.code == "NoSuchKey":
            return None
        raise
    return Part(answer.body, answer.headers["etag"])


def _host(bucket: str) -> str:
    return f"{bucket}.s3.{settings.region}.amazonaws.com"


def _path(key: str) -> str:
    return f"/{quote(key, safe='/~')}"


def _sent(method: str, host: str, path: str, byte_range: str) -> http1.Response:
    headers = sigv4.signed_of_object(*attempts.signing("s3"), method, host, path, byte_range)
    return http1.exchange(method, host, path, headers | {"user-agent": "sowa"})
