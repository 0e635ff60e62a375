"""Two of our listeners as a good engineer would write them by hand, in one file, with boto3: what ours stand beside.

They do what ours do: the same AWS calls with the same items, forms and messages, the same checks, the same answer to
Lambda and the same lines of log. The choices are those of raw.py: one client a service, made at import; boto3's own
retries, validation and parsing; `TypeDeserializer` for what is read; nothing that these batches do not need. So what
somebody asked a camera for (`snapshot`), and a picture whose clock is wrong, are not taken here, and of the kinds of
records that a stream tells of only those stand here that people's days are full of.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PATIENT = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
ITEMS, KEYS, BUCKET = os.environ["ITEMS_TABLE"], os.environ["KEYS_TABLE"], os.environ["MEDIA_BUCKET"]

dynamodb = boto3.client("dynamodb", config=PATIENT)
s3 = boto3.client("s3", config=PATIENT.merge(Config(signature_version="s3v4")))
sns = boto3.client("sns", config=PATIENT)
sqs = boto3.client("sqs", config=PATIENT)
deserialize = TypeDeserializer().deserialize
remembered: dict[str, Any] = {}


def plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: deserialize(value) for name, value in item.items()}


def as_text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def logged(door: str, work: Callable[[], dict[str, Any] | None]) -> bool:
    """Do a piece of work and write its line; whether it went well."""
    started, line = time.perf_counter(), {"level": "INFO", "timestamp": datetime.now(UTC).isoformat(), "door": door}
    try:
        line |= work() or {}
        return True
    except Exception as fault:
        frames = traceback.extract_tb(fault.__traceback__)[-6:]
        at = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        line |= {"level": "ERROR", "fault": type(fault).__name__, "at": at}  # type: ignore[dict-item]
        return False
    finally:
        print(json.dumps({**line, "latency_ms": round((time.perf_counter() - started) * 1000, 3)}))


# ── Pictures that arrived ────────────────────────────────────────────────────────────────────────────────────────────

NAME = re.compile(
    r"(?:[a-z2-7]{26}/)?(?P<channel>[A-Za-z0-9_-]{1,32})/"
    r"(?P<stamp>[0-9]{8}T[0-9]{6}Z)-(?P<type>[a-z_]{1,32})-[A-Za-z0-9_-]{1,64}\.jpg"
)
TYPES = ("motion", "person", "sound", "offline", "tamper", "doorbell", "battery_low")
WEEK, SEEN_EVERY, LATE, LATE_TOLD_EVERY = 7 * 86_400, 60, 300, 600
PARTS_BYTES = (72 * 1024, 512 * 1024, 4 * 1024 * 1024)
FRAMES = (0xC0, 0xC1, 0xC2, 0xC9, 0xCA)
PASSED_OVER = {0xC4, 0xCC, 0xDB, 0xDC, 0xDD, *range(0xE0, 0xF0), 0xFE}


class NotTaken(Exception):
    pass


def pictures(event: dict[str, Any], context: Any) -> dict[str, Any]:
    told, failed = {}, []
    for record in event["Records"]:
        try:
            told[record["messageId"]] = arrivals(record)
        except (KeyError, TypeError, ValueError):
            failed.append(record["messageId"])
    devices, targets = recipients({one["device_id"] for some in told.values() for one in some})
    for message_id, some in told.items():
        if not logged("on_picture_uploaded", partial(taken, some, devices, targets)):
            failed.append(message_id)
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


def arrivals(record: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.loads(record["body"])
    found = []
    for one in body.get("requestPayload", body).get("Records", []):
        key = unquote_plus(one["s3"]["object"]["key"])
        _, stamp, device_id, name = key.split("/", 3)
        arrived = int(datetime.fromisoformat(one["eventTime"]).timestamp())
        found.append({"key": key, "stamp": stamp, "device_id": device_id, "name": name, "arrived": arrived})
    return found


def recipients(device_ids: set[str]) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """The devices that are alive, and the push targets of their owners and guests; one consistent read or two."""
    owners = {device_id[:26] for device_id in device_ids}
    found = read(
        [
            *((f"device#{device_id}", "device") for device_id in device_ids),
            *((f"account#{owner}", "audience") for owner in owners),
        ],
        [f"key#{owner}" for owner in owners],
    )
    devices = {
        device_id: found[f"device#{device_id}", "device"]
        for device_id in device_ids
        if (f"device#{device_id}", "device") in found and (f"key#{device_id[:26]}", None) in found
    }
    guests = {guest for device in devices.values() for guest in guests_of(device)} - owners
    if guests:
        found |= read([(f"account#{guest}", "audience") for guest in guests], [f"key#{guest}" for guest in guests])
    targets = {
        account_id: sorted(found.get((f"account#{account_id}", "audience"), {}).get("targets", ()))
        for account_id in owners | guests
        if (f"key#{account_id}", None) in found
    }
    return devices, targets


def guests_of(device: dict[str, Any], channel: str | None = None) -> Iterator[str]:
    now = time.time()
    for text in device.get("grants", ()):
        _, guest_id, rights, channels, *ends = json.loads(text)
        is_over = any(end is not None and end <= now for end in ends)
        is_seen = channel is None or channels is None or channel in channels
        if guest_id is not None and "alarms" in rights and is_seen and not is_over:
            yield guest_id


def read(items: list[tuple[str, str]], keys: list[str]) -> dict[tuple[str, str | None], dict[str, Any]]:
    require_service()
    wanted: dict[str, Any] = {
        ITEMS: {"Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in items], "ConsistentRead": True},
        KEYS: {"Keys": [{"pk": {"S": pk}} for pk in keys], "ConsistentRead": True},
    }
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for _ in range(5):
        answer = dynamodb.batch_get_item(RequestItems=wanted)
        for rows in answer["Responses"].values():
            found |= {
                (row["pk"], row.get("sk")): row
                for row in map(plain, rows)
                if "expires_at" not in row or time.time() < row["expires_at"]
            }
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
        time.sleep(0.05)
    raise TimeoutError


def require_service() -> None:
    if "service" not in remembered:
        where = {"pk": {"S": "service"}, "sk": {"S": "service"}}
        stored = dynamodb.get_item(TableName=ITEMS, Key=where, ConsistentRead=True)["Item"]
        if stored["table"]["S"] != ITEMS:
            raise NotTaken("closed")
        remembered["service"] = True


def taken(
    some: list[dict[str, Any]], devices: dict[str, dict[str, Any]], targets: dict[str, list[str]]
) -> dict[str, Any] | None:
    refused = []
    for arrival in some:
        device = devices.get(arrival["device_id"])
        try:
            if device is None or arrival["stamp"] <= device.get("uploads_over_in", ""):
                raise NotTaken("nobody_owns" if device is None else "too_many")
            note_seen(device, arrival["arrived"])
            take(arrival, device, targets)
        except NotTaken as why:
            s3.delete_object(Bucket=BUCKET, Key=arrival["key"])
            upload = as_text(hashlib.sha256(arrival["key"].encode()).digest())[:16]
            refused.append({"upload": upload, "device_id": arrival["device_id"], "reason": str(why)})
    return {"refused": refused} if refused else None


def note_seen(device: dict[str, Any], arrived: int) -> None:
    if "seen_by_channel" in device or arrived < device.get("last_seen", 0) + SEEN_EVERY:
        return
    change(device, "last_seen", arrived, arrived - 1)
    device["last_seen"] = arrived


def change(device: dict[str, Any], name: str, value: int, most: int) -> bool:
    """Set a time of the device that is not there, or this at most; whether it was so."""
    commit_id = as_text(os.urandom(16))
    try:
        dynamodb.update_item(
            TableName=ITEMS,
            Key={"pk": {"S": device["pk"]}, "sk": {"S": "device"}},
            UpdateExpression=f"SET {name} = :value, commit_id = :commit",
            ConditionExpression=f"attribute_exists(pk) AND (attribute_not_exists({name}) OR {name} <= :most)",
            ExpressionAttributeValues={
                ":value": {"N": str(value)}, ":most": {"N": str(most)}, ":commit": {"S": commit_id}
            },
        )  # fmt: skip
    except dynamodb.exceptions.ConditionalCheckFailedException:
        return False
    return True


def take(arrival: dict[str, Any], device: dict[str, Any], targets: dict[str, list[str]]) -> None:
    named = NAME.fullmatch(arrival["name"])
    if named is None or named["type"] not in TYPES:
        raise NotTaken("name_unknown" if named is None else "type_unknown")
    if named["channel"] not in device.get("channel_ids", (named["channel"],)):
        raise NotTaken("channel_unknown")
    seen = datetime.strptime(named["stamp"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    arrived, seen_s = arrival["arrived"], int(seen.timestamp())
    if arrived <= device.get("alarms_after", -1):
        raise NotTaken("deleted")
    if was_private(device, arrived):
        raise NotTaken("privacy_mode")
    if not -WEEK <= seen_s - arrived <= 60:
        raise NotTaken("clock_is_wrong")
    etag = looked_at(arrival["key"])
    if etag is None:
        return
    end = f"{seen:%Y%m%dT%H%M%SZ}-{as_text(hashlib.sha256(arrival['key'].encode()).digest())[:16]}"
    alarm = {
        "pk": {"S": device["pk"]}, "sk": {"S": f"alarm#{end}"}, "schema_version": {"N": "2"}, "at": {"N": str(seen_s)},
        "arrived_at": {"N": str(arrived)}, "channel": {"S": named["channel"]}, "type": {"S": named["type"]},
        "expires_at": {"N": str(arrived + WEEK)}, "picture": {"S": arrival["key"]}, "etag": {"S": etag},
    }  # fmt: skip
    known = create(alarm)
    if known is not None and ("removed" in known or known.get("etag") != etag):
        raise NotTaken("deleted" if "removed" in known else "picture_replaced")
    if known is None or known["arrived_at"] == arrived:
        push(device, named["channel"], end, is_late=arrived - seen_s > LATE, is_repeat=known is not None, to=targets)


def was_private(device: dict[str, Any], arrived: int) -> bool:
    spans = [[int(part) / 1000 for part in text.split(" ")] for text in device.get("private_spans", ())]
    if "private_since" in device:
        spans.append([device["private_since"], device.get("private_until", float("inf"))])
    return any(since <= arrived + 0.999 and arrived < until for since, until in spans)


def looked_at(key: str) -> str | None:
    """The ETag of a JPEG whose size somebody can show; None if it is gone. Raises NotTaken."""
    first, etag = 0, ""
    for count in PARTS_BYTES:
        try:
            found = s3.get_object(Bucket=BUCKET, Key=key, Range=f"bytes={first}-{first + count - 1}")
        except s3.exceptions.NoSuchKey:
            return None
        etag, part = etag or found["ETag"], found["Body"].read()
        if first == 0 and not part.startswith(b"\xff\xd8\xff"):
            break
        frame, read_on_at = frame_in(part, 2 if first == 0 else 0)
        if frame is not None:
            bits, height, width = frame[4], int.from_bytes(frame[5:7]), int.from_bytes(frame[7:9])
            if bits != 8 or not 0 < width * height <= 25_000_000:
                break
            return as_text(hashlib.sha256(etag.encode()).digest())[:20]
        if len(part) < count or read_on_at is None:
            break
        first += read_on_at
    raise NotTaken("picture_unreadable")


def frame_in(part: bytes, at: int) -> tuple[bytes | None, int | None]:
    """What says the size, or where to read on."""
    for _ in range(2000):
        at = part.find(b"\xff", at)
        if at < 0 or at + 10 > len(part):
            return None, len(part) if at < 0 else at
        marker = part[at + 1]
        if marker in FRAMES:
            return part[at : at + 10], None
        if marker in PASSED_OVER:
            at += 2 + max(2, int.from_bytes(part[at + 2 : at + 4]))
        else:
            at += 1
    return None, None


def create(alarm: dict[str, Any]) -> dict[str, Any] | None:
    """Store it; or the one that is there."""
    commit_id = as_text(os.urandom(16))
    try:
        dynamodb.put_item(
            TableName=ITEMS,
            Item={**alarm, "commit_id": {"S": commit_id}},
            ConditionExpression="attribute_not_exists(pk) OR expires_at <= :now",
            ExpressionAttributeValues={":now": {"N": str(int(time.time()))}},
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except dynamodb.exceptions.ConditionalCheckFailedException as refused:
        known = plain(refused.response["Item"])
        return None if known["commit_id"] == commit_id else known
    return None


def push(
    device: dict[str, Any], channel: str, alarm_id: str, *, is_late: bool, is_repeat: bool, to: dict[str, list[str]]
) -> None:
    now, device_id = int(time.time()), device["pk"].partition("#")[2]
    if is_late and not is_repeat and not change(device, "late_told_at", now, now - LATE_TOLD_EVERY):
        return
    about, ids = "ALARM", {"device_id": device_id, "alarm_id": alarm_id}
    if is_late:
        about, ids = "ALARM_LATE", {**ids, "late": "true"}
    aps = {"alert": {"loc-key": about}, "sound": "default", "mutable-content": 1}
    android = {"priority": "high", "ttl": "86400s", "collapse_key": device_id}
    fcm, apns = {"fcmV1Message": {"message": {"data": ids, "android": android}}}, json.dumps({"aps": aps, **ids})
    message = json.dumps({"default": "", "GCM": json.dumps(fcm), "APNS": apns, "APNS_SANDBOX": apns})
    said = {"APNS.PUSH_TYPE": "alert", "APNS.PRIORITY": "10", "APNS.COLLAPSE_ID": alarm_id, "APNS.TTL": "86400"}
    attributes = {
        f"AWS.SNS.MOBILE.{name}": {"DataType": "String", "StringValue": value}
        for name, value in {**said, "APNS_SANDBOX.TTL": "86400"}.items()
    }
    for account_id in (device_id[:26], *sorted(set(guests_of(device, channel)))):
        for target in to[account_id]:
            session_id, _, arn = target.partition(" ")
            try:
                sns.publish(TargetArn=arn, MessageStructure="json", Message=message, MessageAttributes=attributes)
            except (BotoCoreError, ClientError):
                again = {"account_id": account_id, "session_id": session_id, "arn": arn, "about": about, **ids}
                body = json.dumps({"listener": "push.on_push_failed", "push_id": alarm_id, **again})
                sqs.send_message(QueueUrl=os.environ["PUSHES_QUEUE_URL"], MessageBody=body)


# ── Changes of a table ───────────────────────────────────────────────────────────────────────────────────────────────

TOLD: dict[tuple[str, str, str], tuple[str, dict[str, str]]] = {
    ("INSERT", "account", "letter"): ("NOTICES", {"listener": "outbox.on_letter_written"}),
    ("INSERT", "account", "order"): ("NOTICES", {"listener": "orders.on_order_changed"}),
    ("MODIFY", "account", "order"): ("NOTICES", {"listener": "orders.on_order_changed"}),
    ("INSERT", "account", "terminal"): ("NOTICES", {"listener": "inactivity.on_terminal_seen"}),
    ("INSERT", "address", "invitation"): ("NOTICES", {"listener": "sharing.on_person_invited"}),
    ("INSERT", "device", "command"): ("COMMANDS", {"listener": "commands.on_command_given"}),
    ("INSERT", "device", "presence-change"): ("PUSHES", {"listener": "alarms.on_presence_changed"}),
    ("INSERT", "device", "removal"): ("CLEANUPS", {"listener": "alarms.on_alarms_removed"}),
    ("REMOVE", "account", "session"): ("NOTICES", {"listener": "push.on_session_ended"}),
}
TOGETHER = 10


def forward(event: dict[str, Any], context: Any) -> dict[str, Any]:
    changes = defaultdict(list)
    for record in event["Records"]:
        change = record["dynamodb"]
        pk, _, pk_id = change["Keys"]["pk"]["S"].partition("#")
        sk, _, sk_id = change["Keys"]["sk"]["S"].partition("#")
        told = TOLD.get((record["eventName"], pk, sk))
        if told is not None:
            message = {**told[1], "partition_id": pk_id, "sort_id": sk_id}
            changes[told[0]].append((change["SequenceNumber"], message))
    failed: list[str] = []
    for queue, named in changes.items():
        for first in range(0, len(named), TOGETHER):
            some = named[first : first + TOGETHER]
            if not logged("forward_item_changes", partial(sent, queue, some)):
                failed += [number for number, _ in some]
    return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}


def sent(queue: str, some: list[tuple[str, dict[str, str]]]) -> None:
    entries = [{"Id": str(nth), "MessageBody": json.dumps(ids)} for nth, (_, ids) in enumerate(some)]
    answer = sqs.send_message_batch(QueueUrl=os.environ[f"{queue}_QUEUE_URL"], Entries=entries)
    if answer.get("Failed"):
        raise RuntimeError(f"{len(answer['Failed'])} messages")
