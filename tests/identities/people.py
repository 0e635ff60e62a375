"""Somebody who signs in with another platform."""

from __future__ import annotations

from typing import Any

from chalicelib import clock
from chalicelib.identities.records import OfferedPicture
from chalicelib.store import ciphers
from chalicelib.store.commit import commit, create
from chalicelib.store.records import read
from infra.local.cloud import LocalCloud
from infra.local.gateway import Response
from tests.identities.platforms import google_token
from tests.scene import POLICY, Person

NEWCOMER = {"country": "PL", "birth_date": "1990-05-17", "policy_version": POLICY}
TERMINAL = {"os": "iOS 26", "model": "iPhone 17", "unique_id": "phone-of-maja"}


def enter(
    world: LocalCloud, id_token: str, provider: str = "google", *, key: str | None = None, **other: Any
) -> Response:
    """With all that a newcomer is asked for; None leaves a field out."""
    body = {"provider": provider, "id_token": id_token, "terminal": TERMINAL, **NEWCOMER, **other}
    said = {name: value for name, value in body.items() if value is not None}
    headers = {"Accept-Language": "pl"} | ({} if key is None else {"Idempotency-Key": key})
    return world.call("POST", "/sessions/federated", said, headers=headers)


def maja(world: LocalCloud, subject: str = "google-1", email: str = "maja@example.com", **claims: Any) -> Person:
    """Somebody whose account Google's word has made."""
    person = Person(world, email, nickname="Maja Nowak", terminal=TERMINAL)
    answer = person._keep(enter(world, google_token(world, subject, email, **claims)))
    assert answer.status == 201, answer.body
    return person


def offer_picture(person: Person, url: str) -> None:
    """As the sign-in does that makes an account; nobody has fetched it yet."""
    (key,) = read(ciphers.key_of(person.account_id))
    said = {"platform": "google", "url": url, "offered_at": clock.now_s(), "expires_at": clock.now_s() + 86_400}
    commit(create(OfferedPicture.new(person.account_id, cipher=key.unlocked(), **said)))


def link(person: Person, id_token: str, provider: str = "google", **headers: str) -> Response:
    body = {"provider": provider, "id_token": id_token}
    return person.call("POST", "/me/identities", body, headers=headers)


def as_said(answer: Response) -> tuple[int, Any]:
    return answer.status, answer.json.get("code")
