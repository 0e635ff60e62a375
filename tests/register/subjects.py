"""Subjects of any size: an account, what hangs below it, and their rows and pictures, written as they lie there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.access.records import Ownership
from chalicelib.alarms.records import PICTURES, Alarm
from chalicelib.aws.clients import client
from chalicelib.register import erasures, upload_hours
from chalicelib.settings import settings
from chalicelib.store import crypto
from chalicelib.store.commit import commit

A_BATCH = 25


def tie(parent_id: str, child_id: str) -> Ownership:
    """The row that names a device of an account, whatever their ids."""
    return Ownership.new(parent_id, child_id, subject=f"device#{child_id}")


def alarms(device_id: str, count: int, since: datetime, *, in_an_hour: int = 600) -> list[dict[str, Any]]:
    """Rows of alarms with pictures, and of the hours in which they had tickets, as DynamoDB has them."""
    found = []
    for number in range(count):
        at = since + timedelta(seconds=number * 3600 / in_an_hour)
        picture = f"{PICTURES.of(at, device_id)}1/{number:06d}.jpg"
        alarm_id = f"{at:%Y%m%dT%H%M%SZ}-{number:06d}"
        found.append(
            Alarm.new(device_id, alarm_id, at=1, arrived_at=1, channel="1", type="motion", picture=picture).serialize()
        )
    stamps = sorted({PICTURES.stamp_of(row["picture"]["S"]) for row in found})
    return found + [upload_hours.row_of(PICTURES, device_id, stamp).serialize() for stamp in stamps]


def pictures_of(items: Iterable[dict[str, Any]]) -> list[str]:
    return [item["picture"]["S"] for item in items if "picture" in item]


def write(items: Iterable[dict[str, Any]]) -> None:
    """Into the main table, as they are."""
    waiting = iter(items)
    while batch := list(islice(waiting, A_BATCH)):
        requests = [{"PutRequest": {"Item": item}} for item in batch]
        client("dynamodb").batch_write_item(RequestItems={settings.items_table: requests})


def begun(*subjects: tuple[str, str]) -> str:
    """The hashed id of an erasure that has begun."""
    erasure_id, writes = erasures.begin(*subjects)
    commit(*writes)
    return crypto.plain_hash(erasure_id)


def counts(hashed: str) -> tuple[int, int, int]:
    """Items, objects and endpoints deleted, of all subjects of an erasure."""
    found = {row.subject: row.counts for row in erasures.erased_subjects(hashed)}
    found |= {row.subject: row.counts for row in erasures.open_subjects(hashed)}
    items, objects, endpoints = (
        sum(one[name] for one in found.values()) for name in ("items", "objects", "endpoints")
    )
    return items, objects, endpoints
