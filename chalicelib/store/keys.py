"""Primary keys: the only module that builds or parses one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from chalicelib.store.records import Record

_JOINT = "#"
# Sorts after every character that ids and times are made of.
_AFTER_ALL = "~"
_MOST_PK_BYTES, _MOST_SK_BYTES = 2048, 1024
Kind = TypeVar("Kind", bound="Record", covariant=True)
# An item, or the key of one, as DynamoDB's API has it: what a value is, only the name of its type says.
RawItem = dict[str, Any]


class Key(Struct, Generic[Kind], frozen=True):
    """A record's kind and its primary key; `sk` is None in tables without a sort key."""

    record: type[Kind]
    pk: str
    sk: str | None

    @property
    def fits(self) -> bool:
        """Whether anything can lie there at all: DynamoDB calls a longer key an error."""
        return len(self.pk.encode()) <= _MOST_PK_BYTES and len((self.sk or "").encode()) <= _MOST_SK_BYTES

    @property
    def pk_id(self) -> str:
        return id_of(self.pk)

    @property
    def sort_id(self) -> str:
        return id_of(self.sk or "")

    def raw(self) -> RawItem:
        key = {"pk": {"S": self.pk}}
        return key if self.sk is None else key | {"sk": {"S": self.sk}}


def joined(kind: str, *ids: str) -> str:
    """`session` and `q7…` make `session#q7…`; a kind alone stays as it is."""
    return _JOINT.join((kind, *ids))


def written(key: Key[Record]) -> str:
    """As an attribute of another record that points there; no key has a space in it."""
    return f"{key.pk} {key.sk}"


def raw_of(pointer: str) -> RawItem:
    """The key that was written so."""
    pk, _, sk = pointer.partition(" ")
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def kind_of(key: str) -> str:
    return key.split(_JOINT, 1)[0]


def id_of(key: str) -> str:
    """The part after the kind; empty where there is only the kind."""
    return key.partition(_JOINT)[2]


def first_id_of(key: str) -> str:
    """The first of the ids that follow the kind."""
    return id_of(key).partition(_JOINT)[0]


def span(kind: str, first: str = "", last: str = "") -> tuple[str, str]:
    """The lowest and highest sort key of a kind, from the id `first` to the id `last`, all that begin so included."""
    return joined(kind, first), joined(kind, last) + _AFTER_ALL
