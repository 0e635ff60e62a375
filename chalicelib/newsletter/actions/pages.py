"""Pages behind the links of mails: a link that is opened changes nothing, as mail scanners open every one; a person
presses once (E1)."""

from __future__ import annotations

from typing import Literal

from chalicelib import templates
from chalicelib.consents.rules import current_text
from chalicelib.newsletter.actions.subscribing import PURPOSE
from chalicelib.settings import settings
from chalicelib.words import Phrase, operator_named

Page = Literal["confirm", "confirmed", "unsubscribe", "unsubscribed"]
_ASKS = ("confirm", "unsubscribe")


def page(which: Page, language: str) -> str:
    """The same for every token: it says of nobody whether he is subscribed."""
    text = [Phrase(f"newsletter_{which}_text").read_in(language)]
    if which == "confirm":
        text.append(current_text(PURPOSE, language).words)
    return templates.filled(
        "newsletter/page.html",
        language=language,
        title=Phrase(f"newsletter_{which}_title").read_in(language),
        paragraphs=text,
        button=Phrase(f"newsletter_{which}_button").read_in(language) if which in _ASKS else "",
        operator=operator_named(settings.operator["name"], language),
    )
