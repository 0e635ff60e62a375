"""Whatever is wrong with an id token, it opens nothing, changes nothing, and is answered like any other wrong one."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from infra.local.cloud import LocalCloud
from tests.identities.people import as_said, enter
from tests.identities.platforms import APPLE, CLIENT_ID, GOOGLE, NO_KEY, OTHER_CLIENT_ID, Forger, nonce, platforms

SOON = 60  # seconds that clocks may differ


def part(said: Any) -> str:
    raw = said if isinstance(said, bytes) else json.dumps(said).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def signed_raw(apple: Forger, payload: bytes) -> str:
    """A payload of any form, well signed."""
    from joserfc import jws

    return jws.serialize_compact({"alg": "ES256", "kid": apple.ec.kid}, payload, apple.ec, ["ES256"])


def escaped(apple: Forger, claims: dict[str, Any]) -> str:
    """With claims that the library cannot write in UTF-8, but JSON can."""
    return signed_raw(apple, json.dumps(claims).encode())


def signed_by_hand(apple: Forger, header: dict[str, Any], claims: dict[str, Any]) -> str:
    """With a header that the library would not write, well signed."""
    from joserfc.jws import JWSRegistry

    signing = f"{part(header)}.{part(claims)}"
    return f"{signing}.{part(JWSRegistry.algorithms['ES256'].sign(signing.encode(), apple.ec))}"


def unsigned(apple: Forger, claims: dict[str, Any], alg: str) -> str:
    return f"{part({'alg': alg, 'kid': apple.ec.kid})}.{part(claims)}."


def flipped(token: str, which: int) -> str:
    """With one bit of this part's middle turned."""
    parts = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(parts[which] + "=="))
    raw[len(raw) // 2] ^= 1
    parts[which] = part(bytes(raw))
    return ".".join(parts)


def public_as_secret(apple: Forger, claims: dict[str, Any]) -> str:
    """HS256 with the platform's public key for a secret."""
    import hashlib
    import hmac

    signing = f"{part({'alg': 'HS256', 'kid': apple.rsa.kid})}.{part(claims)}"
    mac = hmac.digest(apple.rsa.as_pem(private=False), signing.encode(), hashlib.sha256)
    return f"{signing}.{part(mac)}"


def claim(**other: Any) -> Callable[[Forger, str], str]:
    return lambda apple, nonce: apple.id_token(nonce, **other)


def strangers(key: Any, **header: Any) -> Callable[[Forger, str], str]:
    return lambda apple, nonce: apple.sign(apple.claims(nonce), key, **header)


NOT_JSON = {"NaN": b'{"exp": NaN}', "a list": b"[]", "no text": b"\xff\xfe", "nothing": b""}
A_KEY = ECKey.generate_key("P-256", {"kid": "ec-1"})
HOSTILE: dict[str, Callable[[Forger, str], str]] = {
    "another issuer": claim(iss=GOOGLE),
    "an issuer that begins alike": claim(iss=f"{APPLE}.evil.test"),
    "issuers in a list": claim(iss=[APPLE]),
    "half a character for a person": lambda apple, nonce: escaped(apple, {**apple.claims(nonce), "sub": "ola\ud83d"}),
    "half a character for a nonce": lambda apple, nonce: escaped(apple, {**apple.claims(nonce), "nonce": "\ud83d"}),
    "no issuer": claim(iss=NO_KEY),
    "another client's": claim(aud="somebody-elses"),
    "for us and another": claim(aud=[CLIENT_ID, "somebody-elses"]),
    "for nobody": claim(aud=[]),
    "no audience": claim(aud=NO_KEY),
    "an audience that is no text": claim(aud={CLIENT_ID: 1}),
    "a nonce of nobody": claim(nonce="n" * 26),
    "no nonce": claim(nonce=NO_KEY),
    "an empty nonce": claim(nonce=""),
    "a nonce that is a list": lambda apple, nonce: apple.id_token(nonce, nonce=[nonce]),
    "a nonce made longer lasting": lambda apple, nonce: apple.id_token(f"9{nonce}"),
    "a nonce with more": lambda apple, nonce: apple.id_token(f"{nonce}.more"),
    "expired": lambda apple, nonce: apple.id_token(nonce, exp=int(time.time()) - SOON),
    "no expiry": claim(exp=NO_KEY),
    "an expiry that is text": claim(exp="9999999999"),
    "an expiry that is true": claim(exp=True),
    "issued in the future": lambda apple, nonce: apple.id_token(nonce, iat=int(time.time()) + SOON + 1),
    "not issued": claim(iat=NO_KEY),
    "not yet good": lambda apple, nonce: apple.id_token(nonce, nbf=int(time.time()) + SOON + 1),
    "no subject": claim(sub=NO_KEY),
    "an empty subject": claim(sub=""),
    "a subject that is a number": claim(sub=7),
    "alg none": lambda apple, nonce: unsigned(apple, apple.claims(nonce), "none"),
    "alg None": lambda apple, nonce: unsigned(apple, apple.claims(nonce), "None"),
    "no alg": lambda apple, nonce: f"{part({'kid': 'ec-1'})}.{part(apple.claims(nonce))}.",
    "HS256 with the public key": lambda apple, nonce: public_as_secret(apple, apple.claims(nonce)),
    "HS256 with a secret": lambda apple, nonce: apple.sign(
        apple.claims(nonce), OctKey.import_key("s" * 32), ["HS256"], alg="HS256", kid="ec-1"
    ),
    "PS256": lambda apple, nonce: apple.sign(apple.claims(nonce), apple.rsa, ["PS256"], alg="PS256"),
    "a stranger's key under a known id": strangers(A_KEY),
    "a stranger's key that it brings along": strangers(A_KEY, jwk=A_KEY.as_dict(private=False)),
    "a stranger's key that it points to": strangers(A_KEY, jku="https://evil.test/keys"),
    "a key that nobody has": strangers(ECKey.generate_key("P-256", {"kid": "nobodys"})),
    "a key id that is none": strangers(A_KEY, kid=""),
    "no key id, of two keys": lambda apple, nonce: _without_kid(apple, nonce),
    "an EC signature under the RSA key's id": strangers(A_KEY, kid="rsa-1"),
    "an RSA signature under the EC key's id": strangers(RSAKey.generate_key(2048, {"kid": "ec-1"})),
    "another platform's": lambda apple, nonce: platforms().google.id_token(nonce, "google-1"),
    "a turned signature": lambda apple, nonce: flipped(apple.id_token(nonce), 2),
    "a turned payload": lambda apple, nonce: flipped(apple.id_token(nonce), 1),
    "a turned header": lambda apple, nonce: flipped(apple.id_token(nonce), 0),
    "no signature": lambda apple, nonce: apple.id_token(nonce).rpartition(".")[0] + ".",
    "two parts": lambda apple, nonce: apple.id_token(nonce).rpartition(".")[0],
    "four parts": lambda apple, nonce: apple.id_token(nonce) + ".x",
    "a critical header": lambda apple, nonce: signed_by_hand(
        apple, {"alg": "ES256", "kid": "ec-1", "crit": ["new"], "new": 1}, apple.claims(nonce)
    ),
    "a header of our own making": lambda apple, nonce: signed_by_hand(
        apple, {"alg": "ES256", "kid": "ec-1", "new": 1}, apple.claims(nonce)
    ),
    "an encrypted one": lambda apple, nonce: f"{part({'alg': 'dir', 'enc': 'A128GCM'})}..{part(b'x')}.{part(b'x')}.x",
    "a claim that stands twice": lambda apple, nonce: signed_raw(
        apple, json.dumps(apple.claims(nonce)).encode().replace(b'"sub":', b'"sub": "apple-2", "sub":')
    ),
    "an expiry that is NaN": lambda apple, nonce: signed_raw(
        apple, json.dumps(apple.claims(nonce, exp=float("nan"))).encode()
    ),
    "nested deep": lambda apple, nonce: signed_raw(apple, b"[" * 4000),
    **{name: lambda apple, nonce, raw=raw: signed_raw(apple, raw) for name, raw in NOT_JSON.items()},
    "words": lambda apple, nonce: "let me in",
    "dots": lambda apple, nonce: "..",
    "no text of this world": lambda apple, nonce: "\u2028é.\x00.ż",
    "a header that is a list": lambda apple, nonce: f"{part([])}.{part(apple.claims(nonce))}.{part(b'x' * 64)}",
    "a header of numbers": lambda apple, nonce: f"{part({'alg': 7, 'kid': []})}.{part({})}.{part(b'x' * 64)}",
}


def _without_kid(apple: Forger, nonce: str) -> str:
    from joserfc import jwt

    return jwt.encode({"alg": "ES256"}, apple.claims(nonce), apple.ec, ["ES256"])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_token_opens_nothing(world: LocalCloud, name: str) -> None:
    apple, mine = platforms().apple, nonce(world)
    before = world.dump()["tables"]
    answer = enter(world, HOSTILE[name](apple, mine), "apple")
    assert as_said(answer) == (401, "IdTokenRefused"), answer.body
    assert set(answer.json) == {"code", "message", "request_id"}
    assert world.dump()["tables"] == before
    # It was the token's fault: with the same nonce a right one opens.
    assert enter(world, apple.id_token(mine), "apple").status == 201


RIGHT: dict[str, Callable[[Forger, str], str]] = {
    "signed by the elliptic key": claim(),
    "signed by the RSA key": lambda apple, nonce: apple.sign(apple.claims(nonce), apple.rsa),
    "for both of our clients": claim(aud=[CLIENT_ID, OTHER_CLIENT_ID]),
    "from a clock that is a little ahead": lambda apple, nonce: apple.id_token(nonce, iat=int(time.time()) + SOON),
    "from a clock that is a little behind": lambda apple, nonce: apple.id_token(nonce, exp=int(time.time()) - SOON + 1),
    "pointing elsewhere": lambda apple, nonce: apple.sign(apple.claims(nonce), jku="https://evil.test/keys"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_token_opens(world: LocalCloud, name: str) -> None:
    answer = enter(world, RIGHT[name](platforms().apple, nonce(world)), "apple")
    assert answer.status == 201, answer.body
    assert platforms().asked == ["/apple/keys"]


def test_a_token_that_is_too_long_is_not_looked_at(world: LocalCloud) -> None:
    answer = enter(world, platforms().apple.id_token(nonce(world), more="x" * 8192), "apple")
    assert (answer.status, list(answer.json["fields"])) == (422, ["id_token"])
    assert platforms().asked == []


def test_what_is_no_token_of_an_allowed_form_makes_us_ask_nobody(world: LocalCloud) -> None:
    for name in ("alg none", "HS256 with the public key", "words", "dots"):
        enter(world, HOSTILE[name](platforms().apple, nonce(world)), "apple")
    assert platforms().asked == []
