"""Records of DynamoDB: their declaration, and every way to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, overload

from msgspec import Struct
from pynamodb import attributes, models
from pynamodb.attributes import Attribute, JSONAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model

from chalicelib import clock
from chalicelib.aws.json_calls import call
from chalicelib.errors import Unavailable
from chalicelib.settings import settings
from chalicelib.store import decoding, keys, raw_items, requests
from chalicelib.store.keys import Key, RawItem
from chalicelib.store.tags import Sealed, plain, tag_of, tags_of

if TYPE_CHECKING:
    from chalicelib.aws.s3 import Stored as Stored  # what `shows` of a record is handed
    from chalicelib.store.ciphers import SubjectCipher


def _declared(kind: type, is_wanted: Callable[[object], bool]) -> list[tuple[str, object]]:
    """Attributes of a class and of its bases that are wanted, sorted by name; found where they are declared."""
    found = {name: value for one in reversed(kind.__mro__) for name, value in vars(one).items()}
    bare = {name: value.attribute if isinstance(value, _Declared) else value for name, value in found.items()}
    return sorted((name, value) for name, value in bare.items() if is_wanted(value))


# PynamoDB 6.1 has `inspect.getmembers` ask a class for all that it has, twice for each kind of record: some 4 % of the
# work of a cold start.
for _module in (attributes, models):
    _module.getmembers = _declared  # type: ignore[attr-defined]

# The form of all records, of this version and of those that it can still read: 0.2 is the first of them.
SCHEMA_VERSION = 2


class Untagged(TypeError):
    """A record declares an attribute without saying what it is (see store/tags.py)."""


class _Declared:
    """An attribute in its class: there it is PynamoDB's own, for conditions and updates. An instance holds its values
    itself; PynamoDB's way to each was a third of a list's work."""

    def __init__(self, attribute: Attribute[Any]) -> None:
        self.attribute = attribute

    def __get__(self, instance: object | None, owner: type) -> Attribute[Any] | None:
        return self.attribute if instance is None else None


class UnknownKind(RuntimeError):
    """A partition holds a kind of record that this code does not know; it must not be passed over."""


_Other = TypeVar("_Other", bound="Record")


class Record(Model):
    """One kind of item: `pk_prefix` and `sk_prefix` are the first words of its keys; every attribute bears a tag.

    A record read past its `expires_at` counts as absent, however late DynamoDB's TTL comes.
    """

    pk_prefix: ClassVar[str]
    sk_prefix: ClassVar[str | None]
    # The queue, by its logical id, of the house that listens to records of this kind, who listens if several share the
    # queue, and of which of a stream's events.
    stream_queue: ClassVar[str | None] = None
    stream_listener: ClassVar[str | None] = None
    stream_events: ClassVar[frozenset[str]] = frozenset({"INSERT"})
    # For so long an erasure that has its partition among its subjects leaves it to whoever ends it sooner.
    spared_for: ClassVar[timedelta] = timedelta(0)
    # What a restored table must not bring back, for it would let somebody in, or show something: one that was deleted,
    # and what these attributes were before. A commit notes both in the ledger of deletions. And all that was written
    # before the restore, by the attribute that says when: for what can simply be made, or requested, anew.
    is_deleted_for_good: ClassVar[bool] = False
    replaced_for_good: ClassVar[tuple[str, ...]] = ()
    void_after_restore: ClassVar[str | None] = None
    cipher: SubjectCipher | None = None

    pk = plain(UnicodeAttribute(hash_key=True), why="kind of the subject and its random id")
    schema_version = plain(
        NumberAttribute(default_for_new=SCHEMA_VERSION),
        why="by which version it was written, so that the next one can still read it",
    )
    commit_id = plain(UnicodeAttribute(null=True), why="which commit wrote it: a lost reply is not a false failure")
    expires_at = plain(NumberAttribute(null=True), why="end of its life in seconds since 1970, for TTL")

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        for name, attribute in vars(cls).items():
            if not isinstance(attribute, Attribute):
                continue
            if isinstance(attribute, (MapAttribute, JSONAttribute)):
                raise Untagged(f"{cls.__name__}.{name}: what is inside a raw map or JSON bears no tag")
            tag = tag_of(attribute)
            if tag is None:
                raise Untagged(f"{cls.__name__}.{name}")
            # What is sealed, and what points elsewhere, is found in storage under the name that it has here.
            if (tag.kind == "personal" or tag.points_to) and attribute.attr_name not in (None, name):
                raise Untagged(f"{cls.__name__}.{name} is stored as {attribute.attr_name}")
            decoding.require_plain(f"{cls.__name__}.{name}", attribute)
        _hold_values(cls)

    @property
    def attribute_values(self) -> dict[str, Any]:
        """As they are stored: what is personal is sealed here."""
        return self.__dict__

    @attribute_values.setter
    def attribute_values(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    @classmethod
    def key(cls, pk_id: str = "", *sort_ids: str) -> Key[Self]:
        pk = keys.joined(cls.pk_prefix, *([pk_id] if pk_id else []))
        return Key(cls, pk, None if cls.sk_prefix is None else keys.joined(cls.sk_prefix, *sort_ids))

    @classmethod
    def new(cls, *ids: str, cipher: SubjectCipher | None = None, **values: object) -> Self:
        """A record that is not stored yet; personal values are sealed here and now."""
        where = cls.key(*ids)
        record = cls(where.pk) if where.sk is None else cls(where.pk, where.sk)
        record.cipher = cipher
        record.assign(**values)
        return record

    def assign(self, **values: object) -> None:
        for name, value in values.items():
            if name not in self.get_attributes():
                raise AttributeError(f"{type(self).__name__} has no attribute {name}")
            setattr(self, name, value)

    def decrypted_with(self, cipher: SubjectCipher | None) -> Self:
        """The same record, whose personal attributes can now be read."""
        self.cipher = cipher
        return self

    @property
    def own_key(self) -> Key[Self]:
        return Key(type(self), self.pk, getattr(self, "sk", None))

    @property
    def pk_id(self) -> str:
        return keys.id_of(self.pk)

    @property
    def sort_id(self) -> str:
        return keys.id_of(getattr(self, "sk", ""))

    def _container_serialize(self, null_check: bool = True) -> RawItem:
        # PynamoDB would read each value through the attribute and so unseal it on its way to storage.
        found: RawItem = {}
        for name, attribute in self.get_attributes().items():
            held = self.__dict__.get(name)
            stored = None if held is None else attribute.serialize(held)
            if stored is not None:
                found[attribute.attr_name] = {attribute.attr_type: stored}
        return found

    @classmethod
    def of(cls, raw: RawItem | None) -> Self | None:
        """The record of an item as DynamoDB gives it; None for nothing and for what has expired."""
        if raw is None:
            return None
        record = cls.from_raw_data(raw)
        return None if record.is_over else record

    @classmethod
    def from_raw_data(cls, data: RawItem) -> Self:
        """The record of an item, past its end or not. Raises NotAsDeclared."""
        record: Self = decoding.form_of(cls).convert(data)
        return record

    @property
    def is_over(self) -> bool:
        return self.is_over_at(clock.now_s())

    def is_over_at(self, now_s: int) -> bool:
        """At this second, which who has many records asks for once."""
        if self.expires_at is not None and now_s >= self.expires_at:
            return True
        written_at = self.written_if_void()
        return written_at is not None and not _restoring.get() and written_at < in_service_since()

    def written_if_void(self) -> float | None:
        """The time of its writing, if a restore after that makes it void."""
        return None if self.void_after_restore is None else getattr(self, self.void_after_restore)

    def is_readable(self, subject_record: Record) -> bool:
        """Whether it may still be read; `subject_record` is the record that its partition is named after."""
        return not self.is_over

    def folders_of(self) -> Iterable[str]:
        """The beginnings of its objects' keys, if one of its attributes points to folders: here, its values."""
        for name, tag in tags_of(type(self)).items():
            value = getattr(self, name) if tag.points_to == "folder" else None
            yield from sorted(value) if isinstance(value, set) else filter(None, [value])

    def shows(self, stored: Stored, subject_record: Record) -> bool:
        """Whether an object that lies in one of its folders is its own, and may still be read."""
        return True

    @classmethod
    def list_of(
        cls,
        pk_id: str,
        *,
        first: str = "",
        last: str = "",
        newest_first: bool = False,
        limit: int | None = None,
        after: str | None = None,
    ) -> Page[Self]:
        """Records of this kind in a partition, in the order of their sort ids, read consistently.

        `first` and `last` bound the ids (all that begin with `last` included); `after` is the cursor of the page
        before; without a limit there is one page of all.
        """
        sk_prefix = cls.sk_prefix or ""
        low, high = keys.span(sk_prefix, first, last)
        if after is not None and newest_first:
            high = min(high, keys.joined(sk_prefix, after))
        elif after is not None:
            low = max(low, keys.joined(sk_prefix, after))
        if low > high:  # DynamoDB refuses to look between bounds the wrong way round
            return Page([], None)
        # One more than the page, to know whether anything follows, and the last one of the page before.
        count = None if limit is None else limit + (1 if after is None else 2)
        request = requests.partition(
            cls.Meta.table_name, cls.key(pk_id).pk, between=(low, high), limit=count, newest_first=newest_first
        )
        records: list[Self] = []
        for page_of_answer in raw_items.answers("Query", request, decoding.form_of(cls).decode_page):
            records += page_of_answer if after is None else [one for one in page_of_answer if one.sort_id != after]
            if limit is not None and len(records) > limit:
                break
        more = limit is not None and len(records) > limit
        page, now_s = records[:limit], clock.now_s()
        return Page([one for one in page if not one.is_over_at(now_s)], page[-1].sort_id if more else None)

    @classmethod
    def all_of(
        cls, pk_id: str, *, page_size: int, first: str = "", last: str = "", after: str | None = None
    ) -> Iterator[Self]:
        """The records of `list_of`, of which no more than a page lie in memory."""
        while True:
            page = cls.list_of(pk_id, first=first, last=last, limit=page_size, after=after)
            yield from page.items
            if page.cursor is None:
                return
            after = page.cursor

    @classmethod
    def together_with(
        cls,
        other: type[_Other],
        pk_id: str,
        *,
        limit: int | None = None,
        after: Key[Self] | Key[_Other] | None = None,
    ) -> Page[Self | _Other]:
        """Records of this kind in a partition and then those of the other, by one consistent query of all between.

        No third kind's prefix may sort between theirs. `after` is the key of the last one of the page before, whose
        sort id was its cursor.
        """
        last = None if after is None else after.sk
        low = last or keys.span(cls.sk_prefix or "")[0]
        high = keys.span(other.sk_prefix or "")[1]
        count = None if limit is None else limit + (1 if after is None else 2)
        items: list[RawItem] = []
        for raw_page in raw_items.pages(cls, cls.key(pk_id).pk, count, between=(low, high)) if low <= high else ():
            items += [raw for raw in raw_page if raw["sk"]["S"] != last]
            if limit is not None and len(items) > limit:
                break
        more = limit is not None and len(items) > limit
        page = items[:limit]
        kinds: dict[str | None, type[Self | _Other]] = {cls.sk_prefix: cls, other.sk_prefix: other}
        records = [kinds[keys.kind_of(raw["sk"]["S"])].of(raw) for raw in page]
        return Page([one for one in records if one is not None], keys.id_of(page[-1]["sk"]["S"]) if more else None)


def _hold_values(kind: type[Record]) -> None:
    """Make instances hold their values themselves; a sealed one stays behind its attribute, which opens it."""
    for name, attribute in list(vars(kind).items()):
        if isinstance(attribute, Attribute) and not isinstance(attribute, Sealed):
            setattr(kind, name, _Declared(attribute))


_hold_values(Record)

_Kind = TypeVar("_Kind", bound=Record)
_Kind2 = TypeVar("_Kind2", bound=Record)
_Kind3 = TypeVar("_Kind3", bound=Record)
_Kind4 = TypeVar("_Kind4", bound=Record)
_Kind5 = TypeVar("_Kind5", bound=Record)
_Kind6 = TypeVar("_Kind6", bound=Record)


class Page(Struct, Generic[_Kind], frozen=True):
    """`cursor` is the last sort id of this page, or None if nothing follows."""

    items: list[_Kind]
    cursor: str | None


class TableClosed(Unavailable):
    pass


class _NamedBySettings(type):
    """Table names are known when a function first calls, not when its module is imported."""

    setting: str
    stays_closed: bool = False

    @property
    def table_name(cls) -> str:
        """Raises TableClosed where the table was restored and not put into service."""
        name: str = getattr(settings, cls.setting)
        if cls.stays_closed and not _restoring.get():
            _service_of(name)
        return name


class Item(Record):
    """A record of the main table."""

    sk = plain(UnicodeAttribute(range_key=True), why="kind of the record and its random id or time")

    class Meta(metaclass=_NamedBySettings):
        setting = "items_table"
        stays_closed = True

    @classmethod
    def named(cls, pointer: str) -> Key[Self]:
        """The key of a record of this kind, as another row names it (`keys.written`)."""
        raw = keys.raw_of(pointer)
        return cls.key(keys.id_of(raw["pk"]["S"]), keys.id_of(raw["sk"]["S"]))


class KeyRow(Record):
    """A row of the table of keys, which has no sort key, no stream, and a short memory."""

    class Meta(metaclass=_NamedBySettings):
        setting = "keys_table"


class LedgerRow(Record):
    """A record that must outlive a restore of the other tables: erasures and tombstones."""

    sk = plain(UnicodeAttribute(range_key=True), why="kind of the record and its random id")

    class Meta(metaclass=_NamedBySettings):
        setting = "ledger_table"


class FiscalRow(Record):
    """A record that tax law keeps."""

    sk = plain(UnicodeAttribute(range_key=True), why="kind of the record and its number")

    class Meta(metaclass=_NamedBySettings):
        setting = "fiscal_table"


BASES: tuple[type[Record], ...] = (Item, KeyRow, LedgerRow, FiscalRow)


# A restored table is a copy with another name, so a table that bears its own name is the one that is in service. A
# container asks once. (The table of keys bears its name beside the root secret, see crypto.py.)


class Service(Item):
    """The name of the table that it lies in, unless that is a copy."""

    pk_prefix = "service"
    sk_prefix = "service"

    table = plain(UnicodeAttribute(), why="name of a table")
    since = plain(NumberAttribute(), why="a time: who signed in before must do it again")


_restoring: ContextVar[bool] = ContextVar("restoring", default=False)


@contextmanager
def restoring() -> Iterator[None]:
    """Within, the main table can be read and written though it is not in service."""
    token = _restoring.set(True)
    try:
        yield
    finally:
        _restoring.reset(token)


def is_restoring() -> bool:
    return _restoring.get()


def put_into_service(since: int) -> None:
    """Open the main table, as it is named now, to everybody."""
    with restoring():
        _say_in_service(settings.items_table, since)


def in_service_since() -> int:
    """The time at which the main table was last put into service; 0 if it was never restored."""
    return _service_of(settings.items_table)


@cache
def _service_of(name: str) -> int:
    with restoring():
        found = raw_items.get_one(name, Service.key())
        if found is None:
            # Nothing was ever read here. Whoever comes second says the same.
            _say_in_service(name, 0)
            return 0
    if found["table"]["S"] != name:
        raise TableClosed(retry_after_seconds=600)
    return int(found["since"]["N"])


def _say_in_service(name: str, since: int) -> None:
    call("dynamodb", "PutItem", {"TableName": name, "Item": Service.new(table=name, since=since).serialize()})


class Found:
    """The records of one read, each found by its key: `found[Device.key(device_id)]`, None if absent or over."""

    def __init__(self, records: dict[Key[Record], Record | None]) -> None:
        self._records = records

    def __getitem__(self, key: Key[_Kind]) -> _Kind | None:
        """Raises KeyError for a key that was not among those read, unless nothing can lie there."""
        return cast("_Kind | None", self._records[key])  # each key finds a record of its own kind

    def get(self, key: Key[_Kind]) -> _Kind | None:
        """The same, and None for a key that was not among those read."""
        return cast("_Kind | None", self._records.get(key))


@overload
def read(one: Key[_Kind], /) -> tuple[_Kind | None]: ...
@overload
def read(one: Key[_Kind], two: Key[_Kind2], /) -> tuple[_Kind | None, _Kind2 | None]: ...
@overload
def read(
    one: Key[_Kind], two: Key[_Kind2], three: Key[_Kind3], /
) -> tuple[_Kind | None, _Kind2 | None, _Kind3 | None]: ...
@overload
def read(
    one: Key[_Kind], two: Key[_Kind2], three: Key[_Kind3], four: Key[_Kind4], /
) -> tuple[_Kind | None, _Kind2 | None, _Kind3 | None, _Kind4 | None]: ...
@overload
def read(
    one: Key[_Kind], two: Key[_Kind2], three: Key[_Kind3], four: Key[_Kind4], five: Key[_Kind5], /
) -> tuple[_Kind | None, _Kind2 | None, _Kind3 | None, _Kind4 | None, _Kind5 | None]: ...
@overload
def read(
    one: Key[_Kind], two: Key[_Kind2], three: Key[_Kind3], four: Key[_Kind4], five: Key[_Kind5], six: Key[_Kind6], /
) -> tuple[_Kind | None, _Kind2 | None, _Kind3 | None, _Kind4 | None, _Kind5 | None, _Kind6 | None]: ...
@overload
def read(*wanted: Key[_Kind]) -> tuple[_Kind | None, ...]: ...
def read(*wanted: Key[Record]) -> tuple[Record | None, ...]:
    """The records of these keys, in their order, None for what is absent or over; one consistent call for each
    hundred."""
    found = read_all(wanted)
    return tuple(found[key] for key in wanted)


def read_all(wanted: Iterable[Key[Record]]) -> Found:
    """The same, each to be found by its key."""
    found: dict[Key[Record], Record | None] = dict.fromkeys(wanted)
    by_table: dict[str, list[Key[Record]]] = {}
    for key in found:
        if key.fits:
            by_table.setdefault(key.record.Meta.table_name, []).append(key)
    keys_of = {(name, key.pk, key.sk): key for name, wanted_there in by_table.items() for key in wanted_there}
    for name, item in raw_items.encoded(by_table):
        key = keys_of[name, *decoding.place_of(item).key]
        record = decoding.form_of(key.record).decode(item)
        found[key] = None if record.is_over else record
    return Found(found)
