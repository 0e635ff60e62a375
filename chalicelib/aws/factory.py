"""Client of the factory's bucket: lists of the cameras it made, the rows that were not accepted, and codes of gift
cards."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.aws.clients import client, sdk_errors
from chalicelib.errors import Conflict
from chalicelib.settings import settings


class FileChanged(Conflict):
    pass


@dataclass(frozen=True)
class File:
    """A file as it was when it was found; `etag` tells it from another one under its key."""

    key: str
    etag: str
    size_bytes: int


def address(key: str) -> str:
    return f"s3://{settings.factory_bucket}/{key}"


def find(key: str) -> File | None:
    """None where nothing is, or nothing that we may read: S3 does not say which."""
    try:
        found = client("s3").head_object(Bucket=settings.factory_bucket, Key=key)
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in ("404", "403"):
            return None
        raise
    return File(key, found["ETag"], found["ContentLength"])


def part(file: File, start: int, count: int) -> bytes:
    """So many of its bytes from there on, or fewer at its end. Raises FileChanged."""
    wanted = f"bytes={start}-{start + count - 1}"
    where = {"Bucket": settings.factory_bucket, "Key": file.key}
    try:
        data: bytes = client("s3").get_object(**where, Range=wanted, IfMatch=file.etag)["Body"].read()
    except sdk_errors().ClientError as refusal:
        if refusal.response["Error"]["Code"] in ("PreconditionFailed", "412", "NoSuchKey", "InvalidRange"):
            raise FileChanged from refusal
        raise
    return data


def put(key: str, data: bytes, content_type: str = "application/x-ndjson") -> None:
    client("s3").put_object(Bucket=settings.factory_bucket, Key=key, Body=data, ContentType=content_type)
