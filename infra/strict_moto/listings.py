"""Listings of S3 objects (ListObjectsV2), straight from the request to moto's objects: of moto's own way in and its
serializer an empty listing took two thirds, and each entry another millisecond or two."""

from __future__ import annotations

import itertools
import re
from typing import Any
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import FakeBucket, FakeKey, s3_backends

from .faults import Answer

_PARTITION = "aws"
_LISTING = re.compile(r"https://([a-z0-9-]+)\.s3\.[a-z0-9-]+\.amazonaws\.com/\?(list-type=2(?:&.*)?)")
# What is asked else, as for owners, moto answers.
_PARAMETERS = {
    "list-type", "prefix", "delimiter", "continuation-token", "start-after", "max-keys", "encoding-type",
}  # fmt: skip
_MOST = "1000"
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
_request_numbers = itertools.count(1)


def answer(request: AWSPreparedRequest) -> Answer | None:
    """What moto would answer, letter by letter; None for all that is no listing, is asked less plainly, or fails."""
    found = _LISTING.fullmatch(request.url) if request.method == "GET" else None
    if found is None:
        return None
    parameters = dict(parse_qsl(found[2], keep_blank_values=True))
    bucket = s3_backends[DEFAULT_ACCOUNT_ID][_PARTITION].buckets.get(found[1])
    if type(bucket) is not FakeBucket or not _is_plain(parameters):
        return None
    headers = {"Content-Type": "application/xml", "x-amz-request-id": f"LOCAL{next(_request_numbers):011d}"}
    return 200, headers, _text(bucket, parameters).encode()


def _is_plain(parameters: dict[str, str]) -> bool:
    has_number = parameters.get("max-keys", _MOST).isdigit()
    return has_number and parameters.keys() <= _PARAMETERS and parameters.get("continuation-token") != ""


def _text(bucket: FakeBucket, parameters: dict[str, str]) -> str:
    """Elements in the order of S3's model."""
    delimiter, token, after = (parameters.get(name) for name in ("delimiter", "continuation-token", "start-after"))
    encoding, most = parameters.get("encoding-type"), int(parameters.get("max-keys", _MOST))
    listed, is_truncated, following = s3_backends[DEFAULT_ACCOUNT_ID][_PARTITION].list_objects_v2(
        bucket, parameters.get("prefix"), delimiter, token, after, most
    )
    prefix = _encoded(parameters.get("prefix", ""), encoding)
    folders = [_encoded(one, encoding) for one in listed if isinstance(one, str)]
    return "".join([
        _HEAD,
        f"<IsTruncated>{'true' if is_truncated else 'false'}</IsTruncated>",
        *(_entry(one, encoding) for one in listed if isinstance(one, FakeKey)),
        _element("Name", bucket.name),
        _element("Prefix", prefix) if prefix else "<Prefix/>",
        _element("Delimiter", delimiter),
        _element("MaxKeys", most),
        *(f"<CommonPrefixes>{_element('Prefix', one)}</CommonPrefixes>" for one in folders),
        _element("EncodingType", encoding),
        _element("KeyCount", len(listed)),
        _element("NextContinuationToken", following),
        _element("StartAfter", None if token else after),
        "</ListBucketResult>",
    ])  # fmt: skip


def _entry(key: FakeKey, encoding: str | None) -> str:
    said: dict[str, Any] = {
        "Key": key.safe_name(encoding),
        "LastModified": key.last_modified_ISO8601,
        "ETag": key.etag,
        "ChecksumAlgorithm": key.checksum_algorithm,
        "Size": key.size,
        "StorageClass": key.storage_class,
    }
    return f"<Contents>{''.join([_element(name, value) for name, value in said.items()])}</Contents>"


def _encoded(name: str, encoding: str | None) -> str:
    return quote(name) if encoding == "url" else name


def _element(name: str, value: object) -> str:
    """Nothing where there is nothing to say."""
    return "" if value in (None, "") else f"<{name}>{escape(str(value))}</{name}>"
