"""Decoding of what DynamoDB answers: records by the types that they declare, straight from the bytes, and items as they
lie there."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct, field
from pynamodb.attributes import Attribute, BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute

from chalicelib.store.keys import RawItem
from chalicelib.store.tags import Sealed

if TYPE_CHECKING:
    from chalicelib.store.records import Record

_Kind = TypeVar("_Kind", bound="Record")
_Item = TypeVar("_Item")


class NotDecodable(TypeError):
    """A record declares an attribute whose values are read by a way of its own, which decoding does not go."""


class NotAsDeclared(RuntimeError):
    """An item is not what its kind of record declares; kind and attribute are named, and no value."""


# What DynamoDB has for a value: the name of its type, and the value. A number is text, which msgspec reads as PynamoDB
# does: without a fraction it is an int. Each is found under this name, whatever its type.


class _Text(Struct, frozen=True, gc=False):
    value: str = field(name="S")


class _Number(Struct, frozen=True, gc=False):
    value: int | float = field(name="N")


class _Bytes(Struct, frozen=True, gc=False):
    value: bytes = field(name="B")


class _Texts(Struct, frozen=True, gc=False):
    value: set[str] = field(name="SS")


_TYPES: dict[str, Any] = {"S": _Text, "N": _Number, "B": _Bytes, "SS": _Texts}
_NOTHING: Any = None


class Items(Struct, Generic[_Item], frozen=True):
    """A page of a Query or a Scan."""

    items: list[_Item] = field(name="Items")
    last: dict[str, Any] | None = field(name="LastEvaluatedKey", default=None)


class One(Struct, frozen=True):
    """The answer to GetItem."""

    item: Raw = field(name="Item", default=Raw())


class Batch(Struct, frozen=True):
    """The answer to BatchGetItem, by the name of the table."""

    items: dict[str, list[Raw]] = field(name="Responses")
    left: dict[str, Any] = field(name="UnprocessedKeys", default={})


class Place(Struct, frozen=True):
    """An item's primary key, and nothing else of it."""

    pk: _Text
    sk: _Text | None = None

    @property
    def key(self) -> tuple[str, str | None]:
        return self.pk.value, None if self.sk is None else self.sk.value


class _Form(Generic[_Kind]):
    """How items of one kind of record are decoded, made from what it declares."""

    def __init__(self, kind: type[_Kind]) -> None:
        self._kind = kind
        attributes = kind.get_attributes()
        types = {name: _TYPES[attribute.attr_type] for name, attribute in attributes.items()}
        row = msgspec.defstruct(
            kind.__name__,
            # An attribute that is not there is None, whether it may be or not: an older version wrote without it.
            [(name, of, field(name=attributes[name].attr_name, default=of(_NOTHING))) for name, of in types.items()],
            frozen=True,
            gc=False,
        )
        self._row = row
        self._record = _reader(kind, attributes)
        # Not strict: numbers stand there as text.
        self._decoder = msgspec.json.Decoder(row, strict=False)
        self._page_decoder = msgspec.json.Decoder(Items[row], strict=False)  # type: ignore[valid-type]

    def decode(self, item: Raw) -> _Kind:
        try:
            return self._record(self._decoder.decode(item))
        except msgspec.ValidationError as error:
            raise self._refusal(error) from None

    def decode_page(self, answer: bytes) -> Items[_Kind]:
        try:
            page: Items[Any] = self._page_decoder.decode(answer)
        except msgspec.ValidationError as error:
            raise self._refusal(error) from None
        return Items([self._record(row) for row in page.items], page.last)

    def convert(self, item: Mapping[str, Any]) -> _Kind:
        try:
            return self._record(msgspec.convert(item, self._row, strict=False, builtin_types=(bytes,)))
        except msgspec.ValidationError as error:
            raise self._refusal(error) from None

    def _refusal(self, error: msgspec.ValidationError) -> NotAsDeclared:
        return NotAsDeclared(f"{self._kind.__name__}: {error}")


def _reader(kind: type[_Kind], names: Iterable[str]) -> Callable[[object], _Kind]:
    """A function that makes a record of a row: written out, as to ask for each value by its name was a fourteenth of a
    list's work."""
    values = ", ".join(f"{name!r}: row.{name}.value" for name in names)
    written = f"def read(row):\n    record = new(kind)\n    record.__dict__.update({{{values}}})\n    return record\n"
    scope: dict[str, Any] = {"new": kind.__new__, "kind": kind}
    exec(written, scope)  # noqa: S102  # of names of our own attributes
    read: Callable[[object], _Kind] = scope["read"]
    return read


_PLAIN = (BinaryAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute, Sealed)
_READERS = tuple(kind.deserialize for kind in _PLAIN)


def require_plain(name: str, attribute: Attribute[Any]) -> None:
    """Raises NotDecodable, for what is read otherwise than by its type, or has a value where it is not stored."""
    is_plain = type(attribute).deserialize in _READERS and not getattr(attribute, "legacy_encoding", False)
    if not is_plain or attribute.default is not None:
        raise NotDecodable(name)


@cache
def form_of(kind: type[_Kind]) -> _Form[_Kind]:
    return _Form(kind)


_one = msgspec.json.Decoder(One)
_batch = msgspec.json.Decoder(Batch)
_place = msgspec.json.Decoder(Place)
_page = msgspec.json.Decoder(Items[Raw])


def one(answer: bytes) -> Raw | None:
    return _one.decode(answer).item or None


def batch(answer: bytes) -> Batch:
    return _batch.decode(answer)


def page(answer: bytes) -> Items[Raw]:
    return _page.decode(answer)


def place_of(item: Raw) -> Place:
    return _place.decode(item)


def item(raw: Raw) -> RawItem:
    """As it lies there, known or not, with its bytes."""
    return with_bytes(msgspec.json.decode(raw))


def with_bytes(item: Mapping[str, Any]) -> RawItem:
    """An item as JSON has it, in which bytes are base64."""
    return {name: _with_bytes(value) for name, value in item.items()}


def _with_bytes(value: dict[str, Any]) -> RawItem:
    ((type_name, held),) = value.items()
    if type_name == "B":
        return {"B": base64.b64decode(held)}
    if type_name == "BS":
        return {"BS": [base64.b64decode(one) for one in held]}
    if type_name == "L":
        return {"L": [_with_bytes(one) for one in held]}
    return {"M": with_bytes(held)} if type_name == "M" else value
