"""The dump shows everything that is stored, so that nothing hides from a search."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from boto3.dynamodb.types import TypeSerializer

from infra.local.cloud import LocalCloud
from tests.infra.toycloud import house


def _put(**attributes: Any) -> None:
    serialised = TypeSerializer().serialize(attributes)["M"]
    house.put("a", **serialised)


def test_everything_has_its_place_and_is_json(cloud: LocalCloud) -> None:
    world = cloud.dump()
    assert set(world) == {
        "tables", "buckets", "uploads", "queues", "streams", "unsent", "endpoints", "identities", "logs",
    }  # fmt: skip
    assert json.loads(json.dumps(world)) == world


def test_items_are_shown_as_what_they_mean(cloud: LocalCloud) -> None:
    _put(
        text="ą", number=Decimal(3), fraction=Decimal("-0.5"), raw=b"\x00\xff", yes=True, nothing=None,
        deep={"list": [1, b"\xfe", {"x": "y"}]}, words={"a"}, numbers={Decimal(1)}, raws={b"\xfd"},
    )  # fmt: skip
    [[item]] = cloud.dump()["tables"].values()
    assert item == {
        "pk": "a", "sk": "-", "text": "ą", "number": 3, "fraction": -0.5, "raw": "\x00\xff", "yes": True,
        "nothing": None, "deep": {"list": [1, "\xfe", {"x": "y"}]}, "words": ["a"], "numbers": [1], "raws": ["\xfd"],
    }  # fmt: skip


def test_what_is_done_to_a_dump_is_not_done_to_the_next(cloud: LocalCloud) -> None:
    _put(text="ą")
    first = cloud.dump()
    for shown in (first["tables"], first["streams"]):
        [[one]] = shown.values()
        one.clear()
    second = cloud.dump()
    [[item]], [[record]] = second["tables"].values(), second["streams"].values()
    assert (item["text"], record["NewImage"]["text"]) == ("ą", "ą")
    _put(text="ę")
    [[item]] = cloud.dump()["tables"].values()
    assert item["text"] == "ę"


def test_streams_show_both_images(cloud: LocalCloud) -> None:
    _put(raw=b"\xff1")
    _put(raw=b"\xff2")
    [[came, changed]] = cloud.dump()["streams"].values()
    assert (came["eventName"], changed["eventName"]) == ("INSERT", "MODIFY")
    assert changed["Keys"] == {"pk": "a", "sk": "-"}
    assert (changed["OldImage"]["raw"], changed["NewImage"]["raw"]) == ("\xff1", "\xff2")
    assert changed["at"] == "2026-01-05T08:00:00Z"


def test_objects_are_shown_with_bytes_and_what_is_said_of_them(cloud: LocalCloud) -> None:
    house.client("s3").put_object(
        Bucket="toy-media", Key="k", Body=b"\xff\xd8jpeg", ContentType="image/jpeg", Metadata={"owner": "x"}
    )
    [stored] = cloud.dump()["buckets"]["toy-media"]
    assert stored["key"] == "k"
    assert stored["body"].encode("latin-1") == b"\xff\xd8jpeg"
    assert stored["content_type"] == "image/jpeg"
    assert "x" in stored["metadata"].values()
    assert stored["last_modified"] == "2026-01-05T08:00:00Z"


def test_a_deleted_object_is_not_there(cloud: LocalCloud) -> None:
    house.client("s3").put_object(Bucket="toy-media", Key="k", Body=b"gone")
    house.client("s3").delete_object(Bucket="toy-media", Key="k")
    assert cloud.dump()["buckets"] == {"toy-media": []}


def test_uploads_in_progress_are_stored_things_too(cloud: LocalCloud) -> None:
    s3 = house.client("s3")
    upload = s3.create_multipart_upload(Bucket="toy-media", Key="k", Metadata={"owner": "x"})["UploadId"]
    s3.upload_part(Bucket="toy-media", Key="k", UploadId=upload, PartNumber=1, Body=b"\xffpart")
    [shown] = cloud.dump()["uploads"]
    assert (shown["bucket"], shown["key"], shown["parts"]) == ("toy-media", "k", ["\xffpart"])
    s3.abort_multipart_upload(Bucket="toy-media", Key="k", UploadId=upload)
    assert cloud.dump()["uploads"] == []


def test_messages_are_shown_where_they_are(cloud: LocalCloud) -> None:
    house.failing.add("failed")
    sqs, url = house.client("sqs"), cloud.stack.physical("Orders")
    sqs.send_message(QueueUrl=url, MessageBody="failed")
    sqs.send_message(
        QueueUrl=url,
        MessageBody="later",
        DelaySeconds=60,
        MessageAttributes={"raw": {"DataType": "Binary", "BinaryValue": b"\xff"}},
    )
    world = cloud.dump()
    orders, dead = "sowa-local-Orders", "sowa-local-DeadLetters"
    assert [one["body"] for one in world["queues"][orders]] == ["later"]
    assert [one["body"] for one in world["queues"][dead]] == ["failed"]
    [unsent] = world["unsent"]
    assert (unsent["queue"], unsent["body"], unsent["attributes"]) == (orders, "later", {"raw": "\xff"})


def test_push_endpoints_and_mail_identities_are_stored_things(cloud: LocalCloud) -> None:
    house.client("sns").create_platform_endpoint(
        PlatformApplicationArn=house.os.environ["FCM_APPLICATION_ARN"], Token="token-1", CustomUserData="of Ala"
    )
    world = cloud.dump()
    [endpoint] = world["endpoints"]
    assert endpoint["arn"].startswith("arn:aws:sns:eu-central-1:")
    assert (endpoint["attributes"]["Token"], endpoint["attributes"]["CustomUserData"]) == ("token-1", "of Ala")
    assert world["identities"] == ["sowa.example"]


def test_logs_are_shown_and_pending_events_have_finished(cloud: LocalCloud) -> None:
    cloud.call("POST", "/print")
    house.put("a")
    assert cloud.dump()["logs"] == ["a word from the view"]
    assert len(house.told) == 1


def test_the_outbox_is_the_outside_world(cloud: LocalCloud) -> None:
    house.client("sns").publish(PhoneNumber="+48600100200", Message="canary-in-a-message")
    assert "canary-in-a-message" not in json.dumps(cloud.dump())
    assert "canary-in-a-message" in json.dumps(cloud.outbox())
