"""A key that is disabled or dying refuses to be used."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .. import StrictAWS
from .scene import client


def symmetric() -> str:
    return client("kms").create_key()["KeyMetadata"]["KeyId"]  # type: ignore[no-any-return]


def signing() -> str:
    return client("kms").create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]  # type: ignore[no-any-return]


def disable(key_id: str) -> None:
    client("kms").disable_key(KeyId=key_id)


def schedule_deletion(key_id: str) -> None:
    client("kms").schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)


def sign(key_id: str) -> Any:
    return client("kms").sign(KeyId=key_id, Message=b"1", SigningAlgorithm="ECDSA_SHA_256")


STATES = [(disable, "DisabledException"), (schedule_deletion, "KMSInvalidStateException")]


@pytest.mark.parametrize(("undo", "code"), STATES)
def test_what_a_key_sealed_it_no_longer_opens(strict_or_bare: Any, undo: Callable[[str], None], code: str) -> None:
    key_id = symmetric()
    sealed = client("kms").generate_data_key(KeyId=key_id, KeySpec="AES_256")["CiphertextBlob"]
    undo(key_id)
    for use in (
        lambda: client("kms").decrypt(CiphertextBlob=sealed),
        lambda: client("kms").decrypt(CiphertextBlob=sealed, KeyId=key_id),
        lambda: client("kms").encrypt(KeyId=key_id, Plaintext=b"1"),
        lambda: client("kms").generate_data_key(KeyId=key_id, KeySpec="AES_256"),
        lambda: client("kms").re_encrypt(CiphertextBlob=sealed, DestinationKeyId=key_id),
    ):
        with pytest.raises(ClientError) as caught:
            use()
        assert caught.value.response["Error"]["Code"] == code


@pytest.mark.parametrize(("undo", "code"), STATES)
def test_a_signing_key_no_longer_signs(strict_or_bare: Any, undo: Callable[[str], None], code: str) -> None:
    key_id = signing()
    sign(key_id)
    undo(key_id)
    with pytest.raises(ClientError) as caught:
        sign(key_id)
    assert caught.value.response["Error"]["Code"] == code


def test_a_dying_key_is_not_simply_enabled_again(strict_or_bare: Any) -> None:
    key_id = symmetric()
    schedule_deletion(key_id)
    with pytest.raises(ClientError, match="KMSInvalidStateException"):
        client("kms").enable_key(KeyId=key_id)


def test_a_key_saved_in_time_works_again(strict_aws: StrictAWS) -> None:
    key_id = symmetric()
    sealed = client("kms").encrypt(KeyId=key_id, Plaintext=b"secret", EncryptionContext={"a": "b"})["CiphertextBlob"]
    schedule_deletion(key_id)
    client("kms").cancel_key_deletion(KeyId=key_id)
    client("kms").enable_key(KeyId=key_id)
    decrypted = client("kms").decrypt(CiphertextBlob=sealed, EncryptionContext={"a": "b"})
    assert decrypted["Plaintext"] == b"secret"


def test_aliases_and_public_keys_work(strict_aws: StrictAWS) -> None:
    key_id = signing()
    client("kms").create_alias(AliasName="alias/receipts", TargetKeyId=key_id)
    assert sign("alias/receipts")["Signature"]
    assert client("kms").get_public_key(KeyId="alias/receipts")["PublicKey"]
    disable(key_id)
    with pytest.raises(ClientError, match="DisabledException"):
        sign("alias/receipts")


def test_a_symmetric_key_has_no_public_half(strict_or_bare: Any) -> None:
    with pytest.raises(ClientError, match="UnsupportedOperationException"):
        client("kms").get_public_key(KeyId=symmetric())


def test_a_digest_is_signed_as_it_is(strict_or_bare: Any) -> None:
    key_id = signing()
    digest = hashlib.sha256(b"receipt").digest()
    wanted = {"KeyId": key_id, "MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = client("kms").sign(Message=digest, **wanted)["Signature"]
    public_key = load_der_public_key(client("kms").get_public_key(KeyId=key_id)["PublicKey"])
    assert isinstance(public_key, EllipticCurvePublicKey)
    try:
        public_key.verify(signature, b"receipt", ECDSA(SHA256()))
    except InvalidSignature:
        pytest.fail("what was signed is not the digest")
