"""Another installation of Sowa as ours knows it: it serves another region, publishes its keys, and signs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from werkzeug.wrappers import Response

from infra.local.cloud import PUBLIC_URL
from tests import loopback
from tests.scene import POLICY

REGION, COUNTRY = "oceania", "NZ"
TICKET, ARRIVAL, PLAN_TICKET = "move-ticket+jwt", "move-arrival+jwt", "plan-ticket+jwt"
# What is left of a month of a plan, as a ledger has it.
REST = (
    "2026-01-05T08:00:00Z 2026-01-25T08:00:00Z event-7-month 2 event 7 order:of-the-neighbour 299 EUR 2592000 -"
)


@dataclass
class Neighbour:
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "neighbour-1"}))
    port: int = 0
    answers: Callable[[], Response] | None = None
    asked: int = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        usual = Response(json.dumps(KeySet([self.key]).as_dict(private=False)))
        return (usual if self.answers is None else self.answers())(environ, start_response)

    def sign(self, claims: dict[str, Any], typ: str, *, key: ECKey | None = None, **header: Any) -> str:
        by = key or self.key
        return jwt.encode({"alg": "ES256", "kid": "neighbour-1", "typ": typ, **header}, claims, by, ["ES256"])

    def claims(self, sub: str, **other: Any) -> dict[str, Any]:
        now = int(time.time())
        return {"iss": self.endpoint, "aud": PUBLIC_URL, "sub": sub, "iat": now, "exp": now + 900, **other}

    def ticket(self, sub: str = "a-ticket-of-the-neighbour", typ: str = TICKET, **other: Any) -> str:
        person = {"email": "maja@example.com", "nickname": "Maja", "language": "pl", "policy_version": POLICY}
        return self.sign(self.claims(sub, **{**person, "country": "PL", **other}), typ)

    def plan_ticket(self, *grants: str, typ: str = PLAN_TICKET, **other: Any) -> str:
        plans = {"device_id": "a-device-of-the-neighbour", "grants": [*grants] or [REST]}
        return self.sign(self.claims("a-ticket-of-the-neighbour", **{**plans, **other}), typ)

    def arrival(self, ticket: str, typ: str = ARRIVAL, **other: Any) -> str:
        return self.sign(self.claims(said(ticket)["sub"], **other), typ)


def said(token: str) -> dict[str, Any]:
    """What a token claims, whoever signed it."""
    from joserfc import jws

    claims: dict[str, Any] = json.loads(jws.extract_compact(token.encode()).payload)
    return claims


@cache
def neighbour() -> Neighbour:
    """That of this process, as its one cloud knows it."""
    return Neighbour()


@contextmanager
def served() -> Iterator[Neighbour]:
    with loopback.served(neighbour()) as neighbour().port:
        yield neighbour()
