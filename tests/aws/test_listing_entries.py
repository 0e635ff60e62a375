"""Listings of S3 are read as botocore reads them, only with less ado."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest
from botocore.parsers import ResponseParserFactory, RestXMLParser

from chalicelib.aws import s3
from chalicelib.aws.clients import client, session
from chalicelib.aws.listing_entries import EntryParser
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud


def test_other_answers_are_read_by_botocore(world: LocalCloud) -> None:
    factory = session().get_component("response_parser_factory")
    for protocol in ("query", "json", "rest-json"):
        assert type(factory.create_parser(protocol)) is type(ResponseParserFactory().create_parser(protocol))


def test_listings_are_read_as_botocore_reads_them_but_for_what_nobody_asks(world: LocalCloud) -> None:
    keys = ["a/1", "a/ü&<>", "a/b/2", " c+d%20"]
    for key in keys:
        client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=b"12", ContentType="text/plain")
    for asked in ({}, {"Delimiter": "/"}, {"MaxKeys": 2}, {"Prefix": "nothing"}):
        ours = client("s3").list_objects_v2(Bucket=settings.media_bucket, **asked)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(EntryParser, "_handle_structure", RestXMLParser._handle_structure)
            theirs = client("s3").list_objects_v2(Bucket=settings.media_bucket, **asked)
        asked_for = [
            {name: one[name] for name in ("Key", "Size", "LastModified", "ETag")} for one in theirs.get("Contents", ())
        ]
        assert ours.get("Contents", []) == asked_for
        assert _around(ours) == _around(theirs)
    assert [one.key for one in s3.below("")] == sorted(keys)
    assert all(one.modified_at.tzinfo is UTC and one.size_bytes == 2 for one in s3.below(""))


def _around(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("Contents", "ResponseMetadata")}
