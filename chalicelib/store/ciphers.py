"""One key per account and per ownership of a device; deleting the key shreds all that was sealed with it."""

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


class VaultKey(KeyRow):
    """A vault's 256-bit key, wrapped with one that a container derives once: no KMS call in a request."""

    partition = "vault"
    place = None

    wrapped = plain(BinaryAttribute(legacy_encoding=False), why="the vault's key, itself encrypted")

    def unlocked(self) -> Vault:
        return Vault(self.partition_id, crypto.unseal(_wrapping_key(), self.wrapped, self.pk))


class Vault:
    """Seals and opens the personal attributes of one subject; what is moved to another place does not open."""

    def __init__(self, vault_id: str, key: bytes) -> None:
        self.vault_id = vault_id
        self._key = key

    def seal(self, value: object, *place: str) -> Ciphertext:
        return Ciphertext(crypto.seal(self._key, msgspec.json.encode(value), self._bound(place)))

    def open(self, sealed: bytes, *place: str) -> Any:
        return msgspec.json.decode(crypto.unseal(self._key, sealed, self._bound(place)))

    def _bound(self, place: tuple[str, ...]) -> str:
        return "|".join((self.vault_id, *place))


def new_vault(vault_id: str, *, until: datetime | None = None) -> tuple[Vault, VaultKey]:
    """A vault and its row, which the caller commits with what it seals; `until` ends a short-lived one by itself."""
    key = ids.random_bytes(32)
    where = VaultKey.key(vault_id)
    row = VaultKey.new(
        vault_id,
        wrapped=crypto.seal(_wrapping_key(), key, where.pk),
        expires_at=None if until is None else clock.epoch_s(until),
    )
    return Vault(vault_id, key), row


def key_of(vault_id: str) -> Key[VaultKey]:
    return VaultKey.key(vault_id)


def _wrapping_key() -> bytes:
    return crypto.secret_for("vault keys")
