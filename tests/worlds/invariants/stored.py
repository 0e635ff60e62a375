"""A dump of everything stored, looked at by kinds of record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from chalicelib import clock, ids
from chalicelib.plans.rules import ledger as plan_rules
from chalicelib.recordings.rules import quarters, uploads
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.segments import Init, Segment
from chalicelib.register import catalogue
from chalicelib.settings import settings
from chalicelib.store import keys
from chalicelib.store.ciphers import DataKey, SubjectCipher
from chalicelib.store.crypto import Unreadable
from chalicelib.store.records import BASES, Record
from chalicelib.store.tags import tag_of

Row = dict[str, Any]
Found = Iterator[str]


@dataclass(frozen=True)
class Stored:
    """A dump, looked at by kinds of record. What has expired is not there, as for every reader."""

    dump: dict[str, Any]

    def rows(self, base: type[Record]) -> list[Row]:
        rows: list[Row] = self.dump["tables"][base.Meta.table_name]
        now_s = clock.now_s()
        return [row for row in rows if _is_there(row, now_s)]

    def of(self, name: str) -> dict[tuple[str, str], Row]:
        """The rows of the record of this name, by partition id and place id."""
        kind, base = _kind_called(name)
        now_s = clock.now_s()
        return {
            (keys.id_of(row["pk"]), keys.id_of(row.get("sk", ""))): row
            for row in self._by_pk_kind[base].get(kind.pk_prefix, ())
            if _is_there(row, now_s) and (kind.sk_prefix is None or keys.kind_of(row["sk"]) == kind.sk_prefix)
        }

    @cached_property
    def _by_pk_kind(self) -> dict[type[Record], dict[str, list[Row]]]:
        found: dict[type[Record], dict[str, list[Row]]] = {}
        for base in BASES:
            of_base = found.setdefault(base, {})
            for row in self.dump["tables"][base.Meta.table_name]:
                of_base.setdefault(keys.kind_of(row["pk"]), []).append(row)
        return found

    @cached_property
    def kinds(self) -> dict[tuple[str, str, str | None], type[Record]]:
        """Those of the catalogue, by their table and by how their keys begin."""
        return {(one.Meta.table_name, one.pk_prefix, one.sk_prefix): one for one in reversed(catalogue.RECORDS)}

    def kind_of(self, table: str, row: Row) -> type[Record] | None:
        place = keys.kind_of(row["sk"]) if "sk" in row else None
        return self.kinds.get((table, keys.kind_of(row["pk"]), place))

    def first_ids(self, name: str) -> dict[str, Row]:
        """The same for records of which a partition has one."""
        return {pk_id: row for (pk_id, _), row in self.of(name).items()}

    @cached_property
    def objects(self) -> dict[str, Row]:
        """Those of the media bucket: what factories lay down is about nobody yet."""
        return {one["key"]: one for one in self.dump["buckets"][settings.media_bucket]}

    @cached_property
    def recorded(self) -> dict[str, Init | Segment]:
        """Uploaded video, by its object's key; what is called otherwise is not among it."""
        found: dict[str, Init | Segment] = {}
        for key, one in self.objects.items():
            if key.startswith(f"{uploads.ROOT}/"):
                with suppress(NameUnknown):
                    found[key] = uploads.read_object(key, len(one["body"]), clock.from_rfc3339(one["last_modified"]))
        return found

    @cached_property
    def segments(self) -> dict[tuple[str, str], list[Segment]]:
        """By device, and by the channel and day that they were filmed on."""
        found: dict[tuple[str, str], list[Segment]] = {}
        for key, one in self.recorded.items():
            if isinstance(one, Segment):
                where = uploads.parse_key(key).device_id, f"{one.channel}.{quarters.day_of(one.start)}"
                found.setdefault(where, []).append(one)
        return found

    @cached_property
    def ciphers(self) -> dict[str, SubjectCipher]:
        """Those of subjects that are alive: their key and their parent's are whole."""
        rows = {one: _key_row(one, row) for one, row in self.first_ids("DataKey").items()}
        found = {}
        for subject_id, row in rows.items():
            with suppress(Unreadable):
                found[subject_id] = row.unlocked(rows.get(ids.parent_of(subject_id)))
        return found

    @cached_property
    def sealed(self) -> list[tuple[type[Record], Row, str]]:
        """(kind, row, attribute) of every value that is tagged as personal."""
        return [(kind, row, name) for kind, row in known_rows(self) for name in personal(kind) if name in row]

    def decrypted(self, row: Row, name: str) -> Any:
        """The value of a sealed attribute; Unreadable without its key."""
        cipher = self.ciphers.get(keys.id_of(row["pk"]))
        if cipher is None:
            raise Unreadable(f"no key for {row['pk']}")
        return cipher.open(as_bytes(row[name]), row["pk"], row["sk"], name)


def _key_row(subject_id: str, row: Row) -> DataKey:
    return DataKey.new(subject_id, encrypted_key=as_bytes(row["encrypted_key"]))


def as_bytes(text: str) -> bytes:
    return text.encode("latin-1")  # as a dump writes them


def _is_there(row: Row, now_s: int) -> bool:
    expires_at: int = row.get("expires_at", now_s + 1)
    return expires_at > now_s


@cache
def _kind_called(name: str) -> tuple[type[Record], type[Record]]:
    """The kind of record, and whose table it lies in."""
    kind = next(one for one in catalogue.RECORDS if one.__name__ == name)
    return kind, next(base for base in BASES if issubclass(kind, base))


@cache
def declared(kind: type[Record]) -> frozenset[str]:
    return frozenset(one.attr_name for one in kind.get_attributes().values())


@cache
def personal(kind: type[Record]) -> list[str]:
    tags = {name: tag_of(attribute) for name, attribute in kind.get_attributes().items()}
    return sorted(name for name, tag in tags.items() if tag is not None and tag.kind == "personal")


def known_rows(stored: Stored) -> Iterator[tuple[type[Record], Row]]:
    for base in BASES:
        for row in stored.rows(base):
            if (kind := stored.kind_of(base.Meta.table_name, row)) is not None:
                yield kind, row


def ledger_of(row: Row) -> plan_rules.Ledger:
    return plan_rules.Ledger.of(row.get("plan_grants"), row.get("plan_pauses"))


INVARIANTS: dict[str, Callable[[Stored], Found]] = {}


def invariant(check: Callable[[Stored], Found]) -> Callable[[Stored], Found]:
    INVARIANTS[check.__name__] = check
    return check
