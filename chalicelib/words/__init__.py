"""Messages to people: a bundle for each language, an Application Resource Bundle (ARB) in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
DEFAULT_LANGUAGE = "en"


def offered(folder: Path) -> tuple[str, ...]:
    """A language is offered as soon as there is a file of it; none is opened, as most requests say nothing."""
    return tuple(sorted(path.stem for path in folder.iterdir() if path.suffix == ".json"))


LANGUAGES = offered(FOLDER)


class UnknownMessage(KeyError):
    """No language has a message under this key."""


class Phrase:
    """A few words by their key, with what is put into them; the reader's language is known only when they are read."""

    __slots__ = ("arguments", "key")

    def __init__(self, key: str, **arguments: object) -> None:
        self.key = key
        self.arguments = arguments

    def __repr__(self) -> str:
        return f"<Phrase {self.key}>"

    def read_in(self, language: str) -> str:
        """Raises UnknownMessage."""
        messages = bundle(language)
        if self.key not in messages:
            raise UnknownMessage(self.key)
        return messages[self.key].format(**self.arguments)


def operator_named(name: str, language: str) -> str:
    """This name of the operator, or what is said where none is known."""
    return name or Phrase("operator_without_name").read_in(language)


def message(kind: type, language: str) -> str:
    """The message under the name of this class, or of the nearest of its ancestors that has a message."""
    messages = bundle(language)
    for one in kind.__mro__:
        if one.__name__ in messages:
            return messages[one.__name__]
    raise UnknownMessage(kind.__name__)


def bundle(language: str, folder: str = "") -> Mapping[str, str]:
    """The messages of `words/<folder>/<language>.json`; a language that is not offered becomes English."""
    return _read(language if language in LANGUAGES else DEFAULT_LANGUAGE, folder)


@cache
def _read(language: str, folder: str) -> Mapping[str, str]:
    messages = json.loads((FOLDER / folder / f"{language}.json").read_bytes())
    # What begins with an @ is for translators.
    return {key: message for key, message in messages.items() if not key.startswith("@")}
