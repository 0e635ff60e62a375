"""HEAD of an object of S3 over the transport of our own: what is asked before each picture is shown."""

from __future__ import annotations

from urllib.parse import quote

from chalicelib.aws import attempts, http1, sigv4
from chalicelib.settings import settings

# Who may not list gets 403 of an absent key: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
_ABSENT = ("404", "403")


def etag(bucket: str, key: str) -> str | None:
    """The ETag of an object; None if it is not there. Raises CallRefused, ReplyLost."""
    host, path = _host(bucket), f"/{quote(key, safe='/~')}"
    try:
        answer = attempts.tried("s3", "HeadObject", {"Bucket": bucket, "Key": key}, lambda: _sent(host, path))
    except attempts.CallRefused as refused:
        if refused.code in _ABSENT:
            return None
        raise
    return answer.headers["etag"]


def _host(bucket: str) -> str:
    return f"{bucket}.s3.{settings.region}.amazonaws.com"


def _sent(host: str, path: str) -> http1.Response:
    headers = sigv4.signed_head(*attempts.signing("s3"), host, path)
    return http1.exchange("HEAD", host, path, headers | {"user-agent": "sowa"})
