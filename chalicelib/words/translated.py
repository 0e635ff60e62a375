"""Texts that operators write in several languages, and how they are stored: as JSON, by language."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def stored(own: object, translations: Mapping[str, object]) -> str:
    """`own` is for who reads a language that is not among the translations."""
    return json.dumps({"": own, **translations}, ensure_ascii=False, sort_keys=True)


def read_in(texts: str, language: str) -> Any:
    """The text for who reads this language; what was not translated is said as it is."""
    every: dict[str, Any] = json.loads(texts)
    return every.get(language, every[""])
