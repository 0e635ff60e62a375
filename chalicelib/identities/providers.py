"""The platforms that may vouch for people (OpenID Connect), and what each says in an id token of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chalicelib import clock, http_fetch, jwks
from chalicelib.identities import rules
from chalicelib.identities.rules import IdTokenRefused, PlatformNotOffered, PlatformSilent, Vouched
from chalicelib.settings import settings

if TYPE_CHECKING:
    from joserfc.jwk import Key

_PICTURE_PATIENCE_S = 10.0
# Signatures only: with a shared secret, anybody who knows the public key could sign.
_ALGORITHMS = ("RS256", "ES256")


@dataclass(frozen=True)
class Platform:
    """One that this installation accepts: who signs, for which of our clients, and where its keys are."""

    issuers: tuple[str, ...]
    audiences: tuple[str, ...]
    keys_url: str


def vouched(name: str, id_token: str) -> Vouched:
    """The verified claims of a person. The nonce is still to be checked.

    Raises IdTokenRefused, PlatformNotOffered, PlatformSilent.
    """
    platform = _platform(name)
    # An account of the platform is the same one, whichever of its names the platform signs with.
    return rules.vouched(platform.issuers[0], _verified(platform, id_token))


def keeps_picture(name: str, url: str) -> bool:
    """Whether the platform keeps pictures of its people at such an address. Raises PlatformNotOffered."""
    return rules.is_picture_of(name, url, _platform(name).keys_url)


def picture_at(name: str, url: str, most_bytes: int) -> bytes | None:
    """The picture at the address; None where there is none to be had, today or tomorrow. Raises PlatformSilent."""
    try:
        if keeps_picture(name, url):
            return http_fetch.get(url, most_bytes=most_bytes, patience_s=_PICTURE_PATIENCE_S).body
    except http_fetch.Silent as cause:
        raise PlatformSilent(retry_after_seconds=1) from cause
    except (http_fetch.FetchFailed, PlatformNotOffered):
        pass
    return None


def _platform(name: str) -> Platform:
    issuers, audiences = (_listed(settings.oidc(name, what)) for what in ("issuers", "audiences"))
    keys_url = settings.oidc(name, "keys_url")
    if not (issuers and audiences and http_fetch.is_trusted(keys_url)):
        raise PlatformNotOffered
    return Platform(issuers, audiences, keys_url)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _verified(platform: Platform, id_token: str) -> dict[str, object]:
    # Imported here, as it drags in what nearly no request needs.
    from joserfc import jwt
    from joserfc.errors import JoseError

    try:
        token = jwt.decode(
            id_token, lambda token: _key(platform.keys_url, token.headers()), _ALGORITHMS, decoder_cls=_StrictJSON
        )
        _require_claims(platform, token.claims)
    # What is no token at all may fail in any of these ways.
    except (JoseError, ValueError, TypeError, RecursionError) as cause:
        raise IdTokenRefused from cause
    return token.claims


def _require_claims(platform: Platform, claims: dict[str, object]) -> None:
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
    """A claim that occurs twice, or is no number, would be read by each reader in its own way."""

    def __init__(self) -> None:
        super().__init__(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    decoded = dict(pairs)
    if len(decoded) != len(pairs):
        raise ValueError("a claim occurs twice")
    return decoded


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _key(url: str, header: dict[str, Any]) -> Key:
    try:
        return jwks.key_at(url, header.get("kid"))
    except jwks.KeyUnknown as cause:
        raise IdTokenRefused from cause
    except jwks.KeysSilent as cause:
        raise PlatformSilent(retry_after_seconds=cause.retry_after_seconds) from cause
