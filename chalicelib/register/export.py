"""A copy of all that is kept about somebody, as a ZIP that is written while it is read; it names no house."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from heapq import heappop, heappush
from math import inf
from pathlib import Path
from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.register import catalogue, tree
from chalicelib.register.archive import Archive, Sink
from chalicelib.register.pointed import Folder, Pointed, pointers
from chalicelib.register.rows import Row, row
from chalicelib.register.tree import FISCAL, FOLDER, OBJECT
from chalicelib.store import ciphers, keys
from chalicelib.store.records import FiscalRow, Item, Record, read
from chalicelib.store.tags import Time, tags_of
from chalicelib.words import DEFAULT_LANGUAGE, Phrase, UnknownMessage, bundle

_HERE = Path(__file__).parent
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ITEMS_OF_A_PAGE = 100
_CHUNK_BYTES = 64 * 1024
# After so much of objects, or so many that were looked at, it is asked again whether to go on.
_BYTES_BEFORE_ASKING = 64 * 1024 * 1024
_OBJECTS_BEFORE_ASKING = 100


# What is in it follows from the tags: every personal attribute, and what else is tagged as exported. Beside the JSON of
# each kind of record lie its JSON Schema, the objects that its records point to, and a page for people.


class Section:
    """The records of one kind of one subject, as they are exported: kept packed, as there may be very many."""

    def __init__(self, kind: type[Record], path: str) -> None:
        self.kind, self.path, self.count = kind, path, 0
        self._packed = bytearray()
        self._packer = zlib.compressobj()

    def add(self, record: dict[str, object]) -> None:
        self.count += 1
        self._packed += self._packer.compress(json.dumps(record, ensure_ascii=False).encode() + b"\n")

    def close(self) -> Section:
        """No record follows."""
        self._packed += self._packer.flush()
        del self._packer
        return self

    @property
    def lines(self) -> Iterator[bytes]:
        """The records, one after the other, as JSON."""
        unpacker, begun = zlib.decompressobj(), b""
        for first in range(0, len(self._packed), _CHUNK_BYTES):
            *whole, begun = (begun + unpacker.decompress(self._packed[first : first + _CHUNK_BYTES])).split(b"\n")
            yield from whole

    @property
    def records(self) -> Iterator[dict[str, object]]:
        return map(json.loads, self.lines)

    @property
    def name(self) -> str:
        return _name_of(self.kind)

    @property
    def rows(self) -> list[Row]:
        """Those rows of the policy by which something of it is kept."""
        found = [row(tag.row.id) for tag in tags_of(self.kind).values() if tag.exported and tag.row is not None]
        return list(dict.fromkeys(found))

    @property
    def is_exported(self) -> bool:
        return self.count > 0 and bool(_exported_attributes(self.kind))


@dataclass(frozen=True)
class Position:
    """A copy's progress: it is behind this object of this subject, and all subjects before that."""

    subject: str
    object_key: str


@dataclass(frozen=True)
class Volume:
    """One archive of a copy: its number, where it goes on, and how much of objects it takes. The first has all rows,
    however much they are; each has one object at least of what is left for it, or has looked at a hundred."""

    number: int = 1
    after: Position | None = None
    most_bytes: float = inf
    most_files: float = inf
    until_ticks: float = inf

    @property
    def is_first(self) -> bool:
        return self.number == 1

    @property
    def contents(self) -> str:
        """The path of the list of its contents, of which none replaces another where all are unpacked together."""
        return "export.json" if self.is_first else f"export-{self.number}.json"

    def is_full(self, archive: Archive, objects_seen: int) -> bool:
        if not self.is_first and not archive.files and objects_seen < _OBJECTS_BEFORE_ASKING:
            return False
        is_much = archive.size_bytes >= self.most_bytes or len(archive.files) >= self.most_files
        return is_much or clock.ticks_s() >= self.until_ticks


def write_volume(
    to: Sink,
    subjects: Iterable[tuple[str, str]],
    volume: Volume,
    *,
    before_page: Callable[[], None],
    language: str,
    operator: str,
) -> Position | None:
    """Write one volume of everything that exists of these subjects (kind and id) and of those that hang below them,
    and where the next one goes on; None if this is the last.

    `before_page` is called before each page of rows or of a folder's objects that is read, and now and then between
    objects, and stops all by raising. What ends while it is written is left out.
    """
    copy = _Copy(to, volume, [keys.joined(*subject) for subject in subjects], before_page)
    for subject in copy.subjects():
        _write_subject(copy, subject)
        if copy.next and not volume.is_first:
            break
    if volume.is_first:
        _write_what_concerns_all(copy, language, operator)
    known = None if copy.next else volume.number
    copy.archive.close(
        volume.contents, language=language, volume=volume.number, volumes=known, withheld=withheld()
    )
    return copy.next


class _Copy:
    """A volume while it is written: subjects that wait, each behind the one it hangs below, and numbers of what the law
    keeps."""

    def __init__(self, to: Sink, volume: Volume, subjects: list[str], before_page: Callable[[], None]) -> None:
        self.archive, self.volume = Archive(to), volume
        self.next: Position | None = None
        self.sections: list[Section] = []
        self.kept_by_law: set[str] = set()
        self._first_id = keys.id_of(subjects[0])
        self._waiting: list[tuple[bool, str, str]] = []
        self._met: set[str] = set()
        self._bytes_unasked = self._objects_seen = 0
        self._before_page = before_page
        self.meet(subjects)

    def subjects(self) -> Iterator[str]:
        """In a sequence that follows from their names alone; children are met before the next one is asked for."""
        while self._waiting:
            yield heappop(self._waiting)[-1]

    def meet(self, subjects: Iterable[str]) -> None:
        for subject in set(subjects) - self._met:
            self._met.add(subject)
            heappush(self._waiting, self._rank(subject))

    def _rank(self, subject: str) -> tuple[bool, str, str]:
        """The first subject is first, and what hangs below one is behind it: a child's id begins with its parent's."""
        subject_id = keys.id_of(subject)
        return not subject_id.startswith(self._first_id), subject_id, subject

    def behind(self, subject: str) -> str | None:
        """The object's key behind which this subject's are due; None if none of them is."""
        after = self.volume.after
        if self.next or (after and self._rank(subject) < self._rank(after.subject)):
            return None
        return after.object_key if after and subject == after.subject else ""

    def is_left(self, subject: str, object_key: str) -> bool:
        """Whether the object is left to the next volume."""
        if self.next is None:
            return False
        return subject != self.next.subject or object_key > self.next.object_key

    def is_some_left(self, subject: str, beginning: str) -> bool:
        """Whether objects whose keys begin so are, if there are any."""
        return self.is_left(subject, beginning) or bool(self.next and self.next.object_key.startswith(beginning))

    @property
    def is_full(self) -> bool:
        return self.volume.is_full(self.archive, self._objects_seen)

    def count_object(self) -> None:
        self._objects_seen += 1
        if self._objects_seen % _OBJECTS_BEFORE_ASKING == 0:
            self.before_page()

    def before_page(self) -> None:
        """Asks whether to go on."""
        self._bytes_unasked = 0
        self._before_page()

    def is_added(self, path: str, object_key: str) -> bool:
        """Whether the object is still there."""
        chunks = s3.chunks(object_key)
        if chunks is None:
            return False
        self._bytes_unasked += self.archive.add(path, chunks, is_packed=True)
        if self._bytes_unasked >= _BYTES_BEFORE_ASKING:
            self.before_page()
        return True

    def add_section(self, section: Section) -> None:
        schema = _schema_path(section.kind)
        self.archive.add(section.path, _as_list(section.lines), records=section.count, schema=schema)
        self.sections.append(section)


def _as_list(lines: Iterable[bytes]) -> Iterator[bytes]:
    before = b"[\n"
    for line in lines:
        yield before + line
        before = b",\n"
    yield b"\n]\n"


# Export of records


def withheld() -> list[dict[str, str]]:
    """The personal attributes that no copy shows, and why."""
    return [
        {"kind": _name_of(kind), "attribute": name, "why": tag.why}
        for kind in catalogue.RECORDS
        for name, tag in sorted(tags_of(kind).items())
        if tag.kind == "personal" and not tag.exported
    ]


def _write_subject(copy: _Copy, subject: str) -> None:
    """The objects that its records point to, as far as there is room, and then the records, which tell where these are;
    its own record first."""
    kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
    subject_kind = catalogue.record_at(Item.Meta.table_name, kind, kind)
    if subject_kind is None:
        raise LookupError(kind)
    subject_record, key, parent_key = read(subject_kind.key(subject_id), *ciphers.chain_of(subject_id))
    if subject_record is None:
        return
    shown_in = _write_objects(copy, subject_record)
    if not copy.volume.is_first:
        return
    sections: dict[type[Record], Section] = {}
    cipher = None if key is None else key.unlocked(parent_key)
    for record in _readable_records(copy, subject_record):
        section = sections.get(type(record))
        if section is None:
            section = sections[type(record)] = Section(type(record), f"{_folder_of(subject)}/{record.sk_prefix}.json")
        where = _where_objects_are(copy, record) | _where_folders_are(copy, record, shown_in)
        section.add(_exported(record.decrypted_with(cipher)) | where)
        copy.kept_by_law |= pointers(record, FISCAL).keys()
    whole = [section.close() for section in sections.values() if section.is_exported]
    for section in sorted(whole, key=lambda section: section.kind is not subject_kind):
        copy.add_section(section)


def _readable_records(copy: _Copy, subject_record: Record) -> Iterator[Record]:
    copy.before_page()
    for items in tree.pages_of(subject_record.pk, _ITEMS_OF_A_PAGE):
        for item in items:
            record = catalogue.kind_of(Item, item).from_raw_data(item)
            if record.is_readable(subject_record):
                yield record
        copy.meet(tree.children_of(items))
        copy.before_page()


def _write_what_concerns_all(copy: _Copy, language: str, operator: str) -> None:
    """Records that the law keeps, the schemas, and the page for people."""
    for section in _kept_by_law(copy):
        copy.add_section(section)
    for kind in dict.fromkeys(section.kind for section in copy.sections):
        copy.archive.add_json(_schema_path(kind), schema_of(kind))
    copy.archive.add("index.html", _page(copy, language, operator))


def _kept_by_law(copy: _Copy) -> Iterator[Section]:
    kinds = [kind for kind in catalogue.RECORDS if issubclass(kind, FiscalRow) and _exported_attributes(kind)]
    for kind in kinds:
        section = Section(kind, f"kept-by-law/{kind.sk_prefix}.json")
        for record in read(*(kind.key("", number) for number in sorted(copy.kept_by_law))):
            if record is not None:
                section.add(_exported(record))
        if section.is_exported:
            yield section.close()


def _exported(record: Record) -> dict[str, object]:
    names = _exported_attributes(type(record))
    values = {name: _plain(type(record), name, getattr(record, name)) for name in names}
    return {"id": record.sort_id or record.pk_id, **values}


def shown_by_rows(record: Record, row_ids: Collection[str]) -> dict[str, object]:
    """The part of a record that a copy of one's data shows, of what these rows of the policy keep; it is decrypted."""
    tags = tags_of(type(record))
    names = [name for name in _exported_attributes(type(record)) if (kept := tags[name].row) and kept.id in row_ids]
    return {name: _plain(type(record), name, getattr(record, name)) for name in names}


@cache
def _exported_attributes(kind: type[Record]) -> list[str]:
    return [name for name, tag in tags_of(kind).items() if tag.exported]


def _plain(kind: type[Record], name: str, value: Any) -> object:
    """As JSON says it: instants in RFC 3339, sets sorted."""
    attribute = kind.get_attributes()[name]
    if value is None:
        return None
    if isinstance(attribute, Time):
        return clock.rfc3339(clock.at_epoch(value))
    if isinstance(attribute, NumberAttribute):
        return int(value) if value == int(value) else float(value)
    return sorted(value) if isinstance(value, set) else value


# Objects


def _write_objects(copy: _Copy, subject_record: Record) -> set[Folder]:
    """The folders in which any was found."""
    shown_in: set[Folder] = set()
    after = copy.behind(subject_record.pk)
    if after is None and copy.volume.is_first:
        return shown_in
    pointed = Pointed(subject_record)
    for record in _readable_records(copy, subject_record):  # by which its children are met in any case
        pointed.add(record)
    if after is None:
        return shown_in
    for found in pointed.behind(after, copy.before_page):
        if copy.is_full:
            copy.next = Position(subject_record.pk, after)
            break
        copy.count_object()
        if found.is_shown and copy.is_added(_path_of(subject_record.pk, found.object_key), found.object_key):
            shown_in.update(found.folders)
        after = found.object_key
    return shown_in


def _folder_of(subject: str) -> str:
    return f"{keys.kind_of(subject)}-{keys.id_of(subject)}"


def _path_of(subject: str, object_key: str) -> str:
    """Its path in the archive, in which the folder names the subject."""
    prefix = catalogue.prefix_of(object_key)
    return f"{_folder_of(subject)}/{prefix.root}{prefix.stamp_of(object_key)}/{prefix.parse_key(object_key)[1]}"


def _where_objects_are(copy: _Copy, record: Record) -> dict[str, object]:
    """Attribute → where in this archive, or in one that follows; None for one that is gone, and of several those that
    are there. What came since the
    subject's objects were written goes into the archive now."""
    found: dict[str, list[str]] = {}
    for object_key, name in sorted(pointers(record, OBJECT).items()):
        path = _path_of(record.pk, object_key)
        is_there = path in copy.archive.paths or copy.is_left(record.pk, object_key)
        found.setdefault(name, []).extend([path] if is_there or copy.is_added(path, object_key) else [])
    attributes = record.get_attributes()
    return {
        name: paths if isinstance(attributes[name], UnicodeSetAttribute) else next(iter(paths), None)
        for name, paths in found.items()
    }


def _where_folders_are(copy: _Copy, record: Record, shown_in: set[Folder]) -> dict[str, object]:
    """Attribute → in which folders, of this archive and of those that follow, its objects are."""
    names = [name for name, tag in tags_of(type(record)).items() if tag.points_to == FOLDER]
    if not names:
        return {}
    where = set()
    for beginning in record.folders_of():
        # Whether those that follow have any would be a listing for each folder, of which there may be thousands.
        if (record.own_key, beginning) in shown_in or copy.is_some_left(record.pk, beginning):
            where.add(_path_of(record.pk, beginning).rpartition("/")[0] + "/")
    return dict.fromkeys(names, sorted(where))


# Its form


def _name_of(kind: type[Record]) -> str:
    return "/".join((kind.pk_prefix, kind.sk_prefix or ""))


def _schema_path(kind: type[Record]) -> str:
    return f"schema/{_name_of(kind).replace('/', '-')}.json"


def schema_of(kind: type[Record]) -> dict[str, object]:
    """JSON Schema of a list of such records."""
    tags = tags_of(kind)
    shown = [name for name, tag in tags.items() if tag.exported or tag.points_to in (OBJECT, FOLDER)]
    properties = {name: _schema_of_attribute(kind, name) for name in shown}
    names = ["id", *_exported_attributes(kind)]
    one = {
        "type": "object",
        "properties": {"id": {"type": "string"}, **properties},
        "required": names,
        "additionalProperties": False,
    }
    return {"$schema": _DRAFT, "title": _name_of(kind), "type": "array", "items": one}


def _schema_of_attribute(kind: type[Record], name: str) -> dict[str, object]:
    tag, attribute = tags_of(kind)[name], kind.get_attributes()[name]
    title = label(name, DEFAULT_LANGUAGE) + ("" if tag.row is None else f" ({tag.row.id})")
    if tag.kind == "personal":
        return {"title": title}
    if tag.points_to == OBJECT and isinstance(attribute, UnicodeSetAttribute):
        return {"title": title, "type": "array", "items": {"type": "string"}, "description": "where in the archives"}
    if tag.points_to == OBJECT:
        return {"title": title, "type": ["string", "null"], "description": "where in this archive"}
    if tag.points_to == FOLDER:
        described = "in which folders of this archive, and of those that follow, where one may be empty"
        return {"title": title, "type": "array", "items": {"type": "string"}, "description": described}
    kind_of_value, more = _json_type(attribute)
    return {"title": title, "type": [kind_of_value, *(["null"] if attribute.null else [])], **more}


def _json_type(attribute: object) -> tuple[str, dict[str, object]]:
    """And what else JSON Schema says of it."""
    if isinstance(attribute, UnicodeSetAttribute):
        return "array", {"items": {"type": "string"}}
    if isinstance(attribute, Time):
        return "string", {"format": "date-time"}
    return "number" if isinstance(attribute, NumberAttribute) else "string", {}


# For people


def label(name: str, language: str) -> str:
    """The name of a kind of record or of an attribute; KeyError where it has none."""
    labels = bundle(language, "labels")
    if name not in labels:
        raise UnknownMessage(f"{name}: not in words/labels/{language}.json")
    return labels[name]


def _page(copy: _Copy, language: str, operator: str) -> Iterator[bytes]:
    # Imported where it is needed: nothing else of the register makes pages.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters["readable"] = _readable
    pieces = pages.get_template("export.html").stream(
        sections=copy.sections,
        is_all=copy.next is None,
        language=language,
        operator=operator,
        label=lambda name: label(name, language),
        phrase=lambda key: Phrase(key).read_in(language),
        objects=lambda section: [name for name, tag in tags_of(section.kind).items() if tag.points_to == OBJECT],
        made_at=clock.rfc3339(clock.now().replace(microsecond=0)),
    )
    pieces.enable_buffering(100)
    return (piece.encode() for piece in pieces)


def _readable(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_readable(one)}" for name, one in value.items())
    return "; ".join(map(_readable, value)) if isinstance(value, list) else str(value)
