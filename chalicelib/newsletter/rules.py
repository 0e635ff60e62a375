"""Rules of the newsletter: how long its links last, and in which language an issue is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final, Literal

from chalicelib.words import translated

# The link of an order that nobody confirms (E1).
CONFIRMED_WITHIN: Final = timedelta(days=1)
# Longer than any issue takes to be sent; an operator who repeats one that is older sends nobody anything.
CLAIMED_FOR: Final = timedelta(days=30)

# Whom an issue goes to, one after the other.
Stage = Literal["accounts", "addresses", "done"]
_NEXT: Final[dict[str, Stage]] = {"accounts": "addresses", "addresses": "done"}


def stage_after(stage: str, cursor: str | None) -> Stage | str:
    """The same while more of it follows."""
    return stage if cursor is not None else _NEXT[stage]


def written(subject: str, text: str, translations: Mapping[str, dict[str, str]]) -> str:
    """The texts of an issue, by language, as they are stored."""
    return translated.stored({"subject": subject, "text": text}, translations)


def said_in(texts: str, language: str) -> tuple[str, str]:
    """Subject and text for who reads this language; what was not translated is said as it is."""
    said = translated.read_in(texts, language)
    return str(said["subject"]), str(said["text"])
