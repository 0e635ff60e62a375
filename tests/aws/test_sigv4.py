"""What we sign is what botocore signs, to the byte."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from unittest.mock import patch
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.auth import S3SigV4Auth, S3SigV4PostAuth, S3SigV4QueryAuth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.aws import sigv4
from chalicelib.settings import AwsCredentials

EXAMPLES = 10_000 if "EVERY_SIZE" in os.environ else 150
many = settings(max_examples=EXAMPLES)

KEY_IDS = st.from_regex(r"A[A-Z0-9]{15,40}", fullmatch=True)
SECRETS = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=50)
TOKENS = st.just("") | st.from_regex(r"[A-Za-z0-9+/=]{1,60}", fullmatch=True)
credentials = st.builds(AwsCredentials, KEY_IDS, SECRETS, TOKENS)
REGIONS = st.sampled_from(["eu-central-1", "us-east-1", "me-south-1", "ap-southeast-7"])
TIMES = st.integers(0, 7_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
WORDS = st.text(st.characters(exclude_categories=["C"]), max_size=30)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
ADDRESSES = st.sampled_from(
    ["https://media.s3.eu-central-1.amazonaws.com", "http://127.0.0.1:8001/media", "https://S3.example.org:443/b",
     "http://[::1]:9000/media", "http://example.org:80"]
)  # fmt: skip


def botocore_of(ours: AwsCredentials) -> ReadOnlyCredentials:
    return ReadOnlyCredentials(ours.access_key_id, ours.secret_access_key, ours.session_token or None)


def signed_by_botocore(signer: SigV4Auth, request: AWSRequest, at: datetime) -> AWSRequest:
    with patch.object(botocore.auth, "get_current_datetime", return_value=at):
        signer.add_auth(request)
    return request


@many
@given(
    credentials, REGIONS, TIMES, st.sampled_from(["dynamodb", "kms", "sns", "sqs"]), st.binary(max_size=200),
    st.sampled_from(["Service_1.Operation", None]),
)  # fmt: skip
def test_headers_of_calls_are_signed_as_botocore_signs_them(
    ours: AwsCredentials, region: str, at: datetime, service: str, body: bytes, target: str | None
) -> None:
    host, kind = f"{service}.{region}.amazonaws.com", "application/x-amz-json-1.0"
    told = {"Content-Type": kind, **({} if target is None else {"X-Amz-Target": target})}
    request = AWSRequest(method="POST", url=f"https://{host}/", headers=told, data=body)
    theirs = signed_by_botocore(SigV4Auth(botocore_of(ours), service, region), request, at).headers
    headers = sigv4.signed_headers(ours, sigv4.scope_of(at, region, service), host, target, kind, body)
    assert headers.pop("host") == host
    assert headers == {name.lower(): value for name, value in theirs.items()}


@many
@given(credentials, REGIONS, TIMES, KEYS, st.sampled_from(["HEAD", "GET"]), st.sampled_from(["", "bytes=0-73727"]))
def test_reads_of_objects_are_signed_as_botocore_signs_them(
    ours: AwsCredentials, region: str, at: datetime, key: str, method: str, byte_range: str
) -> None:
    host, path = f"media.s3.{region}.amazonaws.com", f"/{quote(key, safe='/~')}"
    told = {"Range": byte_range} if byte_range else {}
    request = AWSRequest(method=method, url=f"https://{host}{path}", headers=told)
    theirs = signed_by_botocore(S3SigV4Auth(botocore_of(ours), "s3", region), request, at).headers
    headers = sigv4.signed_of_object(ours, sigv4.scope_of(at, region, "s3"), method, host, path, byte_range)
    assert headers.pop("host") == host
    assert headers == {name.lower(): value for name, value in theirs.items()}


@many
@given(
    credentials, REGIONS, TIMES, ADDRESSES, KEYS, st.integers(1, 604_800),
    st.dictionaries(st.sampled_from(["response-content-type", "response-cache-control", "versionId", "X-z"]),
                    WORDS, max_size=3),
)  # fmt: skip
def test_links_are_signed_as_botocore_signs_them(
    ours: AwsCredentials, region: str, at: datetime, address: str, key: str, seconds: int, query: dict[str, str]
) -> None:
    url = f"{address}/{quote(key, safe='/~')}"
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    request = AWSRequest(method="GET", url=f"{url}?{asked}" if asked else url)
    signer = S3SigV4QueryAuth(botocore_of(ours), "s3", region, expires=seconds)
    theirs = signed_by_botocore(signer, request, at).prepare().url
    assert sigv4.presigned_link(ours, sigv4.scope_of(at, region, "s3"), url, query, seconds) == theirs


@many
@given(
    credentials, REGIONS, TIMES, KEYS, st.dictionaries(WORDS, WORDS, max_size=3),
    st.lists(st.dictionaries(WORDS, WORDS, max_size=2) | st.lists(WORDS | st.integers(0, 2**40), max_size=3),
             max_size=3),
)  # fmt: skip
def test_forms_are_signed_as_botocore_signs_them(
    ours: AwsCredentials, region: str, at: datetime, key: str, fields: dict[str, str], conditions: list[object]
) -> None:
    expiration = "2026-11-29T00:00:00Z"
    request = AWSRequest(method="POST", url="https://media.s3.amazonaws.com")
    theirs = {**fields, "key": key}
    request.context["s3-presign-post-fields"] = theirs
    request.context["s3-presign-post-policy"] = {"expiration": expiration, "conditions": list(conditions)}
    signed_by_botocore(S3SigV4PostAuth(botocore_of(ours), "s3", region), request, at)
    made = sigv4.post_form(ours, sigv4.scope_of(at, region, "s3"), {**fields, "key": key}, conditions, expiration)
    assert (made, list(made)) == (theirs, list(theirs))


def test_another_day_another_key() -> None:
    ours = AwsCredentials("AKIA", "secret", "")
    signed = [
        sigv4.signed_headers(ours, sigv4.scope_of(at, "eu-central-1", "kms"), "h", "t", "c", b"")["authorization"]
        for at in (datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
    ]
    assert len({text.partition("Signature=")[2] for text in signed}) == 2


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "session_token"])
def test_each_part_of_the_credentials_counts(name: str) -> None:
    ours = AwsCredentials("AKIA", "secret", "token")
    scope = sigv4.scope_of(datetime(2026, 11, 29, tzinfo=UTC), "eu-central-1", "kms")
    one, two = (
        sigv4.signed_headers(each, scope, "h", "t", "c", b"")["authorization"]
        for each in (ours, ours._replace(**{name: "other"}))
    )
    assert one != two
