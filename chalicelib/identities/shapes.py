"""Request and response shapes of other platforms."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from chalicelib import clock
from chalicelib.accounts.shapes import Country, Terminal
from chalicelib.entry.wire import Listed, Shape, Time

if TYPE_CHECKING:
    from chalicelib.identities.records import LinkedPlatform

PlatformName = Literal["google", "apple", "facebook"]
IdToken = Annotated[str, Meta(min_length=1, max_length=8192, description="an OpenID Connect id token")]


class Nonce(Shape):
    """To be asked of the other platform as it is, so that it comes back in the id token; it is good once."""

    nonce: str
    expires_in_seconds: int


class SignInWithPlatform(Shape):
    """Country, birth date and policy version are needed only for who has no account yet."""

    provider: PlatformName
    id_token: IdToken
    terminal: Terminal
    country: Country | None = None
    birth_date: date | None = None
    policy_version: Annotated[str, Meta(max_length=32)] | None = None


class Link(Shape):
    provider: PlatformName
    id_token: IdToken


class Identity(Shape):
    identity_id: str
    provider: str
    linked_at: Time

    @classmethod
    def of(cls, linked: LinkedPlatform) -> Identity:
        at = clock.at_epoch(linked.linked_at)
        return cls(identity_id=linked.sort_id, provider=linked.platform, linked_at=at)


class Identities(Listed):
    items: list[Identity]
