"""Refused uploads, and why: by S3 itself, or by the function that gets their events."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

_MARK = '"refused":['


def newest_first(uploads: Iterable[tuple[datetime, str, str | None]], log: Iterable[str]) -> list[dict[str, Any]]:
    """`uploads` are what S3 was asked to take: when, under which key, and the code of its refusal, if it refused. The
    functions' log names keys by their hashes."""
    found: list[dict[str, Any]] = []
    keys: dict[str, str] = {}
    for at, key, code in uploads:
        keys[_hash(key)] = key
        if code is not None:
            found.append({"at": at.isoformat().replace("+00:00", "Z"), "key": key, "reason": code})
    for line in log:
        if _MARK in line:
            found += _of_line(json.loads(line), keys)
    return sorted(found, key=lambda one: datetime.fromisoformat(one["at"]), reverse=True)


def _hash(key: str) -> str:
    """As `chalicelib.store.crypto.plain_hash`, of which the log says this much."""
    digest = hashlib.sha256(key.encode(errors="replace")).digest()
    return base64.b32encode(digest).decode().lower()[:16]


def _of_line(line: dict[str, Any], keys: dict[str, str]) -> Iterable[dict[str, Any]]:
    for one in line["refused"]:
        known = {"key": keys.get(one["upload"]), "device_id": one["device_id"]}
        fields = {name: value for name, value in known.items() if value is not None}
        yield {"at": line["timestamp"], "reason": one["reason"], **fields}
