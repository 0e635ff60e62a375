"""One key per hour, for what nobody may be able to read after seven days (LOG)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any

import msgspec
from pynamodb.attributes import BinaryAttribute

from chalicelib import clock, ids
from chalicelib.errors import Unavailable
from chalicelib.store import crypto
from chalicelib.store.commit import commit, create
from chalicelib.store.records import KeyRow, read
from chalicelib.store.tags import plain

KEPT = timedelta(days=7)
_HOUR = "%Y%m%d%H"


class HourKey(KeyRow):
    """The 256-bit key of one hour in UTC, encrypted like a subject's; it ends when the hour's last second is seven days
    old."""

    pk_prefix = "hour"
    sk_prefix = None

    encrypted_key = plain(BinaryAttribute(legacy_encoding=False), why="the hour's key, itself encrypted")

    def unlocked(self) -> bytes:
        return crypto.unseal(_wrapping_key(), self.encrypted_key, self.pk)


# The present hour's, once it has been read: an ordinary request asks nobody.
_known: dict[str, bytes] = {}


def seal(what: object, bound_to: str) -> str:
    """Text that opens for seven days from now, to the second; what it is bound to must be named again to open it."""
    now = clock.now()
    hour = f"{now:{_HOUR}}"
    payload = msgspec.json.encode((clock.epoch_s(now), what))
    return f"{hour}.{base64.urlsafe_b64encode(crypto.seal(_key_of(hour), payload, _bound(hour, bound_to))).decode()}"


def hashed(*parts: str) -> str:
    """160 bits that find the same again within this hour; of what, nobody can say when the hour's key is gone."""
    key = hmac.digest(_key_of(f"{clock.now():{_HOUR}}"), b"hashes", hashlib.sha256)
    return ids.as_text(hmac.digest(key, "\0".join(parts).encode(), hashlib.sha256)[:20])


def _key_of(hour: str) -> bytes:
    if (known := _known.get(hour)) is not None:
        return known
    (row,) = read(HourKey.key(hour))
    key = (row or _made(hour)).unlocked()
    _known.clear()
    _known[hour] = key
    return key


def _made(hour: str) -> HourKey:
    where = HourKey.key(hour)
    until = clock.from_rfc3339(f"{hour[:4]}-{hour[4:6]}-{hour[6:8]}T{hour[8:]}:00:00Z") + timedelta(hours=1) + KEPT
    row = HourKey.new(
        hour,
        encrypted_key=crypto.seal(_wrapping_key(), ids.random_bytes(32), where.pk),
        expires_at=clock.epoch_s(until),
    )
    try:
        commit(create(row, otherwise=_AnotherMade))
    except _AnotherMade:
        (existing,) = read(where)
        if existing is None:
            raise Unavailable from None
        return existing
    return row


class _AnotherMade(Exception):
    """Another container's first request of the hour was faster: its key counts."""


class Decrypter:
    """Opens what was sealed, reading the key of each hour once."""

    def __init__(self) -> None:
        self._rows: dict[str, HourKey | None] = {}

    def open(self, sealed: str, bound_to: str) -> tuple[datetime, Any] | None:
        """The time and the value that were sealed; None if that is seven days ago, or its key is gone."""
        hour, _, text = sealed.partition(".")
        if hour not in self._rows:
            (self._rows[hour],) = read(HourKey.key(hour))
        row = self._rows[hour]
        if row is None:
            return None
        payload = crypto.unseal(row.unlocked(), base64.urlsafe_b64decode(text), _bound(hour, bound_to))
        seconds, what = msgspec.json.decode(payload)
        at = clock.at_epoch(seconds)
        return None if clock.now() >= at + KEPT else (at, what)


def _bound(hour: str, bound_to: str) -> str:
    return f"{hour}|{bound_to}"


def _wrapping_key() -> bytes:
    return crypto.secret_for("hour keys")
