"""Cryptography: the KMS client, and the few secrets that everything else is derived from."""

from __future__ import annotations

import base64
import hashlib
import hmac
from functools import cache

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pynamodb.attributes import BinaryAttribute, UnicodeAttribute

from chalicelib import ids
from chalicelib.aws.attempts import CallRefused
from chalicelib.aws.json_calls import call
from chalicelib.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.store import requests
from chalicelib.store.records import KeyRow, TableClosed, read
from chalicelib.store.tags import plain

_NONCE_BYTES = 12
# First byte of everything sealed: which way it was sealed, so that a later way can stand beside it.
_AES_256_GCM = b"\x01"


class Unreadable(RuntimeError):
    """Something sealed was changed, moved to another place, or sealed with another key."""


class RootSecret(KeyRow):
    """256 random bits, encrypted by KMS; every other secret of the installation is derived from them."""

    pk_prefix = "root"
    sk_prefix = None

    encrypted = plain(BinaryAttribute(legacy_encoding=False), why="encrypted by KMS")
    # A copy of the table has another name.
    table = plain(UnicodeAttribute(), why="name of the table that it lies in")


@cache
def _root_secret() -> bytes:
    is_to_be_restored = bool(settings.restored_keys_table)
    (stored,) = read(RootSecret.key())
    if stored is None and not is_to_be_restored:
        return _make_root_secret()
    if stored is None or stored.table != settings.keys_table:
        # A copy of the table, which never serves; or a new table into which the copy's keys have not come yet: with
        # another secret nothing of what was sealed could ever be decrypted.
        raise TableClosed(retry_after_seconds=600)
    return _decrypted(stored.encrypted)


def _make_root_secret() -> bytes:
    encrypted = _kms("GenerateDataKey", "CiphertextBlob", KeyId=settings.root_key_id, KeySpec="AES_256")
    row = RootSecret.new(encrypted=encrypted, table=settings.keys_table)
    try:
        call("dynamodb", "PutItem", requests.put_if_absent(RootSecret.Meta.table_name, row.serialize()))
    except CallRefused as refusal:
        if refusal.code != "ConditionalCheckFailedException":
            raise
    # Whoever came first wrote the one that counts.
    (stored,) = read(RootSecret.key())
    if stored is None:
        raise Unavailable
    return _decrypted(stored.encrypted)


def _decrypted(blob: bytes) -> bytes:
    return _kms("Decrypt", "Plaintext", CiphertextBlob=blob, KeyId=settings.root_key_id)


def _kms(operation: str, wanted: str, **request: object) -> bytes:
    """The bytes that an answer has under this name."""
    return base64.b64decode(msgspec.json.decode(call("kms", operation, request))[wanted])


@cache
def secret_for(purpose: str) -> bytes:
    """A 256-bit key of its own for each purpose, the same in every container."""
    return hmac.digest(_root_secret(), f"sowa/{purpose}".encode(), hashlib.sha256)


def keyed_hash(purpose: str, *parts: str) -> str:
    """160 bits that find something again without saying what it is; nobody without the root secret can guess at it."""
    message = "\0".join(parts).encode()
    return ids.as_text(hmac.digest(secret_for(purpose), message, hashlib.sha256)[:20])


def derived(purpose: str, *parts: str) -> bytes:
    """A 256-bit key that only who knows all the parts, and this installation, can make again."""
    return hmac.digest(secret_for(f"derived/{purpose}"), "\0".join(parts).encode(), hashlib.sha256)


def plain_hash(text: str) -> str:
    """For secrets of 128 random bits or more, which need no key."""
    return ids.as_text(hashlib.sha256(text.encode()).digest())


def same(one: str, other: str) -> bool:
    """Compared in constant time."""
    return hmac.compare_digest(one.encode(), other.encode())


def seal(key: bytes, plaintext: bytes, bound_to: str) -> bytes:
    """AES-256-GCM; what it is bound to must be named again to open it."""
    nonce = ids.random_bytes(_NONCE_BYTES)
    return _AES_256_GCM + nonce + AESGCM(key).encrypt(nonce, plaintext, bound_to.encode())


def unseal(key: bytes, sealed: bytes, bound_to: str) -> bytes:
    if sealed[:1] != _AES_256_GCM:
        raise Unreadable("unknown form")
    nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, bound_to.encode())
    except InvalidTag as cause:
        raise Unreadable(bound_to.partition("|")[0]) from cause


def sign(message: bytes) -> bytes:
    """An ES256 signature (r and s, 64 bytes) by the receipt key, which never leaves KMS."""
    signature = _kms(
        "Sign",
        "Signature",
        KeyId=settings.receipt_key_id,
        Message=hashlib.sha256(message).digest(),
        MessageType="DIGEST",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    # Here and not above, as it drags in what nearly no request needs.
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    r, s = decode_dss_signature(signature)
    return r.to_bytes(32) + s.to_bytes(32)


def signing_public_pem() -> bytes:
    """The public half of the receipt key."""
    return _public_pem(settings.receipt_key_id)


@cache
def _public_pem(key_id: str) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

    der = _kms("GetPublicKey", "PublicKey", KeyId=key_id)
    return load_der_public_key(der).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
