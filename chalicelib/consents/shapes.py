"""Shapes of consents on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from chalicelib.consents.rules import Purpose as Purpose
from chalicelib.consents.rules import Way as Way
from chalicelib.entry.wire import Listed, Page, Shape, Time


class ChangeConsent(Shape):
    """To give it, `text_version` is the version of the text that the person was shown, which must be the current one.
    To withdraw it, none is needed. Who agrees to a newer text begins anew: what was gathered by the consent before is
    deleted."""

    given: bool
    text_version: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


class Consent(Shape):
    """`text`, of `text_version`, is what is agreed to from now on, in the language of the request. A consent of before
    stands for the text that it was given to, `given_text_version`."""

    purpose: Purpose
    given: bool
    text_version: str
    text: str
    given_at: Time | None
    given_text_version: str | None


class Consents(Shape):
    """Each purpose there is, also those that were never agreed to."""

    items: list[Consent]


class AskHistory(Page):
    """Which part of the history is wanted."""


class ConsentChange(Shape):
    """`way` is `account` for who was signed in, with the terminal; `link` for a link in a mail, `complaint` for who
    called a mail unwanted, and `bounce` where mails came back. The hash is that of the text in that language (SHA-256,
    hex)."""

    at: Time
    given: bool
    text_version: str
    text_sha256: str
    language: str
    way: Way
    terminal: str | None


class ConsentHistory(Listed):
    """The newest first."""

    items: list[ConsentChange]
