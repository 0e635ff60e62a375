"""A copy of all that is kept about somebody, as a ZIP that is written while it is read; it names no house."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import IO, Any, Protocol, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute

from chalicelib import clock
from chalicelib.aws import s3
from chalicelib.register import catalogue, tree
from chalicelib.register.rows import Row, row
from chalicelib.register.tree import FISCAL, FOLDER, OBJECT
from chalicelib.store import ciphers, keys
from chalicelib.store.ciphers import SubjectCipher
from chalicelib.store.records import FiscalRow, Item, Record, read
from chalicelib.store.tags import Time, tags_of
from chalicelib.words import DEFAULT_LANGUAGE, Phrase, bundle

FORMAT = "sowa-export/1"
_HERE = Path(__file__).parent
_DRAFT = "https://json-schema.org/draft/2020-12/schema"
_ITEMS_OF_A_PAGE = 100
_CHUNK_BYTES = 64 * 1024
# Of objects in folders, of which there may be very many: after so much it is asked again whether to go on.
_BYTES_BEFORE_ASKING = 64 * 1024 * 1024


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


class Sink(Protocol):
    """A file that can only be appended to."""

    def write(self, data: bytes) -> int:
        """All of it is taken."""

    def flush(self) -> None:
        """Asked for by ZipFile."""


def write_archive(
    to: Sink,
    subjects: Iterable[tuple[str, str]],
    *,
    before_page: Callable[[], None],
    language: str,
    operator: str,
) -> int:
    """Write everything that exists of these subjects (kind and id) and of those that hang below them, and how many
    files that were.

    `before_page` is called before each page of rows or of a folder's objects that is read, and now and then between
    objects, and stops all by raising. What ends while it is written is left out.
    """
    archive, found = _Archive(to), _Found([keys.joined(*subject) for subject in subjects], before_page)
    while found.waiting:
        for section in _sections_of(archive, found, *found.waiting.popleft()):
            archive.add_section(section)
    for section in _kept_by_law(found):
        archive.add_section(section)
    for kind in dict.fromkeys(section.kind for section in archive.sections):
        archive.add_json(_schema_path(kind), schema_of(kind))
    archive.add("index.html", _page(archive.sections, language, operator))
    archive.close(language)
    return len(archive.files)


class _Found:
    """Findings while rows are read: subjects that hang below others, each with its parent, and numbers of what the
    law keeps."""

    def __init__(self, subjects: list[str], before_page: Callable[[], None]) -> None:
        self.waiting: deque[tuple[str, str | None]] = deque((subject, None) for subject in subjects)
        self.kept_by_law: set[str] = set()
        self.bytes_unasked = 0
        self._before_page = before_page

    def before_page(self) -> None:
        """Asks whether to go on."""
        self.bytes_unasked = 0
        self._before_page()


class _Archive:
    def __init__(self, to: Sink) -> None:
        self._zip = ZipFile(cast("IO[bytes]", to), "w")
        self._made_at = clock.now()
        self.files: list[dict[str, object]] = []
        self.sections: list[Section] = []
        self.paths: set[str] = set()

    def add(self, path: str, chunks: Iterable[bytes], *, is_packed: bool = False, **about: object) -> int:
        """Add a file; the number of its bytes."""
        entry = ZipInfo(path, self._made_at.timetuple()[:6])
        entry.compress_type = ZIP_STORED if is_packed else ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w") as file:
            for chunk in chunks:
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        self.files.append({"path": path, "size_bytes": size, "sha256": digest.hexdigest(), **about})
        self.paths.add(path)
        return size

    def add_json(self, path: str, value: object) -> None:
        self.add(path, [json.dumps(value, ensure_ascii=False, indent=1).encode()])

    def add_section(self, section: Section) -> None:
        self.add(
            section.path, _as_list(section.lines), records=section.count, schema=_schema_path(section.kind)
        )
        self.sections.append(section)

    def close(self, language: str) -> None:
        """The list of contents comes last, when they are known."""
        about = {"format": FORMAT, "made_at": clock.rfc3339(self._made_at), "language": language}
        self.add_json("export.json", {**about, "withheld": withheld(), "files": list(self.files)})
        self._zip.close()


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


def _sections_of(archive: _Archive, found: _Found, subject: str, parent: str | None) -> list[Section]:
    """The sections of one subject, its own record first; the objects that its records point to go into the archive
    before them."""
    kind, subject_id = keys.kind_of(subject), keys.id_of(subject)
    subject_kind = catalogue.record_at(Item.Meta.table_name, kind, kind)
    if subject_kind is None:
        raise LookupError(kind)
    subject_record, key, parent_key = read(subject_kind.key(subject_id), *ciphers.chain_of(subject_id))
    if subject_record is None:
        return []
    folder = f"{kind}-{subject_id}"
    sections: dict[type[Record], Section] = {}
    for record in _readable_records(found, subject_record, None if key is None else key.unlocked(parent_key)):
        section = sections.get(type(record))
        if section is None:
            section = sections[type(record)] = Section(type(record), f"{folder}/{record.sk_prefix}.json")
        objects = _with_objects(archive, folder, record) | _with_folders(archive, found, folder, record, subject_record)
        section.add(_exported(record) | objects)
        found.kept_by_law |= _pointers(record, FISCAL).keys()
    whole = [section.close() for section in sections.values() if section.is_exported]
    return sorted(whole, key=lambda section: section.kind is not subject_kind)


def _readable_records(found: _Found, subject_record: Record, cipher: SubjectCipher | None) -> Iterator[Record]:
    found.before_page()
    for items in tree.pages_of(subject_record.pk, _ITEMS_OF_A_PAGE):
        for item in items:
            record = catalogue.kind_of(Item, item).from_raw_data(item)
            if record.is_readable(subject_record):
                yield record.decrypted_with(cipher)
        found.waiting.extend((child, subject_record.pk) for child in tree.children_of(items))
        found.before_page()


def _kept_by_law(found: _Found) -> Iterator[Section]:
    kinds = [kind for kind in catalogue.RECORDS if issubclass(kind, FiscalRow) and _exported_attributes(kind)]
    for kind in kinds:
        section = Section(kind, f"kept-by-law/{kind.sk_prefix}.json")
        for record in read(*(kind.key("", number) for number in sorted(found.kept_by_law))):
            if record is not None:
                section.add(_exported(record))
        if section.is_exported:
            yield section.close()


def _exported(record: Record) -> dict[str, object]:
    names = _exported_attributes(type(record))
    values = {name: _plain(type(record), name, getattr(record, name)) for name in names}
    return {"id": record.sort_id or record.pk_id, **values}


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


def _pointers(record: Record, what: str) -> dict[str, str]:
    """Value → attribute."""
    named = [name for name, tag in tags_of(type(record)).items() if tag.points_to == what]
    held = {name: getattr(record, name) for name in named}
    values = {name: value if isinstance(value, set) else {value} for name, value in held.items() if value is not None}
    return {value: name for name, several in values.items() for value in several}


def _with_objects(archive: _Archive, folder: str, record: Record) -> dict[str, object]:
    """The objects go into the archive, and in the place of each the record tells where; None for one that is gone."""
    where: dict[str, object] = {}
    for object_key, name in _pointers(record, OBJECT).items():
        chunks, path = s3.chunks(object_key), _path_of(folder, object_key)
        where[name] = None if chunks is None else path
        if chunks is not None:
            archive.add(path, chunks, is_packed=True)
    return where


def _path_of(folder: str, object_key: str) -> str:
    """Path of an object in the archive, in which the folder names the subject."""
    prefix = catalogue.prefix_of(object_key)
    return f"{folder}/{prefix.root}{prefix.stamp_of(object_key)}/{prefix.parse_key(object_key)[1]}"


def _with_folders(
    archive: _Archive, found: _Found, folder: str, record: Record, subject_record: Record
) -> dict[str, object]:
    """The objects in folders that the record points to go into the archive, each once, whichever records show it; and
    in the place of the folders the record tells in which ones of the archive they are."""
    names = [name for name, tag in tags_of(type(record)).items() if tag.points_to == FOLDER]
    if not names:
        return {}
    where = set()
    for beginning in record.folders_of():
        for stored in _shown_below(found, beginning, record, subject_record):
            path = _path_of(folder, stored.key)
            if path in archive.paths or _is_added(archive, found, path, stored.key):
                where.add(_path_of(folder, beginning).rpartition("/")[0] + "/")
    return dict.fromkeys(names, sorted(where))


def _shown_below(found: _Found, beginning: str, record: Record, subject_record: Record) -> Iterator[s3.Stored]:
    found.before_page()
    for page in s3.pages(beginning):
        yield from (stored for stored in page if record.shows(stored, subject_record))
        found.before_page()


def _is_added(archive: _Archive, found: _Found, path: str, object_key: str) -> bool:
    """Whether the object is still there."""
    chunks = s3.chunks(object_key)
    if chunks is None:
        return False
    found.bytes_unasked += archive.add(path, chunks, is_packed=True)
    if found.bytes_unasked >= _BYTES_BEFORE_ASKING:
        found.before_page()
    return True


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
    if tag.points_to == OBJECT:
        return {"title": title, "type": ["string", "null"], "description": "where in this archive"}
    if tag.points_to == FOLDER:
        described = "in which folders of this archive"
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
    return bundle(language, "labels")[name]


def _page(sections: list[Section], language: str, operator: str) -> Iterator[bytes]:
    # Imported where it is needed: nothing else of the register makes pages.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(_HERE), undefined=StrictUndefined, autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    pages.filters["readable"] = _readable
    pieces = pages.get_template("export.html").stream(
        sections=sections,
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
