"""Request and response shapes of accounts."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib import clock, typed
from chalicelib.accounts.records import Account
from chalicelib.contacts.shapes import OneTimeCode, Reached
from chalicelib.entry.wire import END, Line, Name, Shape, Time
from chalicelib.words import DEFAULT_LANGUAGE, LANGUAGES

if TYPE_CHECKING:
    OfferedLanguage = str
else:
    OfferedLanguage = Literal[LANGUAGES]

# What is typed or scanned says how it is brought into its normal form (see entry/wire.py): once, for every door to it.
Language = Annotated[OfferedLanguage, Meta(extra={"normal": typed.language})]
Nickname = Name
Country = Annotated[
    str,
    Meta(pattern="^[A-Z]{2}" + END, description="ISO 3166-1 alpha-2, or XK", extra={"normal": typed.country_code}),
]
Password = Annotated[str, Meta(max_length=1024)]
Id = Annotated[str, Meta(min_length=1, max_length=128)]


class Gps(Shape):
    """Sent only if the person lets the app send it."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Terminal(Shape):
    """The phone or computer that signs in (B2)."""

    os: Line
    model: Line
    unique_id: Annotated[str, Meta(min_length=1, max_length=128)]
    gps: Gps | None = None


class Register(Reached, kw_only=True):
    password: Password
    country: Country
    nickname: Nickname
    birth_date: date
    policy_version: Annotated[str, Meta(max_length=32)]
    language: Language = DEFAULT_LANGUAGE
    terminal: Terminal | None = None


class Registered(Shape):
    registration_id: str


class ChangePassword(Shape):
    current: Password
    new: Password


class AskReset(Reached):
    """An e-mail address, and a device that its owner may name: then it must be the one of this address. Whatever is no
    device of theirs is answered alike."""

    sn: Annotated[str, Meta(max_length=64, extra={"normal": typed.serial_number})] | None = None
    mac: Annotated[str, Meta(max_length=32, extra={"normal": typed.tidied})] | None = None


class Resetting(Shape):
    reset_id: str


class Reset(Shape):
    reset_id: Id
    code: OneTimeCode
    password: Password


class ChangeAddress(Reached):
    """The new one; an e-mail address takes the place of an e-mail address, a number that of a number."""


class Moving(Shape):
    change_id: str


class ConfirmAddress(Shape):
    change_id: Id
    code: OneTimeCode


class SendCode(Shape):
    registration_id: Id


class Confirm(Shape):
    registration_id: Id
    code: OneTimeCode
    terminal: Terminal


class Me(Shape):
    """`avatar_url` is good for five minutes; null where there is none."""

    account_id: str
    email: str | None
    phone: str | None
    nickname: str
    country: str
    language: str
    policy_version: str
    registered_at: Time
    avatar_url: str | None

    @classmethod
    def of(cls, account: Account, avatar_url: str | None) -> Me:
        return cls(
            account_id=account.pk_id,
            email=account.email,
            phone=account.phone,
            nickname=account.nickname,
            country=account.country,
            language=account.language,
            policy_version=account.policy_version,
            registered_at=clock.at_epoch(account.registered_at),
            avatar_url=avatar_url,
        )


class ChangeMe(Shape):
    """Only what is named changes."""

    nickname: Nickname | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    language: Language | UnsetType = UNSET
