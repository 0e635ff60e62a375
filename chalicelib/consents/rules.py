"""Rules of consents: the purposes, the texts in force, and which consents an account has given."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from typing import Final, Literal, get_args

from msgspec import Struct

from chalicelib.words import bundle

Purpose = Literal["experience", "newsletter", "marketing_events", "surveys", "similar_events", "analytics_cookies"]
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
# The way of a consent: of who was signed in, by a link in a mail, because a mail was called unwanted, or came back.
Way = Literal["account", "link", "complaint", "bounce"]
# Whoever agrees to these is written to by us, and so has to be found; or enters what ends with the consent.
LISTED: Final[frozenset[Purpose]] = frozenset({"newsletter", "marketing_events", "surveys"})


class Text(Struct, frozen=True):
    """The text of a purpose in one language; what was agreed to is shown by its hash (SHA-256)."""

    version: str
    words: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.words.encode()).hexdigest()


def current_text(purpose: Purpose, language: str) -> Text:
    """The text that counts from now on. Those of before stay in the bundle, as people agreed to them."""
    return text_of(purpose, _newest_version(purpose), language)


def text_of(purpose: Purpose, version: str, language: str) -> Text:
    """The text of a version that somebody agreed to."""
    return Text(version, bundle(language, "consents")[f"{purpose}/{version}"])


@cache
def _newest_version(purpose: Purpose) -> str:
    versions = [key.partition("/")[2] for key in bundle("en", "consents") if key.startswith(f"{purpose}/")]
    return max(versions)


class Grant(Struct, frozen=True):
    """A consent that is in force, as the account's own row has it: what is gathered by it bears its id, so that another
    consent for the same purpose does not bring back what went with this one."""

    purpose: str
    text_version: str
    given_at: int
    id: str

    @classmethod
    def of(cls, text: str) -> Grant:
        purpose, version, given_at, id = text.split(" ")
        return cls(purpose, version, int(given_at), id)

    @property
    def text(self) -> str:
        return f"{self.purpose} {self.text_version} {self.given_at} {self.id}"


def grant_of(consents: Iterable[str] | None, purpose: str) -> Grant | None:
    """The consent of this purpose among those in force."""
    return next((one for one in map(Grant.of, consents or ()) if one.purpose == purpose), None)


def with_grant(consents: Iterable[str] | None, purpose: str, new: Grant | None) -> set[str] | None:
    """The consents in force once this purpose has this one, or none."""
    others = {text for text in consents or () if Grant.of(text).purpose != purpose}
    return (others | ({new.text} if new is not None else set())) or None
