"""Listing uploaded video: what lies in S3, segments and inits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from chalicelib.aws import s3
from chalicelib.aws.s3 import Stored
from chalicelib.recordings.rules.containers import INIT_BYTES as INIT_BYTES
from chalicelib.recordings.rules.containers import tracks_of as tracks_of
from chalicelib.recordings.rules.names import NameUnknown
from chalicelib.recordings.rules.names import content_type_of as content_type_of
from chalicelib.recordings.rules.segments import Init, Segment, with_inits
from chalicelib.recordings.rules.uploads import Part, joined, read_object
from chalicelib.recordings.rules.uploads import parse_key as parse_key


def segment_of(stored: Stored) -> Segment | None:
    """The segment that a listed object is, without its init; None for anything else."""
    try:
        found = read_object(stored.key, stored.size_bytes, stored.modified_at)
    except NameUnknown:
        return None
    return found if isinstance(found, Segment) else None


def folder_of(device_id: str, channel: str, keep_days: int, let_in: str, ticket: str) -> str:
    """The beginning of the keys of one ticket, up to the object's name."""
    return f"{Part(keep_days, let_in, '', '').begin_of(device_id, channel)}{ticket}/{channel}/"


@dataclass
class Uploaded:
    """The segments and inits of a listing."""

    segments: list[Segment] = field(default_factory=list)
    inits: list[Init] = field(default_factory=list)

    def add(self, stored: Stored) -> None:
        """Add a listed object, if its name is that of a segment or an init: any other is deleted by whoever is told of
        its arrival."""
        try:
            found = read_object(stored.key, stored.size_bytes, stored.modified_at)
        except NameUnknown:
            return
        if isinstance(found, Init):
            self.inits.append(replace(found, content=f"{stored.size_bytes} {stored.etag}"))
        else:
            self.segments.append(found)

    def paired(self) -> list[Segment]:
        """The segments, each with its init."""
        return with_inits(self.segments, self.inits)


class TooMany(Exception):
    """More objects lie there than were to be listed."""


def uploaded(device_id: str, channel: str, parts: Iterable[Part], *, most: int | None = None) -> Uploaded:
    """Everything of a channel that lies in these parts, as S3 lists it: a call for each thousand, and at least one for
    each part. Keys of `cam-1` lie between those of `cam`: they begin as these do, and are passed over. Raises TooMany
    where there is more than `most`."""
    found, own = Uploaded(), f"/{channel}"
    for nth, stored in enumerate(_listed(device_id, channel, parts)):
        if nth == most:
            raise TooMany
        if stored.key.rpartition("/")[0].endswith(own):
            found.add(stored)
    return found


def _listed(device_id: str, channel: str, parts: Iterable[Part]) -> Iterator[Stored]:
    for part in joined(parts):
        begin = part.begin_of(device_id, channel)
        yield from s3.below(begin, after=f"{begin}{part.first}", last=f"{begin}{part.last}")
