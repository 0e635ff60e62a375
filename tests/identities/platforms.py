"""Platforms to sign in with: Google is played by a real provider, the others by forgers who own their keys."""

from __future__ import annotations

import json
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from werkzeug.test import Client
from werkzeug.wrappers import Request, Response

from chalicelib import jwks
from infra.local.cloud import LocalCloud
from tests import loopback
from tests.scene import jpeg

CLIENT_ID, OTHER_CLIENT_ID = "sowa-on-the-phone", "sowa-in-the-browser"
GOOGLE, APPLE, FACEBOOK = "https://google.test", "https://apple.test", "https://facebook.test"
NO_KEY: Any = object()


class Google:
    """`oidc-provider-mock`: its own authorization endpoint, codes, tokens and keys."""

    @cached_property
    def client(self) -> Client:
        with warnings.catch_warnings(record=True):  # its libraries' quarrels
            import oidc_provider_mock
        return Client(oidc_provider_mock.app(require_nonce=True))

    def keys(self) -> bytes:
        return self.client.get("/jwks").get_data()

    def id_token(self, nonce: str, subject: str, **claims: Any) -> str:
        """What somebody gets who signs in there, with a code."""
        here: dict[str, Any] = {"base_url": GOOGLE}
        assert self.client.put(f"/users/{subject}", json=claims, **here).status_code == 204
        wanted = {
            "client_id": CLIENT_ID, "redirect_uri": "https://sowa.test/back", "response_type": "code",
            "scope": "openid email profile", "nonce": nonce,
        }  # fmt: skip
        sent = self.client.post(f"/oauth2/authorize?{urlencode(wanted)}", data={"sub": subject}, **here)
        code = parse_qs(urlsplit(sent.headers["Location"]).query)["code"][0]
        body = {**wanted, "grant_type": "authorization_code", "code": code, "client_secret": "any"}
        return str(self.client.post("/oauth2/token", data=body, **here).json["id_token"])


class Forger:
    """Signs whatever it is told to, in the platform's name; `usual` is what that says of its own accord."""

    def __init__(self, issuer: str, **usual: Any) -> None:
        self.usual = {"iss": issuer, **usual}
        self.rsa = RSAKey.generate_key(2048, {"kid": "rsa-1"})
        self.ec = ECKey.generate_key("P-256", {"kid": "ec-1"})

    def keys(self) -> bytes:
        return json.dumps(KeySet([self.rsa, self.ec]).as_dict(private=False)).encode()

    def claims(self, nonce: str, /, **other: Any) -> dict[str, Any]:
        """Right ones; `NO_KEY` leaves one out."""
        now = int(time.time())
        said = {
            "aud": CLIENT_ID, "sub": "apple-1", "nonce": nonce, "iat": now, "exp": now + 600,
            "email": "maja@example.com", **self.usual, **other,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not NO_KEY}

    def sign(self, claims: Any, key: Any = None, algorithms: list[str] | None = None, **header: Any) -> str:
        key = key or self.ec
        head = {"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": key.kid, **header}
        return jwt.encode(head, claims, key, algorithms or [head["alg"]])

    def id_token(self, nonce: str, /, **other: Any) -> str:
        return self.sign(self.claims(nonce, **other))


@dataclass
class Served:
    """The platforms' keys and pictures on a port of this machine, and how they are given."""

    google: Google = field(default_factory=Google)
    # Apple says truth as text; Facebook does not say whether it has proved an address.
    apple: Forger = field(default_factory=lambda: Forger(APPLE, email_verified="true"))
    facebook: Forger = field(default_factory=lambda: Forger(FACEBOOK, sub="facebook-1", name="Maja Nowak"))
    port: int = 0
    asked: list[str] = field(default_factory=list)
    answers: Callable[[], Response] | None = None
    # By path.
    pictures: dict[str, Callable[[], Response]] = field(default_factory=dict)

    def picture(self, gives: Callable[[], Response], name: str = "of-maja", platform: str = "google") -> str:
        """The address of a picture that the platform keeps."""
        path = f"/{platform}/pictures/{name}.jpg"
        self.pictures[path] = gives
        return f"http://127.0.0.1:{self.port}{path}"

    def __call__(self, environ: Any, start_response: Any) -> Any:
        path = Request(environ).path
        self.asked.append(path)
        if path in self.pictures:
            return self.pictures[path]()(environ, start_response)
        platform = getattr(self, path.split("/")[1])
        usual = Response(platform.keys(), headers={"Cache-Control": "public, max-age=7200"})
        answer = usual if self.answers is None else self.answers()
        return answer(environ, start_response)

    @property
    def parameters(self) -> dict[str, str]:
        """What an installation is told that accepts them all."""
        told = {"Google": GOOGLE, "Apple": APPLE, "Facebook": FACEBOOK}
        at = f"http://127.0.0.1:{self.port}"
        return {
            **{f"Oidc{name}Issuers": issuer for name, issuer in told.items()},
            **{f"Oidc{name}Audiences": f"{CLIENT_ID}, {OTHER_CLIENT_ID}" for name in told},
            **{f"Oidc{name}KeysUrl": f"{at}/{name.lower()}/keys" for name in told},
        }

    def as_usual(self) -> None:
        """Nobody was asked yet, and everybody answers."""
        self.asked.clear()
        self.pictures.clear()
        self.answers = None
        jwks._fetched.clear()


@cache
def platforms() -> Served:
    """Those of this process, as its one cloud knows them."""
    return Served()


@contextmanager
def served() -> Iterator[Served]:
    with loopback.served(platforms()) as platforms().port:
        yield platforms()


def nonce(world: LocalCloud) -> str:
    return str(world.call("GET", "/nonce").json["nonce"])


def google_token(world: LocalCloud, subject: str = "google-1", email: str = "maja@example.com", **claims: Any) -> str:
    """The id token of somebody whose address Google has proved."""
    said = {"email": email, "email_verified": True, "name": "Maja Nowak", **claims}
    return platforms().google.id_token(nonce(world), subject, **said)


def google_picture() -> str:
    """Where Google keeps a picture of somebody."""
    return platforms().picture(lambda: Response(jpeg(905, (640, 480)), mimetype="image/jpeg"))
