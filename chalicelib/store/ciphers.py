"""Envelope encryption in a tree of subjects: each has a data key, encrypted with its parent's; deleting one shreds all
that was sealed with it and with what hangs below it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime
from typing import Any

import msgspec
from pynamodb.attributes import BinaryAttribute, NumberAttribute

from chalicelib import clock, ids
from chalicelib.store import crypto
from chalicelib.store.commit import Otherwise, Write, change, check, create, is_set
from chalicelib.store.keys import Key
from chalicelib.store.records import KeyRow, read
from chalicelib.store.tags import Ciphertext, plain

# What a key's secret is never used for itself: each purpose has a key of its own, made of it by HKDF-Expand with
# SHA-256 (RFC 5869, 2.3; the secret is uniformly random, so nothing has to be extracted, 3.3).
_SEALS, _WRAPS = b"sowa/attributes\x01", b"sowa/children\x01"


class DataKey(KeyRow):
    """A subject's 256-bit secret, encrypted with its parent's wrapping key, or with one that a container derives once:
    no KMS call in a request. The subject is alive while this row and its parent's exist."""

    pk_prefix = "key"
    sk_prefix = None
    is_deleted_for_good = True

    encrypted_key = plain(BinaryAttribute(legacy_encoding=False), why="the subject's secret, itself encrypted")
    # It lies here because whoever shows, sends or takes anything reads this row in any case, consistently.
    restricted_since = plain(
        NumberAttribute(null=True), why="a time: since then what is kept of the subject is stored, and no more is done"
    )

    @property
    def is_restricted(self) -> bool:
        """Whether processing is restricted (GDPR, article 18): the subject reads it, and nobody else."""
        return self.restricted_since is not None

    def unlocked(self, parent: DataKey | None = None) -> SubjectCipher:
        """The cipher of this very subject, which opens nothing below it; `parent` is the row of what it hangs on."""
        return SubjectCipher(self.pk_id, _expanded(self._secret(parent), _SEALS))

    def _secret(self, parent: DataKey | None) -> bytes:
        wrapping_key = _root_wrapping_key() if parent is None else parent._wrapping_key()
        return crypto.unseal(wrapping_key, self.encrypted_key, self.pk)

    def _wrapping_key(self) -> bytes:
        return _expanded(self._secret(None), _WRAPS)


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
    """A new cipher of a subject that is nobody's child, and its data key's row, which the caller commits with what it
    seals; `until` expires a short-lived one."""
    return _new(subject_id, _root_wrapping_key(), until)


def new_child(parent: DataKey, *, otherwise: Otherwise) -> tuple[SubjectCipher, tuple[Write, Write]]:
    """A new cipher of a child with an id of its own, and the writes that make it, of which the second is the condition
    that the parent is still alive; on commit they raise `otherwise`."""
    cipher, row = _new(ids.new_child_id(parent.pk_id), parent._wrapping_key(), None)
    return cipher, (create(row), require_exists(parent.pk_id, otherwise=otherwise))


def _new(subject_id: str, wrapping_key: bytes, until: datetime | None) -> tuple[SubjectCipher, DataKey]:
    secret = ids.random_bytes(32)
    row = DataKey.new(
        subject_id,
        encrypted_key=crypto.seal(wrapping_key, secret, DataKey.key(subject_id).pk),
        expires_at=None if until is None else clock.epoch_s(until),
    )
    return SubjectCipher(subject_id, _expanded(secret, _SEALS)), row


def key_of(subject_id: str) -> Key[DataKey]:
    return DataKey.key(subject_id)


def chain_of(child_id: str) -> tuple[Key[DataKey], Key[DataKey]]:
    """The keys of a child's row and of its parent's, whose id it begins with."""
    return DataKey.key(child_id), DataKey.key(ids.parent_of(child_id))


def is_alive(subject_id: str) -> bool:
    """Whether the key row of a subject exists, and its parent's, if it is a child; one consistent read."""
    own, parent = chain_of(subject_id)
    return None not in read(*((own, parent) if ids.parent_of(subject_id) else (own,)))


def require_exists(subject_id: str, *, otherwise: Otherwise) -> Write:
    """Let a commit depend on the key row of a subject."""
    return check(DataKey.key(subject_id), DataKey.pk.exists(), otherwise=otherwise)


def require_ended(subject_id: str, *, otherwise: Otherwise) -> Write:
    """Let a commit depend on the key row of a subject being gone: what it held is nobody's."""
    return check(DataKey.key(subject_id), DataKey.pk.does_not_exist(), otherwise=otherwise)


def lasts(row: DataKey, *, otherwise: Otherwise) -> Write:
    """A short-lived data key lasts from now on; raises `otherwise` on commit where it is gone."""
    return change(row, otherwise=otherwise, expires_at=None)


def require_unrestricted(subject_id: str, *, otherwise: Otherwise) -> Write:
    """Let a commit depend on a subject being alive, and on processing not being restricted."""
    as_ever = DataKey.pk.exists() & DataKey.restricted_since.does_not_exist()
    return check(DataKey.key(subject_id), as_ever, otherwise=otherwise)


def restrict(row: DataKey, since: int | None, *, otherwise: Otherwise) -> Write:
    """Restrict processing of what is kept of a subject, or no more (None), if it is as it was read; raises `otherwise`
    on commit if not, or if the subject has ended."""
    as_read = is_set(DataKey.restricted_since, row.restricted_since)
    return change(row, when=as_read, otherwise=otherwise, restricted_since=since)


def _expanded(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, purpose, hashlib.sha256)


def _root_wrapping_key() -> bytes:
    return crypto.secret_for("subject keys")
