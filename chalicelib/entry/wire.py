"""Decoding and encoding: strict JSON and exact shapes in, named fields out."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from chalicelib.entry.wrong_fields import NOT_VALID, OUT_OF_RANGE, wrong_fields
from chalicelib.errors import Invalid, Malformed, TooLarge

if TYPE_CHECKING:
    from chalicelib.aws import s3

MOST_BODY_BYTES = 256 * 1024
MOST_NESTING = 32
# Each character is read once: what has begun as a string always matches, if need be to the end of the text, and so
# nothing is read again from a later beginning.
_STRINGS_AND_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}
# The end of a pattern; `$` alone would let one more line break through.
END = r"(?!\n)$"


# One line that shows what it says: no control characters, no separators of lines and paragraphs, and none of the marks
# that turn the direction of what is beside it (embeddings, overrides, isolates: https://unicode.org/reports/tr9/).
# Python and ECMA-262, in which the contract is, read it alike.
_HIDING = r"\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_HIDDEN, _SHOWN = f"[{_HIDING}]", f"[^{_HIDING}]*"
_BLANK = r"\s\u00ad\u115f\u1160\u200b-\u200f\u2060-\u2064\u2800\u3164\ufeff\uffa0"
_LINE, _NAME = f"^{_SHOWN}{END}", f"^(?=.*[^{_BLANK}]){_SHOWN}{END}"
# What a device says of itself, or nothing.
Line = Annotated[str, msgspec.Meta(max_length=64, pattern=_LINE)]
# What people call themselves and their things; there is something to be seen in it.
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_NAME)]
# As the contract says them: what every engine reads, and can be written into a client's source. Marks that are hidden
# otherwise are left out, so that it lets more through.
_CONTROLS = r"\x00-\x1f\x7f-\x9f"
IN_CONTRACT = {
    _LINE: f"^[^{_CONTROLS}]*$",
    _NAME: rf"^[^{_CONTROLS}]*[^\s{_CONTROLS}][^{_CONTROLS}]*$",
}
# The same for what is longer than a name: an address, a company with all that it does.
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=_NAME)]

# A moment: RFC 3339 with its offset from UTC; what goes out is in UTC.
Time = Annotated[datetime, msgspec.Meta(tz=True)]

# Of a list, how much is wanted at a time, and what the page before ended with.
Limit = Annotated[int, msgspec.Meta(ge=1, le=200)]
Cursor = Annotated[str, msgspec.Meta(max_length=64)] | None

# What AWS hands to a function: what is in it, each service says in its own way.
Event = dict[str, Any]


class Shape(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A JSON object with exactly these fields."""


class Page(Shape):
    """Which part of a list is wanted."""

    limit: Limit = 50
    cursor: Cursor = None


class Pending(Shape):
    """What is wanted is not there yet, and is being made: the answer is 202, and worth asking for again after so many
    seconds."""

    retry_after_seconds: int


class Listed(Shape):
    """A page of a list; `cursor` asks for the next one, if there is one."""

    items: Any
    cursor: str | None = None


AnyListed = TypeVar("AnyListed", bound=Listed)


def page_of(whole: AnyListed, page: Page) -> AnyListed:
    """The wanted part of a list so short that it is read as a whole; its cursor is a position. Raises Invalid."""
    begin = page.cursor or "0"
    if not (begin.isascii() and begin.isdigit()):
        raise Invalid(fields={"cursor": NOT_VALID})
    end = int(begin) + page.limit
    more = end < len(whole.items)
    return msgspec.structs.replace(whole, items=whole.items[int(begin) : end], cursor=str(end) if more else None)


class Ticket(Shape):
    """A form that may be posted to `url`, its fields first and the file last, with a `key` below `key_prefix`; where
    `key` is among the fields, `key_prefix` is the whole of it. The file has `least_bytes` to `most_bytes`."""

    url: str
    fields: dict[str, str]
    key_prefix: str
    least_bytes: int
    most_bytes: int
    until: Time
    now: Time

    @classmethod
    def of(cls, ticket: s3.Ticket) -> Ticket:
        return cls(
            url=ticket.url,
            fields=ticket.fields,
            key_prefix=ticket.key_prefix,
            least_bytes=ticket.least_bytes,
            most_bytes=ticket.most_bytes,
            until=ticket.until,
            now=ticket.now,
        )


AnyShape = TypeVar("AnyShape", bound=Shape)


def decode(body: bytes) -> object:
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
    for mark in _STRINGS_AND_BRACKETS.findall(text):
        depth += _DEEPER.get(mark, 0)
        if depth > MOST_NESTING:
            raise ValueError("nested too deep")


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key occurs twice")
    return result


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def parse(data: object, shape: type[AnyShape], *, from_text: bool = False) -> AnyShape:
    """The data as this shape, or Invalid naming all wrong fields and what is wanted of each; `from_text` for query
    strings."""
    data = normal(data, shape)
    try:
        parsed = msgspec.convert(data, shape, strict=not from_text)
    except (msgspec.ValidationError, UnicodeEncodeError):
        raise Invalid(fields=wrong_fields(data, shape, from_text=from_text)) from None
    _require_writable(parsed)
    return parsed


def _require_writable(value: object, *within: str) -> None:
    """Of the first and the last hours that a clock can show, some have no time in UTC; of texts, a lone surrogate has
    no UTF-8."""
    if isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            _require_writable(getattr(value, name), *within, name)
    elif isinstance(value, list):
        for one in value:
            _require_writable(one, *within)
    elif isinstance(value, datetime):
        try:
            value.astimezone(UTC)
        except OverflowError:
            raise Invalid(fields={".".join(within): OUT_OF_RANGE}) from None
    elif isinstance(value, str) and not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Invalid(fields={".".join(within): NOT_VALID}) from None


def visible(text: str) -> str:
    """A name that was kept before names had to be shown on one line, as it can be shown."""
    return re.sub(_HIDDEN, " ", text)


def encode(answer: object) -> bytes:
    return b"" if answer is None else msgspec.json.encode(answer)


# What is typed is brought into its normal form before it is judged. How, its type says:
# `Annotated[str, Meta(…, extra={"normal": f})]`.
_Bring = Callable[[object], object]


def normal(data: object, shape: object) -> object:
    """The data with the normal form of every text whose type knows of one, wherever in the shape it is."""
    bring = _normaliser(shape)
    return data if bring is None else bring(data)


@cache
def _normaliser(kind: object) -> _Bring | None:
    if get_origin(kind) is Annotated:
        origin, *metas = get_args(kind)
        normalisers = [meta.extra["normal"] for meta in metas if isinstance(meta, msgspec.Meta) and meta.extra]
        return _of_text(normalisers[0]) if normalisers else _normaliser(origin)
    if get_origin(kind) is list:
        return _of_list(_normaliser(get_args(kind)[0]))
    if get_origin(kind) in (Union, UnionType):
        return next(filter(None, map(_normaliser, get_args(kind))), None)
    return _of_shape(kind) if isinstance(kind, type) and issubclass(kind, msgspec.Struct) else None


def _of_text(bring: Callable[[str], str]) -> _Bring:
    return lambda value: bring(value) if isinstance(value, str) else value


def _of_list(bring: _Bring | None) -> _Bring | None:
    if bring is None:
        return None
    return lambda value: [bring(one) for one in value] if isinstance(value, list) else value


def _of_shape(shape: type[msgspec.Struct]) -> _Bring | None:
    kinds = get_type_hints(shape, include_extras=True)
    named = zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True)
    brings = {field: bring for field, name in named if (bring := _normaliser(kinds[name])) is not None}
    if not brings:
        return None

    def bring_all(value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {name: brings[name](one) if name in brings else one for name, one in value.items()}

    return bring_all
