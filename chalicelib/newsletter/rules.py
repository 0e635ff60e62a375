"""Rules of the newsletter: how long its links last, and in which language an issue is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal

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
    """What an issue says, by language, as it is stored."""
    every = {"": {"subject": subject, "text": text}, **translations}
    return json.dumps(every, ensure_ascii=False, sort_keys=True)


def said_in(texts: str, language: str) -> tuple[str, str]:
    """Subject and text for who reads this language; what was not translated is said as it is."""
    every: dict[str, Any] = json.loads(texts)
    said = every.get(language, every[""])
    return str(said["subject"]), str(said["text"])
