"""Callers of the API: visitors, signed-in people, cameras and payment providers, and how a token becomes one."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from chalicelib import clock
from chalicelib.entry.needs import Keys
from chalicelib.store.records import Found

if TYPE_CHECKING:
    from chalicelib.accounts.records import Account
    from chalicelib.sessions.records import Session
    from chalicelib.stock.records import Stock
    from chalicelib.store.ciphers import DataKey, SubjectCipher


class Who(Enum):
    """The kind of caller that a route admits."""

    ANYONE = "anyone"
    PERSON = "a signed-in person"
    CAMERA = "a camera"
    PROVIDER = "a payment provider, by its signature"


class Visitor(Struct, frozen=True):
    """The context of every request: its language, the country and address it comes from, and the key by which it may
    be repeated."""

    language: str
    country: str
    repeat_key: str | None
    source_ip: str = ""


class Caller(Struct):
    """A signed-in person: what one consistent read said of them."""

    account: Account
    session: Session
    cipher: SubjectCipher
    data_key: DataKey
    language: str
    country: str
    repeat_key: str | None
    source_ip: str = ""

    @property
    def account_id(self) -> str:
        return self.account.pk_id

    @property
    def terminal(self) -> str:
        """In words that the person knows it by."""
        return self.session.terminal

    @property
    def is_restricted(self) -> bool:
        """Whether the person has restricted processing: what is kept of him is stored, and he reads it."""
        return self.data_key.is_restricted

    @property
    def is_stepped_up(self) -> bool:
        until = self.session.stepped_up_until
        return until is not None and clock.now_s() < until


class Camera(Struct, frozen=True):
    """A camera that proved itself with its token; `device_id` is the ownership it belongs to now, if any."""

    stock: Stock

    @property
    def device_id(self) -> str | None:
        device_id: str | None = self.stock.device_id
        return device_id


class Claim(Protocol):
    """The claims of a token, and the secret that proves it; `lasting` is what it has in common with the other
    tokens of its session."""

    @property
    def account_id(self) -> str: ...
    @property
    def session_id(self) -> str: ...
    @property
    def secret(self) -> str: ...
    @property
    def lasting(self) -> str: ...


class PersonTokens(Protocol):
    """Access tokens: what one claims, which records prove it, and whose it is. Each raises NotSignedIn."""

    def claim_of(self, access_token: str | None) -> Claim: ...
    def keys_of(self, claim: Claim) -> Keys: ...
    def is_alive(self, claim: Claim, found: Found) -> bool: ...
    def vouch(self, claim: Claim, found: Found, visitor: Visitor) -> Caller: ...


class CameraTokens(Protocol):
    """Camera tokens. Raises NotSignedIn."""

    def recognise_camera(self, token: str | None) -> Camera: ...
