"""Keys of uploaded video, and parts of a prefix: S3's names are the index of segments."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.recordings.rules import names
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.segments import Init, Segment, filmed_at

ROOT = "recordings"
# Of keeping, in days.
CLASSES = (3, 7, 30)
_CLASSES = frozenset(map(str, CLASSES))


@dataclass(frozen=True)
class Upload:
    """An object of video, as its key tells: of which device and ticket, let in on which day (UTC)."""

    keep_days: int
    let_in: str
    device_id: str
    ticket: names.Ticket
    name: str

    @property
    def channel(self) -> str:
        return self.ticket.channel

    @property
    def part(self) -> Part:
        """The smallest that it lies in."""
        return Part(self.keep_days, self.let_in, self.ticket.minute, self.ticket.minute)


def parse_key(object_key: str) -> Upload:
    """`recordings/7/20261129/<device>/1-1205abcdefghij/1/<name>`; raises NameUnknown."""
    root, keep_days, let_in, device_id, folder, channel, name = (*object_key.split("/", 6), *[""] * 6)[:7]
    ticket = names.read_ticket(folder)
    if root != ROOT or keep_days not in _CLASSES or channel != ticket.channel or not name:
        raise NameUnknown
    return Upload(int(keep_days), let_in, device_id, ticket, name)


def read_object(object_key: str, size_bytes: int, arrived: datetime) -> Init | Segment:
    """The init or segment that an object is, by its name; raises NameUnknown."""
    upload, arrived = parse_key(object_key), arrived.replace(microsecond=0)
    if names.is_init(upload.name):
        return Init(object_key, arrived)
    named = names.read_segment(upload.name)
    # Sizes that are not the object's are of another one, and none is as good; nor is one of nothing.
    is_true = sum(named.fragments) == size_bytes and all(named.fragments)
    fragments = named.fragments if is_true else ()
    start = filmed_at(named.stamp, arrived, upload.keep_days)
    return Segment(
        object_key, upload.channel, upload.keep_days, start, named.duration_ms, size_bytes, arrived, fragments,
        named.is_transport_stream,
    )  # fmt: skip


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

    def begin_of(self, device_id: str, channel: str) -> str:
        """The beginning of the keys of a channel on this day, up to the minute of their tickets."""
        return f"{ROOT}/{self.keep_days}/{self.let_in}/{device_id}/{channel}-"


def joined(parts: Iterable[Part]) -> list[Part]:
    """Those of the same class and day as one, from the first to the last minute of any."""
    whole: dict[tuple[int, str], Part] = {}
    for part in parts:
        known = whole.get(part.where, part)
        whole[part.where] = Part(*part.where, min(known.first, part.first), max(known.last, part.last))
    return sorted(whole.values())
