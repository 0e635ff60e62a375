"""A ticket lets in exactly what it says, a link opens one object for minutes, and what is deleted is gone."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.aws.clients import client
from chalicelib.settings import settings
from infra.local.cloud import LocalCloud

JPEG = "image/jpeg"
PREFIX = "alarms/20260105/somebody/"
HOUR = timedelta(minutes=60)


def ticket() -> dict[str, Any]:
    made = s3.ticket(PREFIX, JPEG, least_bytes=10, most_bytes=100, until=clock.now() + HOUR)
    return {"url": made.url, "fields": made.fields, "key_prefix": made.key_prefix}


def store(key: str, body: bytes = b"0123456789") -> None:
    client("s3").put_object(Bucket=settings.media_bucket, Key=key, Body=body)


def test_a_ticket_lets_in_what_it_says_and_costs_no_call(world: LocalCloud) -> None:
    world.trace.clear()
    made = ticket()
    assert len(world.trace) == 0
    for size in (10, 100):
        assert world.upload(made, f"{size}.jpg", b"x" * size).status == 204
    assert [stored.size_bytes for stored in s3.below(PREFIX)] == [10, 100]


@pytest.mark.parametrize(
    ("size", "overrides"),
    [
        (9, {}),
        (101, {}),
        (50, {"key": "alarms/20260105/somebody-else/1.jpg"}),
        (50, {"key": "alarms/20260106/somebody/1.jpg"}),
        (50, {"key": "1.jpg"}),
        (50, {"Content-Type": "text/html"}),
        (50, {"Content-Type": None}),
        (50, {"policy": None}),
        (50, {"x-amz-signature": "0" * 64}),
        (50, {"acl": "public-read"}),
        (50, {"x-amz-meta-note": "more"}),
        (50, {"success_action_redirect": "https://example.com"}),
    ],
)
def test_a_ticket_lets_in_nothing_else(world: LocalCloud, size: int, overrides: dict[str, Any]) -> None:
    assert world.upload(ticket(), "1.jpg", b"x" * size, **overrides).status in (400, 403)
    assert list(s3.below("")) == []


def of_channel() -> dict[str, Any]:
    """One that lets in what is of a channel, of two types."""
    until, within = clock.now() + HOUR, {"least_bytes": 10, "most_bytes": 100}
    made = s3.ticket(PREFIX, "video/mp4", **within, until=until, below="1/", types_begin="video/mp")
    return {"url": made.url, "fields": made.fields, "key_prefix": made.key_prefix}


def test_a_ticket_may_be_for_more_than_its_prefix_and_for_several_types(world: LocalCloud) -> None:
    made = of_channel()
    assert (made["key_prefix"], made["fields"]["Content-Type"]) == (PREFIX, "video/mp4")
    assert world.upload(made, "1/a.m4s", b"x" * 50).status == 204
    assert world.upload(made, "1/a.ts", b"x" * 50, **{"Content-Type": "video/mp2t"}).status == 204
    head = client("s3").head_object(Bucket=settings.media_bucket, Key=f"{PREFIX}1/a.ts")
    assert head["ContentType"] == "video/mp2t"


@pytest.mark.parametrize(
    ("name", "overrides"),
    [
        ("a.m4s", {}),
        ("2/a.m4s", {}),
        ("10/a.m4s", {}),
        ("1", {}),
        ("1/a.m4s", {"Content-Type": "video/quicktime"}),
        ("1/a.m4s", {"Content-Type": "text/html"}),
        ("1/a.m4s", {"Content-Type": "video/mp4, text/html"}),
        ("1/a.m4s", {"Content-Type": None}),
    ],
)
def test_such_a_ticket_lets_in_nothing_else(world: LocalCloud, name: str, overrides: dict[str, Any]) -> None:
    assert world.upload(of_channel(), name, b"x" * 50, **overrides).status == 403
    assert list(s3.below("")) == []


def test_a_ticket_ends_at_its_time(world: LocalCloud) -> None:
    made = ticket()
    world.advance(HOUR.total_seconds() - 1)
    assert world.upload(made, "1.jpg", b"x" * 50).status == 204
    world.advance(2)
    assert world.upload(made, "2.jpg", b"x" * 50).status == 403


@pytest.mark.parametrize(("left_s", "lives_s"), [(86_400, 300), (301, 300), (300, 300), (60, 60), (1, 1)])
def test_a_link_lives_five_minutes_or_until_the_end_if_that_is_sooner(
    world: LocalCloud, left_s: int, lives_s: int
) -> None:
    store("kept/1.jpg")  # below `alarms/` nobody's picture would be deleted on arrival
    world.trace.clear()
    link = s3.link("kept/1.jpg", until=clock.now() + timedelta(seconds=left_s), content_type=JPEG)
    assert len(world.trace) == 0
    assert world.fetch(link).body == b"0123456789"
    world.advance(lives_s - 1)
    assert world.fetch(link).status == 200
    world.advance(1)
    assert world.fetch(link).status == 403


def test_a_link_opens_one_object_as_an_attachment_of_our_type(world: LocalCloud) -> None:
    store(PREFIX + "1.jpg")
    store(PREFIX + "2.jpg")
    link = s3.link(PREFIX + "1.jpg", until=clock.now() + HOUR, content_type=JPEG)
    answer = world.fetch(link)
    assert answer.headers["Content-Type"] == JPEG
    assert answer.headers["Content-Disposition"] == "attachment"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert world.fetch(link.replace("1.jpg", "2.jpg")).status == 403
    assert world.fetch(link.replace("attachment", "inline")).status == 403
    assert world.fetch(link.partition("?")[0]).status == 403


def test_a_link_bears_any_name(world: LocalCloud) -> None:
    key = PREFIX + "a b+ż%2F~&?.jpg"
    store(key)
    assert world.fetch(s3.link(key, until=clock.now() + HOUR, content_type=JPEG)).status == 200


def test_a_head_is_the_first_bytes_or_nothing(world: LocalCloud) -> None:
    store("a", b"0123456789")
    assert (s3.first_bytes("a", 4), s3.first_bytes("a", 99), s3.first_bytes("b", 4)) == (b"0123", b"0123456789", None)


def test_everything_below_a_prefix_is_listed_and_deleted_a_thousand_at_a_time(world: LocalCloud) -> None:
    for number in range(1001):
        store(f"a/{number:04d}", b"")
    store("b/1")
    world.trace.clear()
    keys = [stored.key for stored in s3.below("a/")]
    assert s3.delete(keys) == 1001
    assert [call.operation for call in world.trace] == [*["ListObjectsV2"] * 2, *["DeleteObjects"] * 2]
    assert [stored.key for stored in s3.below("")] == ["b/1"]
    assert s3.delete(["a/0000"]) == 1  # gone already: no error
    assert s3.delete([]) == 0


def test_a_list_that_has_an_end_asks_for_no_page_behind_it(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client("s3"), "list_objects_v2", partial(client("s3").list_objects_v2, MaxKeys=10))
    names = [f"a/{number:02d}" for number in range(21)]
    for name in names:
        store(name, b"")

    def listed(**how: str) -> tuple[list[str], int]:
        world.trace.clear()
        keys = [stored.key for stored in s3.below("a/", **how)]
        return keys, len(world.trace)

    assert listed(last="a/05") == (names[:6], 1)
    assert listed(after="a/08", last="a/1") == (names[9:20], 2)
    assert listed(last="a/10") == (names[:11], 2)
    assert listed(last="a/9") == listed(last="a/") == listed() == (names, 3)
    assert listed(last="A") == ([], 1)


# Whatever a stranger may call an upload: S3 takes any UTF-8 of at most 1,024 bytes.
STRANGE = [
    "a\x00b", "a\x01b", "\x1f", "a\tb", "a\nb", "a\rb", "a\r\nb", "\ufffe", "a\uffffb", "\x7f\x85\u2028", "\U0001f989",
    "<&>]]>", "a+b c%2Fd%00", "../..//.", "?x=1#y", "]]>" + "ż" * 500, "n" * 1_000,
]  # fmt: skip


def test_a_name_that_cannot_be_said_in_xml_keeps_none_of_its_thousand(world: LocalCloud) -> None:
    names = [*STRANGE, *map(str, range(20))]
    for name in names:
        store(f"a/{name}", b"")
    store("b/\x01")
    keys = [stored.key for stored in s3.below("a/")]
    assert sorted(keys) == sorted(f"a/{name}" for name in names)
    world.trace.clear()
    assert s3.delete(keys) == len(names)
    assert [stored.key for stored in s3.below("")] == ["b/\x01"]
    # What can be said in XML still goes together.
    assert Counter(call.operation for call in world.trace)["DeleteObjects"] == 1


def test_what_s3_refuses_together_goes_one_by_one(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever else it may be that XML does not say."""
    monkeypatch.setattr(s3, "_NOT_IN_XML", re.compile("(?!)"))
    for name in ("1", "\x01", "2"):
        store(f"a/{name}")
    assert s3.delete(["a/1", "a/\x01", "a/2"]) == 3
    assert list(s3.below("")) == []


def test_what_s3_keeps_of_one_page_stops_no_other(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[str] = []

    def delete(keys: list[str]) -> int:
        if "bad" in keys:
            raise s3.NotDeleted
        deleted.extend(keys)
        return len(keys)

    monkeypatch.setattr(s3, "delete", delete)
    with pytest.raises(s3.NotDeleted):
        s3.delete_pages([["1"], ["bad", "2"], ["3"]], until_ticks=clock.ticks_s() + 60)
    assert deleted == ["1", "3"]


SLOW_DOWN = ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "DeleteObjects")


@pytest.mark.parametrize("fault", [ReadTimeoutError(endpoint_url="https://s3"), SLOW_DOWN])
def test_an_answer_that_does_not_come_and_a_refusal_stop_no_other(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    delete_objects = client("s3").delete_objects

    def late(**asked: Any) -> Any:
        if len(asked["Delete"]["Objects"]) == 1000:
            raise fault
        return delete_objects(**asked)

    monkeypatch.setattr(client("s3"), "delete_objects", late)
    store("b")
    with pytest.raises(s3.NotDeleted, match="1000 objects"):
        s3.delete([*(f"a/{number}" for number in range(1000)), "b"])
    assert list(s3.below("b")) == []


def test_the_folders_below_a_prefix_are_each_said_once(world: LocalCloud) -> None:
    for key in ("a/1/x", "a/1/y", "a/2/deep/er", "a/stray", "ab/3/x"):
        store(key)
    assert list(s3.folders("a/")) == ["a/1/", "a/2/"]


def test_lists_are_read_to_their_end(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """moto never cuts the list of uploads."""
    asked: list[dict[str, Any]] = []

    def list_uploads(**asking: Any) -> dict[str, Any]:
        asked.append({name: value for name, value in asking.items() if name != "Bucket"})
        if len(asked) == 2:
            return {"Uploads": [{"Key": "exports/2/b/x", "UploadId": "2"}]}
        one = [{"Key": "exports/1/a/x", "UploadId": "1"}]
        return {"Uploads": one, "IsTruncated": True, "NextKeyMarker": "k", "NextUploadIdMarker": "u"}

    ended: list[str] = []
    monkeypatch.setattr(client("s3"), "list_multipart_uploads", list_uploads)
    monkeypatch.setattr(client("s3"), "abort_multipart_upload", lambda **asking: ended.append(asking["UploadId"]))
    assert s3.abandon("exports/", lambda key: "/b/" in key) == 1
    assert asked == [{"Prefix": "exports/"}, {"Prefix": "exports/", "KeyMarker": "k", "UploadIdMarker": "u"}]
    assert ended == ["2"]


def test_what_s3_keeps_is_said(world: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    class Keeping:
        def delete_objects(self, **asked: Any) -> Any:
            return {"Errors": [{"Key": "a", "Code": "InternalError"}]}

    monkeypatch.setattr(s3, "client", lambda service: Keeping())
    with pytest.raises(s3.NotDeleted):
        s3.delete(["a"])


def test_nothing_in_a_ticket_but_ids_and_conditions(world: LocalCloud) -> None:
    import base64

    policy = json.loads(base64.b64decode(ticket()["fields"]["policy"]))
    named = {name for one in policy["conditions"] for name in (one if isinstance(one, dict) else [one[1]])}
    signing = {"x-amz-algorithm", "x-amz-credential", "x-amz-date"}
    assert {str(name).lower() for name in named} - signing == {"bucket", "$key", "content-type", "10"}


@pytest.mark.parametrize("transport", ["own", "botocore"])
def test_what_is_signed_is_signed_with_the_same_credentials_whoever_finds_them(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setitem(vars(settings), "aws_transport", transport)
    store("kept/1.jpg")
    assert world.fetch(s3.link("kept/1.jpg", until=clock.now() + HOUR, content_type=JPEG)).status == 200
    assert world.upload(ticket(), "1.jpg", b"x" * 50).status == 204
