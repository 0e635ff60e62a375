"""Objects that the records of one subject point to, alone or in folders, sorted by their keys."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from operator import itemgetter

from chalicelib.aws import s3
from chalicelib.register import tree
from chalicelib.register.tree import OBJECT
from chalicelib.store.keys import Key
from chalicelib.store.records import Record
from chalicelib.store.tags import tags_of

# A record, and what the keys of the objects in one of its folders begin with.
Folder = tuple[Key[Record], str]


@dataclass(frozen=True)
class Found:
    """An object's key, and the folders that it is shown in; `is_shown` also if a record names it alone."""

    object_key: str
    folders: list[Folder]
    is_shown: bool


class Pointed:
    """Sorted by keys, so that who was interrupted can go on: nothing comes twice, whichever records show it, and what
    comes or ends meanwhile moves nothing else."""

    def __init__(self, subject_record: Record) -> None:
        self._subject_record = subject_record
        self._objects: set[str] = set()
        self._folders: list[tuple[str, Record]] = []

    def add(self, record: Record) -> None:
        self._objects.update(pointers(record, OBJECT))
        if tree.names_folders(type(record)):
            self._folders += [(beginning, record) for beginning in record.folders_of()]

    def behind(self, after: str, before_page: Callable[[], None]) -> Iterator[Found]:
        """Objects behind this key: every one that a record names, and every one in its folders, shown or not."""
        for beginning, folders in self._grouped():
            if beginning < after and not after.startswith(beginning):
                continue
            if not folders and beginning != after:
                yield Found(beginning, [], is_shown=True)
            if not folders:
                continue
            before_page()
            for page in s3.pages(beginning, after=after if after.startswith(beginning) else ""):
                yield from (self._found(stored, folders) for stored in page)
                before_page()

    def _found(self, stored: s3.Stored, folders: list[tuple[str, Record]]) -> Found:
        shown_in = [(one.own_key, begin) for begin, one in folders if self._is_shown(stored, begin, one)]
        return Found(stored.key, shown_in, bool(shown_in) or stored.key in self._objects)

    def _is_shown(self, stored: s3.Stored, beginning: str, record: Record) -> bool:
        return stored.key.startswith(beginning) and record.shows(stored, self._subject_record)

    def _grouped(self) -> list[tuple[str, list[tuple[str, Record]]]]:
        """Folders that lie in another one, or are several records', as one, and objects that lie in none: each object
        is met once."""
        groups: dict[str, list[tuple[str, Record]]] = {}
        for beginning, record in sorted(self._folders, key=itemgetter(0)):
            # What begins like another one is sorted behind it, with nothing else in between.
            outer = next(reversed(groups), None)
            groups.setdefault(beginning if outer is None or not beginning.startswith(outer) else outer, []).append(
                (beginning, record)
            )
        outers = list(groups)
        for object_key in self._objects:
            at = bisect_right(outers, object_key)
            if not at or not object_key.startswith(outers[at - 1]):
                groups[object_key] = []
        return sorted(groups.items(), key=itemgetter(0))


def pointers(record: Record, what: str) -> dict[str, str]:
    """Value → attribute."""
    named = [name for name, tag in tags_of(type(record)).items() if tag.points_to == what]
    held = {name: getattr(record, name) for name in named}
    values = {name: value if isinstance(value, set) else {value} for name, value in held.items() if value is not None}
    return {value: name for name, several in values.items() for value in several}
