"""What AWS deletes by itself goes when it is due and not before, and the stream says who did it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from .. import StrictAWS
from ..ttl_and_lifecycle import midnight_after
from .scene import REGION, client, key, make_table, read, stream_records

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def put_until(pk: str, moment: datetime) -> None:
    item = {**key(pk), "expires_at": {"N": str(int(moment.timestamp()))}}
    client("dynamodb").put_item(TableName="Things", Item=item)


def test_items_past_their_time_go_and_the_stream_says_it_was_dynamodb(strict_or_bare: Any) -> None:
    make_table(stream=True, ttl=True)
    put_until("due", NOON)
    put_until("not due", NOON + timedelta(seconds=1))
    strict_or_bare.delete_expired(NOON, 0)
    assert read("due") is None and read("not due") is not None
    removed = stream_records()[-1]
    assert removed["eventName"] == "REMOVE" and removed["dynamodb"]["OldImage"]["pk"] == {"S": "due"}
    assert removed["userIdentity"] == {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def test_an_item_removed_by_hand_bears_no_name_in_the_stream(strict_aws: StrictAWS) -> None:
    dynamodb = make_table(stream=True)
    dynamodb.put_item(TableName="Things", Item=key("a"))
    dynamodb.delete_item(TableName="Things", Key=key("a"))
    assert "userIdentity" not in stream_records()[-1]


@pytest.mark.parametrize(("lag", "gone"), [(0, 2), (timedelta(hours=48), 1), (None, 0)])
def test_the_reaper_comes_as_late_as_it_is_told(strict_aws: StrictAWS, lag: Any, gone: int) -> None:
    make_table(ttl=True)
    put_until("just due", NOON)
    put_until("due two days ago", NOON - 2 * DAY)
    assert strict_aws.delete_expired(NOON, lag) == gone


def test_only_a_number_in_the_named_attribute_is_a_time(strict_aws: StrictAWS) -> None:
    dynamodb = make_table(ttl=True)
    dynamodb.put_item(TableName="Things", Item={**key("text"), "expires_at": {"S": "1"}})
    dynamodb.put_item(TableName="Things", Item={**key("none"), "expired": {"N": "1"}})
    put_until("a mistake: six years past", NOON - 6 * 365 * DAY)
    assert strict_aws.delete_expired(NOON, 0) == 0


def test_a_table_without_ttl_is_left_alone(strict_aws: StrictAWS) -> None:
    make_table()
    put_until("due", NOON)
    assert strict_aws.delete_expired(NOON, 0) == 0


def make_bucket(*rules: dict[str, Any]) -> Any:
    s3 = client("s3")
    s3.create_bucket(Bucket="media", CreateBucketConfiguration={"LocationConstraint": REGION})
    configuration = {"Rules": [{"Status": "Enabled", **rule} for rule in rules]}
    s3.put_bucket_lifecycle_configuration(Bucket="media", LifecycleConfiguration=configuration)
    return s3


def names() -> list[str]:
    return [found["Key"] for found in client("s3").list_objects_v2(Bucket="media").get("Contents", [])]


ALARMS = {"ID": "alarms", "Filter": {"Prefix": "alarms/"}, "Expiration": {"Days": 7}}
UNFINISHED = {
    "ID": "unfinished",
    "Filter": {"Prefix": ""},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
}


def test_objects_go_at_the_midnight_after_their_days(strict_or_bare: Any, clock: Any) -> None:
    s3 = make_bucket(ALARMS)
    s3.put_object(Bucket="media", Key="alarms/1", Body=b"1")
    s3.put_object(Bucket="media", Key="recordings/1", Body=b"1")
    midnight = datetime(2025, 6, 9, tzinfo=UTC)
    strict_or_bare.apply_lifecycle(midnight - timedelta(seconds=1), 0)
    assert names() == ["alarms/1", "recordings/1"]
    strict_or_bare.apply_lifecycle(midnight, 0)
    assert names() == ["recordings/1"]


def test_each_class_below_a_name_goes_after_its_own_days(strict_or_bare: Any, clock: Any) -> None:
    films = {days: f"films/{days}/20250601/d/1" for days in (3, 7, 30)}
    s3 = make_bucket(
        *({"ID": str(days), "Filter": {"Prefix": f"films/{days}/"}, "Expiration": {"Days": days}} for days in films)
    )
    for name in films.values():
        s3.put_object(Bucket="media", Key=name, Body=b"1")
    for days, left in ((4, [30, 7]), (8, [30]), (31, [])):
        strict_or_bare.apply_lifecycle(NOON + days * DAY, 0)
        assert names() == [films[one] for one in left]


@pytest.mark.parametrize(("lag", "gone"), [(0, 1), (DAY, 0), (None, 0)])
def test_this_reaper_too_comes_as_late_as_it_is_told(strict_aws: StrictAWS, clock: Any, lag: Any, gone: int) -> None:
    make_bucket(ALARMS).put_object(Bucket="media", Key="alarms/1", Body=b"1")
    assert strict_aws.apply_lifecycle(datetime(2025, 6, 9, tzinfo=UTC), lag) == gone


def test_a_new_version_of_an_object_begins_its_days_anew(strict_aws: StrictAWS, clock: Any) -> None:
    s3 = make_bucket(ALARMS)
    s3.put_object(Bucket="media", Key="alarms/1", Body=b"1")
    clock.shift(5 * DAY)
    s3.put_object(Bucket="media", Key="alarms/1", Body=b"2")
    assert strict_aws.apply_lifecycle(NOON + 10 * DAY, 0) == 0
    assert strict_aws.apply_lifecycle(NOON + 13 * DAY, 0) == 1


def test_unfinished_uploads_are_aborted(strict_or_bare: Any, clock: Any) -> None:
    s3 = make_bucket(ALARMS, UNFINISHED)
    s3.create_multipart_upload(Bucket="media", Key="alarms/1")
    strict_or_bare.apply_lifecycle(NOON + DAY, 0)
    assert len(s3.list_multipart_uploads(Bucket="media").get("Uploads", [])) == 1
    strict_or_bare.apply_lifecycle(datetime(2025, 6, 3, tzinfo=UTC), 0)
    assert s3.list_multipart_uploads(Bucket="media").get("Uploads", []) == []


def test_a_rule_that_is_switched_off_deletes_nothing(strict_aws: StrictAWS, clock: Any) -> None:
    make_bucket({**ALARMS, "Status": "Disabled"}).put_object(Bucket="media", Key="alarms/1", Body=b"1")
    assert strict_aws.apply_lifecycle(NOON + 30 * DAY, 0) == 0


def test_rules_that_are_not_played_are_refused_not_ignored(strict_aws: StrictAWS, clock: Any) -> None:
    by_tag = {"ID": "tag", "Filter": {"Tag": {"Key": "a", "Value": "b"}}, "Expiration": {"Days": 1}}
    make_bucket(by_tag).put_object(Bucket="media", Key="alarms/1", Body=b"1")
    with pytest.raises(NotImplementedError):
        strict_aws.apply_lifecycle(NOON, 0)


@pytest.mark.parametrize(
    ("moment", "days", "due"),
    [
        ("2014-01-15T10:30:00", 3, "2014-01-19T00:00:00+00:00"),  # AWS's own example
        ("2025-06-01T00:00:00", 1, "2025-06-03T00:00:00+00:00"),
        ("2025-06-01T23:59:59", 1, "2025-06-03T00:00:00+00:00"),
    ],
)
def test_days_are_rounded_up_to_the_next_midnight(moment: str, days: int, due: str) -> None:
    assert midnight_after(datetime.fromisoformat(moment), days).isoformat() == due


def test_reaped_objects_cannot_be_read(strict_aws: StrictAWS, clock: Any) -> None:
    s3 = make_bucket(ALARMS)
    s3.put_object(Bucket="media", Key="alarms/1", Body=b"1")
    strict_aws.apply_lifecycle(NOON + 9 * DAY, 0)
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket="media", Key="alarms/1")
