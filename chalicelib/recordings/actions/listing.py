"""Listing uploaded video: S3's names are the index of segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.aws import s3
from chalicelib.aws.s3 import Stored
from chalicelib.recordings.records import VIDEO
from chalicelib.recordings.rules import names
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.names import content_type_of as content_type_of
from chalicelib.recordings.rules.segments import Init, Segment, filmed_at, with_inits, without_doubles
from chalicelib.register.prefixes import Prefix


@dataclass(frozen=True)
class Upload:
    """An object below one of the prefixes of recordings, as its key tells: of which device and ticket, let in when."""

    prefix: Prefix
    let_in: str
    device_id: str
    ticket: names.Ticket
    name: str

    @property
    def keep_days(self) -> int:
        return self.prefix.keep_days or 0

    @property
    def channel(self) -> str:
        return self.ticket.channel


def parse_key(object_key: str) -> Upload:
    """Raises NameUnknown."""
    prefix = next((one for one in VIDEO.values() if object_key.startswith(one.root)), None)
    if prefix is None:
        raise NameUnknown
    device_id, below = prefix.parse_key(object_key)
    folder, _, rest = below.partition("/")
    channel, _, name = rest.partition("/")
    ticket = names.read_ticket(folder)
    if channel != ticket.channel:
        raise NameUnknown
    return Upload(prefix, prefix.stamp_of(object_key), device_id, ticket, name)


def read_object(object_key: str, size_bytes: int, arrived: datetime) -> Init | Segment:
    """The init or segment that an object is, by its name; raises NameUnknown."""
    upload, arrived = parse_key(object_key), arrived.replace(microsecond=0)
    if names.is_init(upload.name):
        return Init(object_key, arrived)
    named = names.read_segment(upload.name)
    # Sizes that are not the object's are of another one, and none is as good.
    fragments = named.fragments if sum(named.fragments) == size_bytes else ()
    start = filmed_at(named.stamp, arrived, upload.keep_days)
    return Segment(
        object_key, upload.channel, upload.keep_days, start, named.duration_ms, size_bytes, arrived, fragments,
        named.is_transport_stream,
    )  # fmt: skip


def segment_of(stored: Stored) -> Segment | None:
    """The segment that a listed object is, without its init; None for anything else."""
    try:
        found = read_object(stored.key, stored.size_bytes, stored.modified_at)
    except NameUnknown:
        return None
    return found if isinstance(found, Segment) else None


@dataclass
class Uploaded:
    """The segments and inits of a listing."""

    segments: list[Segment] = field(default_factory=list)
    inits: list[Init] = field(default_factory=list)

    def add(self, stored: Stored) -> None:
        """What is called otherwise is passed over: it is deleted by whoever is told of its arrival."""
        try:
            found = read_object(stored.key, stored.size_bytes, stored.modified_at)
        except NameUnknown:
            return
        if isinstance(found, Init):
            self.inits.append(found)
        else:
            self.segments.append(found)

    def paired(self) -> list[Segment]:
        """Each segment once, in order of time, with its init."""
        return with_inits(without_doubles(self.segments), self.inits)


@dataclass(frozen=True, order=True)
class Part:
    """A part of a prefix: the tickets that a channel was given on a day, from one minute (`hhmm`) to another."""

    keep_days: int
    let_in: str
    first: str
    last: str

    @classmethod
    def of(cls, text: str) -> Part:
        where, first, last = text.split(" ")
        keep_days, _, let_in = where.partition("/")
        return cls(int(keep_days), let_in, first, last)

    @property
    def text(self) -> str:
        return f"{self.keep_days}/{self.let_in} {self.first} {self.last}"

    @property
    def where(self) -> tuple[int, str]:
        return self.keep_days, self.let_in

    def folder(self, device_id: str) -> str:
        return f"{VIDEO[self.keep_days].root}{self.let_in}/{device_id}/"


def joined(parts: Iterable[Part]) -> list[Part]:
    """Those of the same class and day as one, from the first to the last minute of any."""
    whole: dict[tuple[int, str], Part] = {}
    for part in parts:
        known = whole.get(part.where, part)
        whole[part.where] = Part(*part.where, min(known.first, part.first), max(known.last, part.last))
    return sorted(whole.values())


def uploaded(device_id: str, channel: str, parts: Iterable[Part]) -> Uploaded:
    """Everything that lies in these parts, as S3 lists it: a call for each thousand, and at least one for each part."""
    found = Uploaded()
    for part in joined(parts):
        for stored in _listed(part.folder(device_id), channel, part):
            found.add(stored)
    return found


def _listed(folder: str, channel: str, part: Part) -> Iterator[Stored]:
    for stored in s3.below(f"{folder}{channel}-", after=f"{folder}{channel}-{part.first}"):
        if stored.key[: len(folder) + len(channel) + 5] > f"{folder}{channel}-{part.last}":
            return
        yield stored
