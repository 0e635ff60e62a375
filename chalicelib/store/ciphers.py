"""Envelope encryption: one data key per account and per ownership of a device; deleting it shreds all that was sealed
with it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from pynamodb.attributes import BinaryAttribute

from chalicelib import clock, ids
from chalicelib.store import crypto
from chalicelib.store.keys import Key
from chalicelib.store.records import KeyRow
from chalicelib.store.tags import Ciphertext, plain


class DataKey(KeyRow):
    """A subject's 256-bit data key, encrypted with one that a container derives once: no KMS call in a request."""

    pk_prefix = "vault"
    sk_prefix = None

    encrypted_key = plain(
        BinaryAttribute(legacy_encoding=False, attr_name="wrapped"), why="the data key, itself encrypted"
    )

    def unlocked(self) -> SubjectCipher:
        return SubjectCipher(self.pk_id, crypto.unseal(_wrapping_key(), self.encrypted_key, self.pk))


class SubjectCipher:
    """Encrypts and decrypts the personal attributes of one subject; a value moved to another record or attribute does
    not decrypt."""

    def __init__(self, subject_id: str, key: bytes) -> None:
        self.subject_id = subject_id
        self._key = key

    def seal(self, value: object, *bound_to: str) -> Ciphertext:
        return Ciphertext(crypto.seal(self._key, msgspec.json.encode(value), self._bound(bound_to)))

    def open(self, sealed: bytes, *bound_to: str) -> Any:
        return msgspec.json.decode(crypto.unseal(self._key, sealed, self._bound(bound_to)))

    def _bound(self, bound_to: tuple[str, ...]) -> str:
        return "|".join((self.subject_id, *bound_to))


def new_cipher(subject_id: str, *, until: datetime | None = None) -> tuple[SubjectCipher, DataKey]:
    """A new cipher and its data key's row, which the caller commits with what it seals; `until` expires a short-lived
    one."""
    key = ids.random_bytes(32)
    where = DataKey.key(subject_id)
    row = DataKey.new(
        subject_id,
        encrypted_key=crypto.seal(_wrapping_key(), key, where.pk),
        expires_at=None if until is None else clock.epoch_s(until),
    )
    return SubjectCipher(subject_id, key), row


def key_of(subject_id: str) -> Key[DataKey]:
    return DataKey.key(subject_id)


def _wrapping_key() -> bytes:
    return crypto.secret_for("vault keys")
