"""What is sealed opens at its own place with its own key; every secret comes from one that is made once."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from chalicelib.store import crypto
from chalicelib.store.crypto import RootSecret, Unreadable
from chalicelib.store.records import KeyRow, read
from infra.local.cloud import LocalCloud
from infra.strict_moto.trace import Call
from tests.scene import forget_root_secret, items_of

KEY = bytes(range(32))


def test_what_is_sealed_opens_with_its_key_and_place() -> None:
    sealed = crypto.seal(KEY, b"words", "place")
    assert crypto.unseal(KEY, sealed, "place") == b"words"
    assert b"words" not in sealed


@pytest.mark.parametrize("what", ["key", "place", "form", "nonce", "ciphertext", "tag", "shortened", "empty"])
def test_what_is_changed_or_moved_does_not_open(what: str) -> None:
    sealed = bytearray(crypto.seal(KEY, b"words", "place"))
    changed = {"form": 0, "nonce": 1, "ciphertext": 13, "tag": -1}
    if what in changed:
        sealed[changed[what]] ^= 1
    key = KEY[::-1] if what == "key" else KEY
    short = {"shortened": sealed[:-1], "empty": sealed[:0]}.get(what, sealed)
    with pytest.raises(Unreadable):
        crypto.unseal(key, bytes(short), "elsewhere" if what == "place" else "place")


def test_the_same_words_are_never_sealed_the_same_way() -> None:
    assert crypto.seal(KEY, b"words", "place") != crypto.seal(KEY, b"words", "place")


def test_two_containers_at_once_make_one_root_secret(world: LocalCloud) -> None:
    forget_root_secret(world)
    made: list[bytes] = []

    def another_is_faster(_: str, call: Call) -> None:
        if call.operation == "PutItem" and not made:
            world.aws.order_by(None)
            made.append(crypto._make_root_secret())

    world.aws.order_by(another_is_faster)
    try:
        slower = crypto._make_root_secret()
    finally:
        world.aws.order_by(None)
    assert made == [slower]
    assert len(list(items_of(KeyRow, RootSecret.key().pk))) == 1
    # A container that starts later reads the one that counts.
    assert crypto._root_secret.__wrapped__() == slower


def test_the_root_secret_lies_encrypted(world: LocalCloud) -> None:
    forget_root_secret(world)
    secret = crypto._make_root_secret()
    (row,) = read(RootSecret.key())
    assert len(secret) == 32 and secret not in row.encrypted


def test_an_ordinary_request_needs_no_call_to_kms(world: LocalCloud) -> None:
    crypto.keyed_hash("addresses", "warm")
    world.trace.clear()
    crypto.keyed_hash("addresses", "ola@example.com")
    crypto.derived("answers", "a")
    assert len(world.trace) == 0


def test_a_keyed_hash_finds_again_and_tells_apart(world: LocalCloud) -> None:
    one = crypto.keyed_hash("addresses", "ola@example.com")
    assert one == crypto.keyed_hash("addresses", "ola@example.com")
    others = {
        crypto.keyed_hash("sn", "ola@example.com"),
        crypto.keyed_hash("addresses", "ola@example.org"),
        crypto.keyed_hash("addresses", "ola", "@example.com"),
        crypto.keyed_hash("addresses", "ola@", "example.com"),
    }
    assert len(others | {one}) == 5
    assert len(one) == 32 and one.isalnum()


def test_a_keyed_hash_is_another_one_in_another_installation(
    world: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = crypto.keyed_hash("addresses", "ola@example.com")
    monkeypatch.setattr(crypto, "secret_for", lambda purpose: KEY)
    assert crypto.keyed_hash("addresses", "ola@example.com") != here


def test_secrets_of_different_purposes_differ(world: LocalCloud) -> None:
    assert len({crypto.secret_for("a"), crypto.secret_for("b"), crypto.derived("a"), crypto.derived("b")}) == 4


def test_a_signature_is_verified_by_the_public_key(world: LocalCloud) -> None:
    message = b"x" * 10_000
    signature = crypto.sign(message)
    assert len(signature) == 64
    public = load_pem_public_key(crypto.signing_public_pem())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public.verify(der, message, ec.ECDSA(hashes.SHA256()))


def test_comparing_says_equal_or_not() -> None:
    assert crypto.same("ą", "ą") and not crypto.same("a", "b") and not crypto.same("a", "")
