"""The tree of subjects as rows tell it: a subject's partition page by page, and what the rows of a page point to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from chalicelib.register import catalogue
from chalicelib.store import raw_items
from chalicelib.store.keys import RawItem
from chalicelib.store.records import Item, Record
from chalicelib.store.tags import tags_of

if TYPE_CHECKING:
    from pynamodb.attributes import Attribute

OBJECT, FOLDER, ENDPOINT, FISCAL, ROW = "object", "folder", "push endpoint", "fiscal", "row"
SUBJECT, HOLDER, HOLD = "subject", "holder", "hold"

# A subject is its kind and its id, joined as its partition is named: `device#q7…`.


def pages_of(subject: str, limit: int) -> Iterator[list[RawItem]]:
    """The items of its partition, known kind or not, expired or not; those written meanwhile may be among them."""
    return raw_items.pages(Item, subject, limit)


def pointers(items: Iterable[RawItem], *kinds: str) -> Iterator[tuple[str, RawItem]]:
    """The values that these items point to, of these kinds of pointer, each with the item that names it.

    Raises UnknownKind: what a kind that nobody knows points to would be passed over in silence.
    """
    for item in items:
        for name, tag in tags_of(catalogue.kind_of(Item, item)).items():
            if tag.points_to in kinds and name in item:
                yield from ((value, item) for value in _values(item[name]))


def _values(raw: RawItem) -> list[str]:
    values: list[str] = raw.get("SS") or [raw["S"]]
    return values


def names_folders(kind: type[Record]) -> bool:
    """Whether records of this kind point to folders of objects."""
    return any(tag.points_to == FOLDER for tag in tags_of(kind).values())


def folders_of(items: Iterable[RawItem]) -> Iterator[str]:
    """The beginnings of the keys of objects to whose folders these items point. Raises UnknownKind."""
    for item in items:
        kind = catalogue.kind_of(Item, item)
        if names_folders(kind):
            yield from kind.from_raw_data(item).folders_of()


def children_of(items: Iterable[RawItem]) -> list[str]:
    """The subjects that hang below the one whose items these are."""
    return [child for child, _ in pointers(items, SUBJECT)]


def holder_of(kind: type[Record]) -> Attribute[Any] | None:
    """The attribute that names the subject to which a row of this kind belongs, as long as it does."""
    named = [name for name, tag in tags_of(kind).items() if tag.points_to == HOLDER]
    return kind.get_attributes()[named[0]] if named else None
