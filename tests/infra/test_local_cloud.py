"""The local cloud is one world: everything of it comes with it, goes back with it, and goes away with it."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.config import Config

from chalicelib import ids
from infra.local.cloud import LocalCloud
from infra.strict_moto import LOST_REPLY
from tests.infra import toycloud
from tests.infra.toycloud import house


def _s3() -> Any:
    return boto3.client("s3", config=Config(signature_version="s3v4"))


def _ticket(**more: Any) -> dict[str, Any]:
    conditions = [{"Content-Type": "image/jpeg"}, ["content-length-range", 3, 9]]
    fields = {"Content-Type": "image/jpeg"}
    post = _s3().generate_presigned_post("toy-media", "pictures/x/${filename}", fields, conditions, ExpiresIn=60)
    return {"url": os.environ["MEDIA_URL"], "fields": post["fields"], "key_prefix": "pictures/x/", **more}


def test_the_app_is_told_what_lambda_would_tell_it(cloud: LocalCloud) -> None:
    told = {name: os.environ[name] for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "ITEMS_TABLE", "MEDIA_URL")}
    assert told == {
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "ITEMS_TABLE": "sowa-local-Items",
        "MEDIA_URL": "http://127.0.0.1:8001/toy-media",
    }
    assert os.environ["AWS_ACCESS_KEY_ID"].startswith("AKIA")


def test_a_call_goes_through_the_gateway(cloud: LocalCloud) -> None:
    response = cloud.call("PUT", "/things/a")
    assert (response.status, response.json) == (200, {"thing": "a"})
    assert cloud.call("GET", "/nowhere").status == 404


def test_a_call_says_who_calls_and_sends_what_it_is_given(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(cloud.gateway, "handle", seen.append)
    cloud.call("POST", "/x?a=1", {"n": 1}, token="t", headers={"Accept-Language": "pl"})
    cloud.call("POST", "/x", raw=b"raw", query={"q": ["1", "2"]})
    first, second = seen
    assert dict(first.headers)["Authorization"] == "Bearer t"
    assert dict(first.headers)["Accept-Language"] == "pl"
    assert (first.body, first.query) == (b'{"n": 1}', "a=1")
    assert (second.body, second.query) == (b"raw", "q=1&q=2")


def test_an_upload_passes_the_guard_and_is_told_to_the_queue(cloud: LocalCloud) -> None:
    assert cloud.upload(_ticket(), "1/a.jpg", b"jpeg").status == 204
    [stored] = cloud.dump()["buckets"]["toy-media"]
    assert (stored["key"], stored["body"], stored["content_type"]) == ("pictures/x/1/a.jpg", "jpeg", "image/jpeg")
    assert len(house.told) == 1


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"too large for it", {}),
        (b"jpeg", {"key": "elsewhere/a.jpg"}),
        (b"jpeg", {"Content-Type": "text/html"}),
        (b"jpeg", {"policy": None}),
        (b"jpeg", {"x-amz-signature": "0" * 64}),
        (b"jpeg", {"x-amz-meta-owner": "somebody"}),
    ],
)
def test_an_upload_that_its_ticket_does_not_allow_is_refused(cloud: LocalCloud, data: bytes, wrong: Any) -> None:
    assert cloud.upload(_ticket(), "a.jpg", data, **wrong).status in (400, 403)
    assert cloud.dump()["buckets"]["toy-media"] == []


def test_a_ticket_ends(cloud: LocalCloud) -> None:
    ticket = _ticket()
    cloud.advance(60)
    assert cloud.upload(ticket, "a.jpg", b"jpeg").status == 403


def test_a_presigned_address_gives_its_object_until_it_ends(cloud: LocalCloud) -> None:
    _s3().put_object(Bucket="toy-media", Key="k ą", Body=b"\xff\xd8", ContentType="image/jpeg")
    url = _s3().generate_presigned_url("get_object", {"Bucket": "toy-media", "Key": "k ą"}, ExpiresIn=60)
    response = cloud.fetch(url)
    assert (response.status, response.body, response.headers["Content-Type"]) == (200, b"\xff\xd8", "image/jpeg")
    assert cloud.fetch(url + "0").status == 403
    cloud.advance(60)
    assert cloud.fetch(url).status == 403


def test_what_the_world_does_to_s3_is_not_the_apps_call(cloud: LocalCloud) -> None:
    ticket = _ticket()
    cloud.trace.clear()
    cloud.faults.fail(1, LOST_REPLY)
    cloud.upload(ticket, "a.jpg", b"jpeg")
    assert cloud.trace.names() == []
    cloud.call("PUT", "/things/a")
    assert cloud.trace.names() == ["dynamodb.PutItem"]
    assert cloud.faults.fired[0].call.name == "dynamodb.PutItem"


def test_an_operation_is_invoked_as_lambda_invokes_it(cloud: LocalCloud) -> None:
    assert cloud.invoke("greet", {"name": "Ala"}) == {"greeting": "hello Ala", "by": "greet"}
    with pytest.raises(house.AlreadyGreeted):
        cloud.invoke("greet", {"again": True})
    with pytest.raises(KeyError):
        cloud.invoke("nobody", {})


def test_going_back_takes_everything_back(cloud: LocalCloud) -> None:
    house.put("kept")
    cloud.call("POST", "/print")
    _s3().put_object(Bucket="toy-media", Key="pictures/kept", Body=b"bytes")
    cloud.settle()
    before, world = cloud.snapshot(), cloud.dump()
    drawn = ids.new_id(), cloud.functions.new_id()

    cloud.call("POST", "/print")
    house.client("sns").publish(PhoneNumber="+48600100200", Message="undone")
    house.client("sqs").send_message(QueueUrl=cloud.stack.physical("Orders"), MessageBody="undone")
    _s3().put_object(Bucket="toy-media", Key="pictures/kept", Body=b"changed")
    cloud.advance(40 * 86_400, reaper_lag_seconds=None)
    assert cloud.dump() != world

    for _ in range(2):  # a snapshot is not used up
        cloud.restore(before)
        assert cloud.dump() == world
        assert cloud.outbox() == []
        assert (ids.new_id(), cloud.functions.new_id()) == drawn
        assert cloud.calendar.lag == 0
        assert cloud.trace.names() == []
        assert cloud.failures == []


def test_after_going_back_events_are_brought_as_before(cloud: LocalCloud) -> None:
    house.put("a")
    before = cloud.snapshot()
    for _ in range(2):
        cloud.restore(before)
        house.forget()
        cloud.settle()
        assert len(house.told) == 1
        cloud.settle()
        assert len(house.told) == 1


def test_going_back_takes_milliseconds_of_work(cloud: LocalCloud) -> None:
    for number in range(200):
        house.put(str(number))
    before = cloud.snapshot()
    began = time.process_time()
    for _ in range(20):
        cloud.restore(before)
    assert (time.process_time() - began) / 20 < 0.05


def test_a_seed_makes_the_same_world_again(cloud: LocalCloud) -> None:
    def play() -> Any:
        with toycloud.start(seed=7) as other:
            other.call("PUT", "/things/a")
            other.advance(3_600)
            return other.dump(), ids.new_id(), other.call("PUT", "/things/b").headers["x-amzn-RequestId"]

    assert play() == play()


def test_without_a_seed_time_and_ids_are_real(cloud: LocalCloud) -> None:
    with LocalCloud.set_aside():
        real = datetime.now(UTC)
    with toycloud.start(seed=None) as other:
        assert abs(other.now() - real) < timedelta(minutes=1)
        assert ids.new_id() != ids.new_id()
        before, until = time.time(), time.monotonic() + 5
        while time.time() == before and time.monotonic() < until:
            pass
        assert time.time() > before


def test_a_world_begins_when_it_is_told_to(cloud: LocalCloud) -> None:
    at = datetime(2030, 1, 1, tzinfo=UTC)
    with toycloud.start(at=at) as other:
        assert other.now() == at


def test_another_cloud_puts_this_one_aside_and_gives_it_back(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_TOLD_LATER", "as Chalice does at its import")
    house.put("mine")
    cloud.settle()
    world, environment = cloud.dump(), dict(os.environ)
    drawn = ids._source.__self__.getstate()  # type: ignore[attr-defined]
    with toycloud.start(seed=9, public_url="http://other.example") as other:
        assert list(other.dump()["tables"].values()) == [[]]
        house.put("theirs")
        other.advance(86_400)
    assert cloud.dump() == world
    assert dict(os.environ) == environment
    assert ids._source.__self__.getstate() == drawn  # type: ignore[attr-defined]
    assert cloud.call("PUT", "/things/a").status == 200


def test_set_aside_nothing_of_a_cloud_is_left(cloud: LocalCloud) -> None:
    cloud.advance(86_400)
    with LocalCloud.set_aside():
        assert "ITEMS_TABLE" not in os.environ
        assert os.environ.get("AWS_ACCESS_KEY_ID", "") != "AKIALOCALCLOUDSOWA00"
        assert abs(time.time() - time.clock_gettime(time.CLOCK_REALTIME)) < 60
        assert "_Tee" not in type(sys.stdout).__name__
    assert os.environ["ITEMS_TABLE"] == "sowa-local-Items"


def test_a_cloud_that_cannot_start_leaves_nothing_behind(cloud: LocalCloud) -> None:
    with pytest.raises(ModuleNotFoundError):
        LocalCloud.start(app_module="no.such.app", templates=[toycloud.RESOURCES])
    assert cloud.call("PUT", "/things/a").status == 200
