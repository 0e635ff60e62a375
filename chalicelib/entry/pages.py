"""Pages with one button, behind links in mails: a link that is opened changes nothing, as mail scanners open every one,
and a person presses once."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib import templates
from chalicelib.settings import settings
from chalicelib.words import Phrase, operator_named


def page(title: Phrase, paragraphs: Sequence[str | Phrase], language: str, *, button: Phrase | None = None) -> str:
    """Its button posts to the address that the page was opened by."""
    return templates.filled(
        "entry/page.html",
        language=language,
        title=title.read_in(language),
        paragraphs=[one if isinstance(one, str) else one.read_in(language) for one in paragraphs],
        button=None if button is None else button.read_in(language),
        operator=operator_named(settings.operator["name"], language),
    )
