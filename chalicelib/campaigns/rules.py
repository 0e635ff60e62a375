"""Rules of campaigns: what an answer may be, how long entries are kept, and how winners are drawn."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from chalicelib.register import rows
from chalicelib.words import Phrase, translated

KEPT_AFTER_S: Final = rows.EVENT_PARTICIPATION.kept_for.days_after * 86_400
LONGEST_ANSWER: Final = 2000


class Question(Struct, frozen=True):
    """A question of a campaign; without choices, any words are an answer."""

    question_id: str
    text: str
    translations: dict[str, str] = {}
    choices: tuple[str, ...] = ()
    required: bool = True

    def text_in(self, language: str) -> str:
        return self.translations.get(language, self.text)


def written(title: str, text: str, data_use: str, translations: Mapping[str, dict[str, str]]) -> str:
    """The texts of a campaign, by language, as they are stored."""
    return translated.stored({"title": title, "text": text, "data_use": data_use}, translations)


def said_in(texts: str, language: str) -> dict[str, str]:
    """The same for who reads this language; what was not translated is said as it is."""
    said = translated.read_in(texts, language)
    return {name: str(said[name]) for name in ("title", "text", "data_use")}


def wrong_answers(questions: Iterable[Question], answers: Mapping[str, str]) -> dict[str, Phrase]:
    """The faults of the answers, by the question's id."""
    known = {one.question_id: one for one in questions}
    unknown = {one: Phrase("unknown_field") for one in answers if one not in known}
    missing = {one.question_id: Phrase("missing") for one in known.values() if one.required}
    missing = {one: phrase for one, phrase in missing.items() if not answers.get(one, "").strip()}
    others = {
        one: Phrase("not_valid")
        for one, answer in answers.items()
        if one in known and answer and known[one].choices and answer not in known[one].choices
    }
    return {f"answers.{one}": phrase for one, phrase in {**unknown, **others, **missing}.items()}


def seed_hash(seed: str) -> str:
    """The hash of a draw's seed, which is said before anybody enters."""
    return hashlib.sha256(seed.encode()).hexdigest()


def rank(seed: str, ticket: str) -> str:
    """The lowest win: `sha256("<seed>:<ticket>")`, in hex."""
    return hashlib.sha256(f"{seed}:{ticket}".encode()).hexdigest()


def drawn(seed: str, tickets: Iterable[str], count: int) -> list[str]:
    """The tickets that win, the first first; anybody can draw them again who knows seed and tickets."""
    return heapq.nsmallest(count, tickets, key=lambda ticket: rank(seed, ticket))
