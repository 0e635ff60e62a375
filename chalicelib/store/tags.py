"""Tags of stored attributes: personal, needed in the clear to be found, or not about a person at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NewType, Protocol, Self, TypeVar, overload

from msgspec import Struct
from pynamodb.attributes import Attribute, NumberAttribute

if TYPE_CHECKING:
    from chalicelib.store.ciphers import SubjectCipher
    from chalicelib.store.records import FiscalRow, Item, Record

Ciphertext = NewType("Ciphertext", bytes)
A = TypeVar("A", bound=Attribute[Any])


class PolicyRow(Protocol):
    """The row of the policy by which something is kept; what else it says is the register's to know."""

    @property
    def id(self) -> str: ...


class Tag(Struct, frozen=True):
    """`points_to` names a copy outside the tables (`push endpoint`), an object of the bucket (`object`), folders of
    objects (`folder`; see Record.folders_of), a record that the law keeps (`fiscal`), one elsewhere that ends with this
    one (`row`), a child, by its kind and id (`subject`), the subject to which this one belongs while it may pass to
    another (`holder`), who keeps it, or a copy by law that outlives it (`hold`); `exported` says that a copy of one's
    data shows it."""

    kind: Literal["personal", "key", "plain"]
    row: PolicyRow | None = None
    why: str = ""
    points_to: str = ""
    exported: bool = False


class NotSealed(TypeError):
    """A personal value was about to be stored in the clear."""


class CipherMissing(RuntimeError):
    """A personal attribute was used on a record that no cipher was given to."""


class Sealed(Attribute[Any]):
    """An attribute that is stored as ciphertext and decrypted with its record's cipher when read.

    The value may be anything JSON can say. It is sealed the moment it is assigned, so a record never carries a
    plain value towards DynamoDB.
    """

    attr_type = "B"

    def __set__(self, instance: Item | FiscalRow, value: object) -> None:
        if value is not None and not isinstance(value, bytes):
            value = _cipher_of(instance).seal(value, instance.pk, instance.sk, self.attr_name)
        super().__set__(instance, value)

    @overload
    def __get__(self, instance: None, owner: type[Item | FiscalRow]) -> Self: ...
    @overload
    def __get__(self, instance: Item | FiscalRow, owner: type[Item | FiscalRow]) -> Any: ...
    def __get__(self, instance: Item | FiscalRow | None, owner: type[Item | FiscalRow]) -> Any:
        if instance is None:
            return self
        value = instance.attribute_values.get(self.attr_name)
        if value is None:
            return None
        return _cipher_of(instance).open(value, instance.pk, instance.sk, self.attr_name)

    def serialize(self, value: object) -> bytes:
        if not isinstance(value, bytes):
            raise NotSealed(self.attr_name)
        return value

    def deserialize(self, value: bytes) -> Ciphertext:
        return Ciphertext(bytes(value))


class Time(NumberAttribute):
    """An instant, in seconds since 1970: whole ones, but for what is compared within a second (`clock.now_to_ms`)."""


def _cipher_of(instance: Item | FiscalRow) -> SubjectCipher:
    if instance.cipher is None:
        raise CipherMissing(type(instance).__name__)
    return instance.cipher


def personal(row: PolicyRow, *, null: bool = False, withheld: str = "") -> Sealed:
    """Data about a person, by this row of the policy: sealed before storage, and shown in a copy of one's data unless
    there is a reason why it must not leave."""
    return _tagged(Sealed(null=null), Tag("personal", row, why=withheld, exported=not withheld))


def key(
    attribute: Attribute[Any], row: PolicyRow, *, why: str, points_to: str = "", exported: bool = False
) -> Attribute[Any]:
    """Must stay in the clear to be found: keyed hashes, random ids, times."""
    return _tagged(attribute, Tag("key", row, why, points_to, exported))


def plain(attribute: Attribute[Any], *, why: str, exported: bool = False) -> Attribute[Any]:
    """Says nothing about a person."""
    return _tagged(attribute, Tag("plain", None, why, exported=exported))


def _tagged(attribute: A, tag: Tag) -> A:
    attribute.tag = tag  # type: ignore[attr-defined]
    return attribute


def tag_of(attribute: object) -> Tag | None:
    return getattr(attribute, "tag", None)


def tags_of(record: type[Record]) -> dict[str, Tag]:
    """Attribute → tag, of a kind of record."""
    return {name: tag for name, attribute in record.get_attributes().items() if (tag := tag_of(attribute))}
