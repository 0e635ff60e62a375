"""Objects that the records of one subject point to, alone or in folders, sorted by their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain

from chalicelib.aws import s3
from chalicelib.register import tree
from chalicelib.register.tree import OBJECT
from chalicelib.store.keys import Key
from chalicelib.store.records import Record
from chalicelib.store.tags import tags_of

# A record, and what the keys of the objects in one of its folders begin with.
Folder = tuple[Key[Record], str]


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

    def behind(self, after: str, before_page: Callable[[], None]) -> Iterator[tuple[str, list[Folder]]]:
        """The keys behind this one, each with the folders that it is shown in."""
        for beginning, folders in self._grouped():
            if beginning < after and not after.startswith(beginning):
                continue
            if not folders and beginning != after:
                yield beginning, []
            if not folders:
                continue
            before_page()
            for page in s3.pages(beginning, after=after if after.startswith(beginning) else ""):
                for stored in page:
                    shown_in = [(one.own_key, begin) for begin, one in folders if self._is_shown(stored, begin, one)]
                    if shown_in:
                        yield stored.key, shown_in
                before_page()

    def _is_shown(self, stored: s3.Stored, beginning: str, record: Record) -> bool:
        return stored.key.startswith(beginning) and record.shows(stored, self._subject_record)

    def _grouped(self) -> list[tuple[str, list[tuple[str, Record]]]]:
        """Folders that lie in another one, or are several records', as one: each object is listed once."""
        groups: dict[str, list[tuple[str, Record]]] = {object_key: [] for object_key in self._objects}
        outer = ""
        for beginning, record in sorted(self._folders, key=lambda folder: folder[0]):
            if not outer or not beginning.startswith(outer):
                outer = beginning
            groups.setdefault(outer, []).append((beginning, record))
        return sorted(groups.items(), key=lambda group: group[0])


def is_any_shown(beginning: str, record: Record, subject_record: Record) -> bool:
    """Whether anything in one of its folders is the record's."""
    return any(record.shows(stored, subject_record) for stored in chain.from_iterable(s3.pages(beginning)))


def pointers(record: Record, what: str) -> dict[str, str]:
    """Value → attribute."""
    named = [name for name, tag in tags_of(type(record)).items() if tag.points_to == what]
    held = {name: getattr(record, name) for name in named}
    values = {name: value if isinstance(value, set) else {value} for name, value in held.items() if value is not None}
    return {value: name for name, several in values.items() for value in several}
