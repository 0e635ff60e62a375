"""Two of our routes as a good engineer would write them by hand, in one file, with boto3: what ours stand beside.

It does what ours do: the same AWS calls with the same keys and conditions, the same checks of token, epoch, ownership
and data key, the same keyed hashes and seals, the same answer, headers and log line. Each choice is what such a hand
would take, and where there were two, the cheaper one:

- `boto3.client` and not the resource layer; one client a service, made at import, but S3's (which looks at pictures and
  signs links) when first needed.
- boto3's own retries, validation and parsing, as everybody has them; only the patience is shorter, as ours is.
- `TypeDeserializer` reads items, as boto3's documentation shows; what is written is put down in DynamoDB's own form.
- The standard library's json, hashes and `print`; a dict of two routes in the place of a framework; `cryptography`.
- Data keys are opened in both routes because ours do: a person or a device whose key is gone is gone.
- Nothing is parsed, checked or logged that these two routes do not need. There is no contract, no register, no shape.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import boto3
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PATIENT = Config(connect_timeout=1, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 3})
ITEMS, KEYS = os.environ["ITEMS_TABLE"], os.environ["KEYS_TABLE"]
HEADERS = {
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}

dynamodb = boto3.client("dynamodb", config=PATIENT)
kms = boto3.client("kms", config=PATIENT)
deserialize = TypeDeserializer().deserialize
remembered: dict[str, Any] = {}


class Refused(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


# ── Secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def secret_for(purpose: str) -> bytes:
    if "root" not in remembered:
        stored = dynamodb.get_item(TableName=KEYS, Key={"pk": {"S": "root"}}, ConsistentRead=True)["Item"]
        if stored["table"]["S"] != KEYS:
            raise Refused(503, "TableClosed")
        answer = kms.decrypt(CiphertextBlob=stored["encrypted"]["B"], KeyId=os.environ["ROOT_KEY_ID"])
        remembered["root"] = answer["Plaintext"]
    if purpose not in remembered:
        remembered[purpose] = hmac.digest(remembered["root"], f"sowa/{purpose}".encode(), hashlib.sha256)
    secret: bytes = remembered[purpose]
    return secret


def as_text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def keyed_hash(purpose: str, *parts: str) -> str:
    return as_text(hmac.digest(secret_for(purpose), "\0".join(parts).encode(), hashlib.sha256)[:20])


def seal(key: bytes, plaintext: bytes, bound_to: str) -> bytes:
    nonce = os.urandom(12)
    return b"\x01" + nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())


def unwrapped(row: dict[str, Any] | None, wrapping_key: bytes) -> bytes:
    """A subject's secret; of it are made the key that seals and the one that wraps what hangs below."""
    if row is None:
        raise Refused(401, "NotSignedIn")
    sealed = bytes(row["encrypted_key"])
    try:
        return AESGCM(wrapping_key).decrypt(sealed[1:13], sealed[13:], row["pk"].encode())
    except InvalidTag:
        raise Refused(500, "ServerFault") from None


def expanded(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose + b"\x01", hashlib.sha256)


# ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def plain(item: dict[str, Any]) -> dict[str, Any]:
    return {name: deserialize(value) for name, value in item.items()}


def in_service_since() -> int:
    if "since" not in remembered:
        where = {"pk": {"S": "service"}, "sk": {"S": "service"}}
        stored = dynamodb.get_item(TableName=ITEMS, Key=where, ConsistentRead=True)["Item"]
        if stored["table"]["S"] != ITEMS:
            raise Refused(503, "TableClosed")
        remembered["since"] = int(stored["since"]["N"])
    since: int = remembered["since"]
    return since


def read(items: list[tuple[str, str]], keys: list[str]) -> dict[tuple[str, str | None], dict[str, Any]]:
    wanted: dict[str, Any] = {
        ITEMS: {"Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in items], "ConsistentRead": True},
        KEYS: {"Keys": [{"pk": {"S": pk}} for pk in keys], "ConsistentRead": True},
    }
    in_service_since()
    found: dict[tuple[str, str | None], dict[str, Any]] = {}
    for _ in range(5):
        answer = dynamodb.batch_get_item(RequestItems=wanted)
        for rows in answer["Responses"].values():
            for row in map(plain, rows):
                if "expires_at" not in row or time.time() < row["expires_at"]:
                    found[row["pk"], row.get("sk")] = row
        wanted = answer.get("UnprocessedKeys") or {}
        if not wanted:
            return found
        time.sleep(0.05)
    raise Refused(503, "Unavailable")


def require_agreement(account: dict[str, Any]) -> None:
    """To the newest policy that asks for it; which were published is asked once an hour."""
    hour = datetime.now(UTC).strftime("%Y%m%d%H")
    if remembered.get("hour") != hour:
        where = {"pk": {"S": "policies"}, "sk": {"S": "policies"}}
        stored = dynamodb.get_item(TableName=ITEMS, Key=where, ConsistentRead=True).get("Item")
        remembered["policies"] = [] if stored is None else json.loads(stored["versions"]["S"])
        remembered["hour"] = hour
    today = datetime.now(UTC).date().isoformat()
    in_force = sorted((one["from_"], one["name"]) for one in remembered["policies"] if one["from_"] <= today)
    asked_for = [one["name"] for one in remembered["policies"] if one.get("needs_agreement") and one["from_"] <= today]
    names = [name for _, name in in_force]
    if asked_for and account["policy_version"] not in names[names.index(asked_for[-1]) :]:
        raise Refused(403, "PolicyNotAccepted")


def admit(event: dict[str, Any], *more: tuple[str, str]) -> tuple[dict[str, Any], str, str, dict[Any, Any]]:
    """Device, account id, session id, and everything that was read; the caller is who the token says."""
    device_id = unquote(event["pathParameters"]["device_id"])
    account_id, session_id, secret = claim(event)
    account_pk, device_pk, session_sk = f"account#{account_id}", f"device#{device_id}", f"session#{session_id}"
    own = [(account_pk, "account"), (account_pk, session_sk), (device_pk, "device")]
    found = read([*own, *more], list({f"key#{account_id}", f"key#{device_id}", f"key#{device_id[:-26]}"}))
    account, session = found.get((account_pk, "account")), found.get((account_pk, session_sk))
    if account is None or session is None or session["session_generation"] != account["session_generation"]:
        raise Refused(401, "NotSignedIn")
    if session["rotated_at"] < in_service_since():
        raise Refused(401, "NotSignedIn")
    proved = hmac.compare_digest(session["access_hash"], as_text(hashlib.sha256(secret.encode()).digest()))
    if not proved or time.time() >= session["access_until"]:
        raise Refused(401, "NotSignedIn")
    secret_of_account = unwrapped(found.get((f"key#{account_id}", None)), secret_for("subject keys"))
    expanded(secret_of_account, b"sowa/attributes")
    device = found.get((device_pk, "device"))
    if device is None or not device_id.startswith(account_id):
        raise Refused(404, "NotFound")
    wrapping_key = expanded(secret_of_account, b"sowa/children")
    expanded(unwrapped(found.get((f"key#{device_id}", None)), wrapping_key), b"sowa/attributes")
    require_agreement(account)
    return device, account_id, session_id, found


def header(event: dict[str, Any], wanted: str) -> str:
    # API Gateway hands names on as they were sent.
    return next((value for name, value in event["headers"].items() if name.lower() == wanted), "")


def claim(event: dict[str, Any]) -> tuple[str, str, str]:
    scheme, _, token = header(event, "authorization").partition(" ")
    parts = token.strip().split(".")
    if scheme.lower() != "bearer" or len(parts) != 4 or parts[0] != "a":
        raise Refused(401, "NotSignedIn")
    if not all(part.isascii() and part.isalnum() and len(part) <= 128 for part in parts):
        raise Refused(401, "NotSignedIn")
    return parts[1], parts[2], parts[3]


def at(seconds: Any) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def shown(alarm: dict[str, Any], account_id: str) -> dict[str, Any]:
    return {
        "alarm_id": alarm["sk"].partition("#")[2],
        "device_id": alarm["pk"].partition("#")[2],
        "channel": alarm["channel"],
        "type": alarm["type"],
        "at": at(alarm["at"]),
        "read": account_id in alarm.get("read_by", ()),
        "until": at(alarm["expires_at"]),
    }


def is_there(alarm: dict[str, Any], device: dict[str, Any]) -> bool:
    return "removed" not in alarm and alarm["arrived_at"] > device.get("alarms_after", -1)


# ── The two routes ───────────────────────────────────────────────────────────────────────────────────────────────────


def list_alarms(event: dict[str, Any]) -> bytes:
    given = event["queryStringParameters"] or {}
    limit = int(given.get("limit", 50))
    if not 1 <= limit <= 200 or set(given) - {"limit"}:
        raise Refused(422, "Invalid")
    device, account_id, _, _ = admit(event)
    answer = dynamodb.query(
        TableName=ITEMS,
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={
            ":pk": {"S": device["pk"]}, ":low": {"S": "alarm#"}, ":high": {"S": "alarm#~"},
        },
        ConsistentRead=True,
        ScanIndexForward=False,
        Limit=limit + 1,
    )  # fmt: skip
    alarms = [alarm for alarm in map(plain, answer["Items"]) if time.time() < alarm["expires_at"]]
    items = [shown(alarm, account_id) for alarm in alarms if is_there(alarm, device)]
    cursor = items[limit - 1]["alarm_id"] if len(items) > limit else None
    return json.dumps({"items": items[:limit], "cursor": cursor}, separators=(",", ":")).encode()


def mark_read(event: dict[str, Any]) -> bytes:
    device_id, alarm_id = (unquote(event["pathParameters"][name]) for name in ("device_id", "alarm_id"))
    account_id, session_id, _ = claim(event)
    key_text = header(event, "idempotency-key")
    if not 16 <= len(key_text) <= 200:
        raise Refused(400, "Malformed")
    body = (event["body"] or "").encode()
    route = f"POST {event['resource']} {device_id} {alarm_id}"
    place = keyed_hash("answers", session_id, route, key_text)
    message = "\0".join((session_id, route, key_text)).encode()
    secret = hmac.digest(secret_for("derived/answers"), message, hashlib.sha256)
    body_hash = keyed_hash("answers/body", place, body.hex())
    where, alarm_at = (f"account#{account_id}", f"answer#{place}"), (f"device#{device_id}", f"alarm#{alarm_id}")
    tie_at = (f"account#{device_id[:-26]}", f"device-owned#{device_id[-26:]}")
    device, account_id, _, found = admit(event, alarm_at, tie_at, where)
    before = found.get(where)
    if before is not None:
        if not hmac.compare_digest(before["body_hash"], body_hash):
            raise Refused(422, "KeyReused")
        sealed = bytes(before["answer"])
        return AESGCM(secret).decrypt(sealed[1:13], sealed[13:], where[0].encode())
    alarm = found.get(alarm_at)
    if alarm is None or not is_there(alarm, device):
        raise Refused(404, "NotFound")
    alarm["read_by"] = {*alarm.get("read_by", ()), account_id}
    etag = s3().head_object(Bucket=os.environ["MEDIA_BUCKET"], Key=alarm["picture"])["ETag"]
    is_same = as_text(hashlib.sha256(etag.encode()).digest())[:20] == alarm["etag"]
    url = link(alarm["picture"], alarm["expires_at"]) if is_same else None
    picture = {"picture": "shown" if is_same else "unreadable", "picture_url": url, "recorded": None}
    answer = json.dumps({**shown(alarm, account_id), **picture}, separators=(",", ":")).encode()
    mark_in_one(where, body_hash, seal(secret, answer, where[0]), alarm_at, account_id)
    return answer


def s3() -> Any:
    if "s3" not in remembered:
        remembered["s3"] = boto3.client("s3", config=PATIENT.merge(Config(signature_version="s3v4")))
    return remembered["s3"]


def link(key: str, until: Any) -> str:
    url: str = s3().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": os.environ["MEDIA_BUCKET"],
            "Key": key,
            "ResponseContentType": "image/jpeg",
            "ResponseContentDisposition": "attachment",
            "ResponseCacheControl": "private, no-store",
        },
        ExpiresIn=max(1, min(300, int(until - int(time.time())))),
    )
    return url


def mark_in_one(where: tuple[str, str], body_hash: str, sealed: bytes, alarm: tuple[str, str], reader: str) -> None:
    now, commit_id = int(time.time()), as_text(os.urandom(16))
    kept = {
        "TableName": ITEMS,
        "Item": {
            "pk": {"S": where[0]}, "sk": {"S": where[1]}, "schema_version": {"N": "2"}, "commit_id": {"S": commit_id},
            "body_hash": {"S": body_hash}, "status": {"N": "200"}, "answer": {"B": sealed},
            "expires_at": {"N": str(now + 24 * 3600)},
        },
        "ConditionExpression": "attribute_not_exists(pk) OR expires_at <= :now",
        "ExpressionAttributeValues": {":now": {"N": str(now)}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }  # fmt: skip
    marked = {
        "TableName": ITEMS,
        "Key": {"pk": {"S": alarm[0]}, "sk": {"S": alarm[1]}},
        "UpdateExpression": "ADD read_by :reader SET commit_id = :commit",
        "ConditionExpression": "attribute_exists(pk)",
        "ExpressionAttributeValues": {":reader": {"SS": [reader]}, ":commit": {"S": commit_id}},
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    dynamodb.transact_write_items(TransactItems=[{"Put": kept}, {"Update": marked}], ClientRequestToken=commit_id)


ROUTES = {
    ("GET", "/devices/{device_id}/alarms"): list_alarms,
    ("POST", "/devices/{device_id}/alarms/{alarm_id}/read"): mark_read,
}


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    started = time.perf_counter()
    route, request_id = (event["httpMethod"], event["resource"]), event["requestContext"]["requestId"]
    line = {"level": "INFO", "timestamp": datetime.now(UTC).isoformat()}
    line |= {"door": " ".join(route), "request_id": request_id, "asker": "person"}
    try:
        status, body = 200, ROUTES[route](event)
    except Refused as refused:
        status, line["code"] = refused.status, refused.code
        body = json.dumps({"code": refused.code, "message": refused.code, "request_id": request_id}).encode()
    latency = round((time.perf_counter() - started) * 1000, 3)
    print(json.dumps({**line, "status": status, "latency_ms": latency}))
    headers = {**HEADERS, "X-Request-Id": request_id}
    return {"statusCode": status, "headers": headers, "body": body.decode(), "isBase64Encoded": False}
