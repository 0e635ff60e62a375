"""Listings of S3 objects are moto's, letter by letter, without what moto takes for writing them."""

import random
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ClientError
from botocore.handlers import set_list_objects_encoding_type_url

from .. import StrictAWS, listings, routes
from ..faults import Answer
from .scene import ACCESS_KEY, REGION, SECRET, client

NOTHING: list[dict[str, Any]] = [{"Prefix": "none of them"}, {"MaxKeys": 0}]
LETTERS = "ab/ -_.~+%&<>\"'=é☃\U0001f600\t"


@pytest.fixture
def compared(strict_aws: StrictAWS, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Of each listing, whether it was answered without moto, which was asked as well."""
    ours, answered = listings.answer, []

    def both(request: AWSPreparedRequest) -> Answer | None:
        found = ours(request)
        if "list-type" in str(request.url):
            answered.append(found is not None)
        if found is not None:
            theirs = routes.answer(request)
            assert theirs is not None
            assert (found[0], found[1]["Content-Type"], found[2]) == (theirs[0], theirs[1]["Content-Type"], theirs[2])
        return found

    monkeypatch.setattr(listings, "answer", both)
    return answered


def keys() -> list[str]:
    dice = random.Random(1)  # noqa: S311  # repeatable is the point
    return ["".join(dice.choices(LETTERS, k=dice.randint(1, 12))).strip("/") or "x" for _ in range(150)]


@pytest.mark.parametrize(
    "parameters",
    [
        *NOTHING, {}, {"Prefix": "a"}, {"Prefix": "é"}, {"Delimiter": "/"}, {"Delimiter": "/", "Prefix": "a"},
        {"StartAfter": "a/"}, {"StartAfter": "b", "MaxKeys": 3}, {"EncodingType": "url"},
        {"EncodingType": "url", "Delimiter": "a"},
    ],
)  # fmt: skip
def test_every_page_says_what_moto_says(compared: list[bool], parameters: dict[str, Any]) -> None:
    put(keys())
    pages = [
        page
        for pages_of in (7, 1000)
        for page in client("s3").get_paginator("list_objects_v2").paginate(
            Bucket="media", PaginationConfig={"PageSize": pages_of}, **parameters
        )
    ]  # fmt: skip
    assert parameters in NOTHING or any(page.get("Contents") for page in pages)
    assert compared and all(compared)


def test_keys_that_nobody_wants_encoded_are_escaped(compared: list[bool]) -> None:
    put(keys())
    asking = boto3.client("s3", region_name=REGION, aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET)
    asking.meta.events.unregister("before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url)
    page = asking.list_objects_v2(Bucket="media")
    assert "EncodingType" not in page and {one["Key"] for one in page["Contents"]} == set(keys())
    assert any("&" in one["Key"] for one in page["Contents"]) and compared == [True]


def test_what_is_asked_less_plainly_or_fails_moto_answers(compared: list[bool]) -> None:
    put(["a", "b"])
    page = client("s3").list_objects_v2(Bucket="media", FetchOwner=True)
    assert [one["Owner"]["DisplayName"] for one in page["Contents"]] == ["webfile"] * 2
    for parameters, code in (
        ({"Bucket": "media", "ContinuationToken": ""}, "InvalidArgument"),
        ({"Bucket": "nowhere"}, "NoSuchBucket"),
    ):
        with pytest.raises(ClientError, match=code):
            client("s3").list_objects_v2(**parameters)
    assert compared == [False] * 3


def put(names: list[str]) -> None:
    client("s3").create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    for nth, name in enumerate(names):
        more = {"StorageClass": "STANDARD_IA"} if nth % 3 else {"ChecksumAlgorithm": "SHA256"}
        client("s3").put_object(Bucket="media", Key=name, Body=b"x" * nth, **more)
