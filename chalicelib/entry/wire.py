"""What crosses the wire: strict JSON and exact shapes in, named fields out."""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from chalicelib.errors import Invalid, Malformed, TooLarge, Words

MOST_BODY_BYTES = 256 * 1024
MOST_NESTING = 32
# The end of a pattern; `$` alone would let one more line break through.
END = r"(?!\n)$"


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON object with exactly these fields."""


class Ticket(Shape):
    """A form that may be posted to `url`, its fields first and the file last, with a `key` below `key_prefix`; where
    `key` is among the fields, `key_prefix` is the whole of it. The file has `least_bytes` to `most_bytes`."""

    url: str
    fields: dict[str, str]
    key_prefix: str
    least_bytes: int
    most_bytes: int
    until: datetime
    now: datetime

    @classmethod
    def of(cls, ticket: Any) -> Ticket:
        return cls(
            url=ticket.url,
            fields=ticket.fields,
            key_prefix=ticket.key_prefix,
            least_bytes=ticket.least_bytes,
            most_bytes=ticket.most_bytes,
            until=ticket.until,
            now=ticket.now,
        )


Asked = TypeVar("Asked", bound=Shape)


def decode(body: bytes) -> Any:
    """Strict JSON: no NaN, no duplicate keys, no deep nesting, no half characters. Raises Malformed or TooLarge."""
    if len(body) > MOST_BODY_BYTES:
        raise TooLarge(most_bytes=MOST_BODY_BYTES)
    try:
        text = body.decode()
        _refuse_deep_nesting(text)
        decoded = json.loads(
            text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant, parse_float=_finite
        )
        if "\\u" in text:
            json.dumps(decoded, ensure_ascii=False).encode()  # a lone surrogate is no character
    except (ValueError, RecursionError) as cause:
        raise Malformed from cause
    return decoded


def _refuse_deep_nesting(text: str) -> None:
    if text.count("[") + text.count("{") <= MOST_NESTING:
        return
    depth = 0
    for mark in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
        if depth > MOST_NESTING:
            raise ValueError("nested too deep")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key stands twice")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def parse(data: Any, shape: type[Asked], *, from_text: bool = False) -> Asked:
    """The data as this shape, or Invalid naming the first wrong field; `from_text` for query strings."""
    try:
        return msgspec.convert(data, shape, strict=not from_text)
    except msgspec.ValidationError as wrong:
        raise Invalid(fields=_wrong_field(str(wrong))) from None


# What msgspec says of a value, as a person may read it.
_PHRASES = (
    (r"missing required field", Words("is missing", "brakuje")),
    (r"contains unknown field", Words("is not known here", "nie jest tu znane")),
    (r"of length <= ", Words("is too long", "jest za długie")),
    (r"of length >= ", Words("is too short", "jest za krótkie")),
    (r"<= |>= |< |> ", Words("is out of range", "jest poza zakresem")),
    (r"matching regex", Words("has the wrong form", "ma niewłaściwą postać")),
    (r"Invalid enum value", Words("is none of the possible values", "nie jest jedną z możliwych wartości")),
    (r"Invalid", Words("is not valid", "jest nieprawidłowe")),
)
_WRONG_TYPE = Words("has the wrong type", "ma niewłaściwy typ")


def _wrong_field(said: str) -> dict[str, Words]:
    reason, _, path = said.partition(" - at `")
    inside = re.sub(r"\[[^]]*]", "", path.rstrip("`").removeprefix("$").lstrip("."))
    words = next((words for pattern, words in _PHRASES if re.search(pattern, reason)), _WRONG_TYPE)
    named = re.search(r"field `([^`]+)`", reason)
    return {".".join(part for part in (inside, named[1] if named else "") if part) or "body": words}


def encode(answer: Any) -> bytes:
    return b"" if answer is None else msgspec.json.encode(answer)
