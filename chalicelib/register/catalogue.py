"""The catalogue: every kind of record there is, and every prefix of the bucket."""

from __future__ import annotations

from importlib import import_module
from typing import TypeGuard

from chalicelib import houses
from chalicelib.register.prefixes import Prefix
from chalicelib.store import keys
from chalicelib.store.keys import RawItem
from chalicelib.store.records import Record, UnknownKind


def _declared() -> list[object]:
    """The names of the modules of records, each from the module that declares it."""
    modules = map(import_module, (*houses.modules("records"), *houses.FLOOR_RECORDS))
    return [value for module in modules for value in vars(module).values()]


def _is_kind(value: object) -> TypeGuard[type[Record]]:
    # What other kinds are made from says not where it lies.
    return isinstance(value, type) and issubclass(value, Record) and hasattr(value, "pk_prefix")


RECORDS: tuple[type[Record], ...] = tuple(
    sorted({value for value in _declared() if _is_kind(value)}, key=lambda record: record.__name__)
)
PREFIXES: tuple[Prefix, ...] = tuple(
    sorted({value for value in _declared() if isinstance(value, Prefix)}, key=lambda prefix: prefix.name)
)


def record_at(table: str, pk_prefix: str, sk_prefix: str | None) -> type[Record] | None:
    """The kind of record that lies in this table under keys that begin so."""
    for record in RECORDS:
        if (record.Meta.table_name, record.pk_prefix, record.sk_prefix) == (table, pk_prefix, sk_prefix):
            return record
    return None


def prefix_of(object_key: str) -> Prefix:
    """The prefix below which a key of the bucket lies; raises LookupError."""
    for prefix in PREFIXES:
        if object_key.startswith(prefix.root):
            return prefix
    raise LookupError(object_key)


def kind_of(base: type[Record], item: RawItem) -> type[Record]:
    """The kind of record that an item of this table is; raises UnknownKind."""
    where = keys.kind_of(item["pk"]["S"]), keys.kind_of(item["sk"]["S"]) if "sk" in item else None
    record = record_at(base.Meta.table_name, *where)
    if record is None:
        raise UnknownKind("/".join(filter(None, where)))
    return record
