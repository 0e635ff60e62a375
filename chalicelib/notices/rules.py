"""Rules of notices: their ids, and in which language they are said."""

from __future__ import annotations

from datetime import datetime

from chalicelib.words import translated

# Behind every id that begins with a time.
LAST = "9"


# When the law wants what of an incident (NIS2, Article 23; GDPR, Article 33): a first word to the authority, its
# notification, and the final report.
DEADLINES_S = {"early_warning": 24 * 3600, "notification": 72 * 3600, "final_report": 30 * 86_400}
# Rung so long before, while there is time to do it.
RINGS_BEFORE_S = 4 * 3600


def rings_at(declared_at: int, step: str) -> int:
    return declared_at + DEADLINES_S[step] - RINGS_BEFORE_S


def may_be_withheld(kind: str) -> bool:
    """Whether who has restricted processing, or complained of a mail, need not have this one: the law asks for all
    others."""
    return kind == "announcement"


def stamp_of(at: datetime) -> str:
    """What the ids of notices begin with: to the microsecond, so that they are told apart in their order."""
    return f"{at:%Y%m%dT%H%M%S%fZ}"


def written(title: str, text: str, translations: dict[str, dict[str, str]]) -> str:
    """What is said, by language, as it is stored."""
    return translated.stored({"title": title, "text": text}, translations)


def told_in(texts: str, language: str) -> dict[str, str]:
    """Title and text for who reads this language; what was not translated is said as it is."""
    said = translated.read_in(texts, language)
    return {name: str(said[name]) for name in ("title", "text")}
