"""TTL and lifecycle: AWS's own late deletion of items past their TTL and objects past a lifecycle rule."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from moto.core.utils import utcnow
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.dynamo_type import Item
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeBucket, FakeMultipart, LifecycleRule, s3_backends

from .writes import Change, apply

Lag = timedelta | float | None
Moment = datetime | float

# DynamoDB takes a time this long past for a mistake, and leaves the item.
_TOO_OLD_SECONDS = 5 * 365 * 24 * 3600

_motos_multipart = FakeMultipart.__init__


def delete_expired(now: Moment, lag: Lag, carry_out: Callable[[Change], None] = apply) -> int:
    """Delete expired items; their number. A lag of None means never."""
    if lag is None:
        return 0
    deadline = _seconds(now) - _lag_seconds(lag)
    gone = 0
    for table in list(_tables()):
        for item in _expired(table, deadline):
            _reap(table, item, carry_out)
            gone += 1
    return gone


def apply_lifecycle(now: Moment, lag: Lag) -> int:
    """Delete expired objects and unfinished uploads; their number."""
    if lag is None:
        return 0
    deadline = datetime.fromtimestamp(_seconds(now) - _lag_seconds(lag), UTC)
    return sum(_reap_bucket(bucket, deadline) for bucket in list(_buckets()))


def midnight_after(moment: datetime, days: int) -> datetime:
    """S3 adds the days and rounds up to the next midnight UTC: up to a day longer than the rule says."""
    due = moment.replace(tzinfo=UTC) + timedelta(days=days)
    return datetime.combine(due.date() + timedelta(days=1), time(), UTC)


def _tables() -> Iterator[Table]:
    for _, _, backend in dynamodb_backends.iter_backends():
        yield from backend.tables.values()  # type: ignore[attr-defined]


def _expired(table: Table, deadline: float) -> list[Item]:
    if table.ttl["TimeToLiveStatus"] != "ENABLED":
        return []
    name = table.ttl["AttributeName"]
    oldest, newest = Decimal(deadline - _TOO_OLD_SECONDS), Decimal(deadline)
    # Only a number is a time; a string of digits is left, as DynamoDB leaves it.
    due = [item for item in table.all_items() if name in item.attrs and item.attrs[name].type == "N"]
    return [item for item in due if oldest <= Decimal(item.attrs[name].value) <= newest]


def _reap(table: Table, item: Item, carry_out: Callable[[Change], None]) -> None:
    carry_out(Change(table, item.hash_key, item.range_key, item, None))
    if table.stream_shard is not None:
        record = table.stream_shard.items[-1].record
        record["userIdentity"] = {"Type": "Service", "PrincipalId": "dynamodb.amazonaws.com"}


def _buckets() -> Iterator[FakeBucket]:
    for _, _, backend in s3_backends.iter_backends():
        yield from backend.buckets.values()  # type: ignore[attr-defined]


def _reap_bucket(bucket: FakeBucket, deadline: datetime) -> int:
    rules = [rule for rule in bucket.rules if rule.status == "Enabled"]
    if rules and bucket.is_versioned:
        raise NotImplementedError(f"{bucket.name}: lifecycle rules of versioned buckets are not played")
    return sum(_expire(bucket, rule, deadline) + _abort(bucket, rule, deadline) for rule in rules)


def _expire(bucket: FakeBucket, rule: LifecycleRule, deadline: datetime) -> int:
    if rule.expiration_date or rule.transitions:
        raise NotImplementedError(f"{bucket.name}: only rules that count days until expiry are played")
    if not rule.expiration_days:
        return 0
    days, prefix = int(rule.expiration_days), _prefix(rule)
    names = [name for name in bucket.keys if name.startswith(prefix)]
    due = [name for name in names if midnight_after(bucket.keys[name].last_modified, days) <= deadline]
    for name in due:
        # Not through delete_object(): S3 tells of this as LifecycleExpiration, never as ObjectRemoved.
        bucket.keys.pop(name)
    return len(due)


def _abort(bucket: FakeBucket, rule: LifecycleRule, deadline: datetime) -> int:
    if not rule.aimu_days:
        return 0
    days, prefix = int(rule.aimu_days), _prefix(rule)
    uploads: list[tuple[str, Any]] = list(bucket.multiparts.items())
    ours = [(upload_id, upload) for upload_id, upload in uploads if upload.key_name.startswith(prefix)]
    due = [upload_id for upload_id, upload in ours if midnight_after(upload.initiated, days) <= deadline]
    for upload_id in due:
        del bucket.multiparts[upload_id]
    return len(due)


def _prefix(rule: LifecycleRule) -> str:
    chosen = rule.filter
    if chosen is None:
        return rule.prefix or ""
    if chosen.tag_key or chosen.and_filter:
        raise NotImplementedError("lifecycle rules that look at tags are not played")
    return chosen.prefix or ""


def multipart_with_start(self: FakeMultipart, *args: Any, **kwargs: Any) -> None:
    """moto forgets when an upload was begun."""
    _motos_multipart(self, *args, **kwargs)
    self.initiated = utcnow()  # type: ignore[attr-defined]


def _seconds(moment: Moment) -> float:
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return float(moment)


def _lag_seconds(lag: timedelta | float) -> float:
    return lag.total_seconds() if isinstance(lag, timedelta) else float(lag)
