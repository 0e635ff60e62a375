"""Capability addresses: whoever has one may play one span of one channel for a while, with nothing stored for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.errors import Conflict, Invalid, NotFound
from chalicelib.instants import at_ms, base36
from chalicelib.words import Phrase

LASTS = timedelta(hours=6)
LONGEST = timedelta(hours=24)
# 80 bits each.
HALF_A_PROOF = 16

_TEXT = re.compile(
    r"(?P<device>[a-z2-7]{52})\.(?P<viewer>[a-z2-7]{26})\.(?P<channel>[A-Za-z0-9_-]{1,32})"
    r"\.(?P<begin>[0-9a-z]{1,9})\.(?P<end>[0-9a-z]{1,9})\.(?P<until>[0-9a-z]{1,7})\.(?P<proof>[a-z2-7]{32})"
)


class RangeInvalid(Invalid):
    pass


class NothingRecorded(NotFound):
    pass


class PlaylistCrossesChange(Conflict):
    """`at` is when the other kind of video begins: what was said of an EXT-X-MAP cannot be taken back for a transport
    stream."""


class PlaylistTooLong(Conflict):
    """`at` is how far a playlist can go: more objects follow than fit into an answer."""


@dataclass(frozen=True)
class Capability:
    """The right to play a span of a channel, by one viewer, and until when; times are milliseconds since 1970, `until`
    seconds."""

    device_id: str
    viewer_id: str
    channel: str
    begin_ms: int
    end_ms: int
    until: int

    @property
    def begin(self) -> datetime:
        return at_ms(self.begin_ms)

    @property
    def end(self) -> datetime:
        return at_ms(self.end_ms)

    @property
    def named(self) -> tuple[str, ...]:
        times = map(base36, (self.begin_ms, self.end_ms, self.until))
        return self.device_id, self.viewer_id, self.channel, *times

    def with_proof(self, proof: str) -> str:
        return ".".join((*self.named, proof))


def read(text: str) -> tuple[Capability, str] | None:
    """The capability and its proof, which is not looked at here; None where it is none."""
    found = _TEXT.fullmatch(text)
    if found is None:
        return None
    begin_ms, end_ms, until = (int(found[name], 36) for name in ("begin", "end", "until"))
    return Capability(found["device"], found["viewer"], found["channel"], begin_ms, end_ms, until), found["proof"]


def require_range(begin: datetime | None, end: datetime | None) -> None:
    """Raises RangeInvalid, unless the one is before the other."""
    if begin is not None and end is not None and begin >= end:
        raise RangeInvalid(fields={"to": Phrase("not_after_the_beginning")})


def require_day(begin: datetime, end: datetime) -> None:
    """Raises RangeInvalid, unless there are at most 24 hours from the one to the other."""
    require_range(begin, end)
    if end - begin > LONGEST:
        raise RangeInvalid(fields={"to": Phrase("more_than_24_hours_later")})
