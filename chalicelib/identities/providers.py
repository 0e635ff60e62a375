"""The platforms that may vouch for people (OpenID Connect), and what each says in an id token of its own."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import urllib3

from chalicelib import clock
from chalicelib.identities import rules
from chalicelib.identities.rules import IdTokenRefused, PlatformNotOffered, PlatformSilent, Vouched
from chalicelib.settings import settings

if TYPE_CHECKING:
    from joserfc.jwk import Key, KeySet

# Signatures only: with a shared secret, anybody who knows the public key could sign.
_ALGORITHMS = ("RS256", "ES256")
# The local cloud's platform is on this machine; nobody else's keys come unprotected.
_TRUSTED = ("https://", "http://127.0.0.1:")
_CONNECT_S, _READ_S, _PATIENCE_S = 1.0, 1.5, 3.0
_MOST_BYTES = 64 * 1024
# A made-up key id, or a platform that is down, makes us ask no more often.
_PAUSE_S = 20


@dataclass(frozen=True)
class Platform:
    """One that this installation accepts: who signs, for which of our clients, and where its keys are."""

    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    keys_url: str


def vouched(name: str, id_token: str) -> Vouched:
    """What the platform says of a person. The nonce is still to be looked at.

    Raises IdTokenRefused, PlatformNotOffered, PlatformSilent.
    """
    platform = _platform(name)
    # An account of the platform is the same one, whichever of its names the platform signs with.
    return rules.vouched(platform.issuers[0], _verified(platform, id_token))


def _platform(name: str) -> Platform:
    issuers, audiences = (_listed(settings.oidc(name, what)) for what in ("issuers", "audiences"))
    keys_url = settings.oidc(name, "keys_url")
    if not (issuers and audiences and keys_url.startswith(_TRUSTED)):
        raise PlatformNotOffered
    return Platform(issuers, audiences, keys_url)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _verified(platform: Platform, id_token: str) -> dict[str, Any]:
    # Imported here, as it drags in what nearly no request needs.
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        token = jwt.decode(
            id_token, lambda said: _key(platform.keys_url, said.headers()), _ALGORITHMS, decoder_cls=_StrictJSON
        )
        _require_claims(platform, token.claims)
    # What is no token at all may fail in any of these ways.
    except (JoseError, ValueError, TypeError, RecursionError) as cause:
        raise IdTokenRefused from cause
    return token.claims


def _require_claims(platform: Platform, claims: dict[str, Any]) -> None:
    from joserfc.jwt import JWTClaimsRegistry

    JWTClaimsRegistry(
        now=clock.now_s(),
        leeway=rules.LEEWAY_S,
        iss={"essential": True, "values": list(platform.issuers)},
        aud={"essential": True, "values": list(platform.audiences)},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    ).validate(claims)
    audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    # One that is for somebody else as well may have been passed on by them.
    if not set(audiences) <= set(platform.audiences):
        raise IdTokenRefused


class _StrictJSON(json.JSONDecoder):
    """A claim that stands twice, or is no number, would be read by each reader in its own way."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a claim stands twice")
    return said


def _no_constant(name: str) -> None:
    raise ValueError(name)


# Keys


@dataclass
class _Heard:
    """What a platform last said of its keys, and when it was last asked."""

    asked_at: int = 0
    keys: KeySet | None = None
    until: int = 0

    @property
    def is_fresh(self) -> bool:
        return self.keys is not None and self.asked_at <= clock.now_s() < self.until

    @property
    def pause_s(self) -> int:
        """For how many seconds it must not be asked again."""
        since = clock.now_s() - self.asked_at
        return _PAUSE_S - since if 0 <= since < _PAUSE_S else 0


# By address, for the life of the container; what platforms publish, and nothing of a person.
_heard: dict[str, _Heard] = {}
# Lambda brings a container one request at a time; the local cloud does not.
_asking = threading.Lock()


def _key(url: str, header: dict[str, Any]) -> Key:
    """The key that a token's header names; one that is not known makes us ask again, but not each time."""
    heard = _heard.setdefault(url, _Heard())
    if not heard.is_fresh or _named(heard, header) is None:
        with _asking:
            # Whoever waited here may find that it was just asked.
            if not heard.is_fresh or (_named(heard, header) is None and not heard.pause_s):
                _ask(url, heard)
    key = _named(heard, header)
    if key is None:
        raise IdTokenRefused
    return key


def _named(heard: _Heard, header: dict[str, Any]) -> Key | None:
    keys = list(heard.keys or ())
    if "kid" not in header:
        return keys[0] if len(keys) == 1 else None
    return next((key for key in keys if key.kid == header["kid"]), None)


def _ask(url: str, heard: _Heard) -> None:
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    if heard.pause_s:
        raise PlatformSilent(retry_after_seconds=heard.pause_s)
    heard.asked_at = clock.now_s()
    try:
        body, cache_control = _fetched(url)
        keys = KeySet.import_key_set(json.loads(body))
    except (urllib3.exceptions.HTTPError, JoseError, ValueError, TypeError, LookupError, AttributeError) as cause:
        raise PlatformSilent(retry_after_seconds=_PAUSE_S) from cause
    heard.keys, heard.until = keys, heard.asked_at + rules.kept_s(cache_control)


def _fetched(url: str) -> tuple[bytes, str]:
    """The body that lies at this very address, and how long it may be kept; in time and not too long, or not at all."""
    late = clock.ticks_s() + _PATIENCE_S
    answer = _pool().request("GET", url, redirect=False, preload_content=False, decode_content=False)
    try:
        if answer.status != 200:
            raise PlatformSilent(retry_after_seconds=_PAUSE_S)
        body = b""
        while chunk := answer.read1(_MOST_BYTES):
            body += chunk
            if len(body) > _MOST_BYTES or clock.ticks_s() > late:
                raise PlatformSilent(retry_after_seconds=_PAUSE_S)
        return body, answer.headers.get("cache-control", "")
    finally:
        answer.close()


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S))
