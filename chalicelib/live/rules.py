"""What holds for live views: how long they last, what pieces are called, and how a playlist is written (RFC 8216)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

LASTS = timedelta(minutes=5)
LEAST_BYTES, MOST_BYTES = 1, 8 * 1024 * 1024
TICKET_LIFE = timedelta(minutes=15)
# Of all guests of a device together: its owner can always look.
MOST_OF_GUESTS = 20
MOST_OF_ONE = 3
# How many pieces a playlist shows: enough to begin with, and few enough to be near to now.
SHOWN = 6
VIDEO, TRANSPORT_STREAM = "video/mp4", "video/mp2t"
PLAYLIST = "application/vnd.apple.mpegurl"

CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_PLACE = re.compile(r"(?P<hour>[0-9]{10})-(?P<name>.+)")
_INIT = re.compile(r"init-[A-Za-z0-9_-]{1,64}\.mp4")
_PIECE = re.compile(r"(?P<day>[0-9]{8})T(?P<time>[0-9]{6})\.?(?P<ms>[0-9]{3})Z-(?P<duration>[0-9]{1,5})\.(?:m4s|ts)")
_LONGEST_MS = 10_000


@dataclass(frozen=True)
class Piece:
    """A segment of video, or (with no duration) what a player has to know before it; `hour` is that of its prefix,
    `etag` the same for the same bytes."""

    hour: str
    name: str
    stored_at: datetime
    start: datetime | None = None
    duration_ms: int = 0
    etag: str = ""

    @property
    def place(self) -> str:
        return f"{self.hour}-{self.name}"

    @property
    def says_all(self) -> bool:
        """Each segment of a transport stream says what a player has to know; one of MP4 does not."""
        return self.media_type == TRANSPORT_STREAM

    @property
    def media_type(self) -> str:
        return TRANSPORT_STREAM if self.name.endswith(".ts") else VIDEO


# A segment, and what a player has to know before it.
Played = tuple[Piece | None, Piece]


def is_name(name: str) -> bool:
    """Whether something may be called so: `init-x7f.mp4`, `20261101T101500.250Z-1000.m4s` or `….ts`."""
    return _INIT.fullmatch(name) is not None or _read(name) is not None


def cut_place(place: str) -> tuple[str, str] | None:
    """The hour and the name of a piece, as `Piece.place` says them; None if it is not one."""
    found = _PLACE.fullmatch(place)
    return (found["hour"], found["name"]) if found is not None and is_name(found["name"]) else None


def read_piece(hour: str, name: str, stored_at: datetime, etag: str = "") -> Piece | None:
    """None for what is called otherwise."""
    if _INIT.fullmatch(name):
        return Piece(hour, name, stored_at, etag=etag)
    read = _read(name)
    return None if read is None else Piece(hour, name, stored_at, *read, etag=etag)


def _read(name: str) -> tuple[datetime, int] | None:
    found = _PIECE.fullmatch(name)
    if found is None or not 0 < int(found["duration"]) <= _LONGEST_MS:
        return None
    try:
        start = datetime.strptime(found["day"] + found["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    return start + timedelta(milliseconds=int(found["ms"])), int(found["duration"])


def stamp(at: datetime) -> str:
    """What the names of pieces from then on sort behind."""
    return f"{at:%Y%m%dT%H%M%S}"


def in_order(pieces: Iterable[Piece]) -> list[Played]:
    """All that can be played, in the order of time."""
    all_of = list(pieces)
    inits = sorted((one for one in all_of if one.start is None), key=lambda one: (one.stored_at, one.place))
    segments = sorted((one for one in all_of if one.start is not None), key=lambda one: str(one.start))
    return [(_init_of(segment, inits), segment) for segment in segments if inits or segment.says_all]


def _init_of(segment: Piece, inits: list[Piece]) -> Piece | None:
    """The last that came before the segment, if it needs any. A camera may bring it again by the same name, and S3 says
    only when it was last; so what is older than all that are there belongs to the first of them."""
    if segment.says_all:
        return None
    before = [init for init in inits if init.stored_at <= segment.stored_at]
    return before[-1] if before else inits[0]


def breaks(played: list[Played]) -> int:
    """How often the camera began anew within these."""
    return sum(not _is_same(before, init) for (before, _), (init, _) in pairwise(played))


def _is_same(before: Piece | None, init: Piece | None) -> bool:
    """A camera that goes on brings the same again, by the same name or another."""
    if before is None or init is None:
        return before is init
    return before.name == init.name or before.etag == init.etag


def playlist(played: list[Played], counted: int, counted_breaks: int) -> str:
    """The newest of what can be played, as HLS; before all of these there were `counted`, and the camera had begun anew
    `counted_breaks` times."""
    shown = _newest(played)
    gone = len(played) - len(shown)
    longest_s = max((segment.duration_ms for _, segment in shown), default=1000) / 1000
    head = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        # No segment's duration, rounded, may be longer; and players wait as long before they look again.
        f"#EXT-X-TARGETDURATION:{max(1, int(longest_s + 0.5))}",
        f"#EXT-X-MEDIA-SEQUENCE:{counted + gone}",
        # The first that is shown bears no mark of its own beginning.
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{counted_breaks + breaks(played[: gone + 1])}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
    ]
    return "\n".join([*head, *_lines(shown)]) + "\n"


def _newest(played: list[Played]) -> list[Played]:
    """As many as are shown, and of one kind: what was said of a map cannot be taken back for a transport stream."""
    newest = played[-SHOWN:]
    of_a_kind = takewhile(lambda one: one[1].says_all == newest[-1][1].says_all, reversed(newest))
    return list(of_a_kind)[::-1]


def _lines(shown: list[Played]) -> Iterator[str]:
    befores = [None, *(init for init, _ in shown)]
    for (before, init), (_, segment) in zip(pairwise(befores), shown, strict=True):
        if init is not None and not _is_same(before, init):
            if before is not None:
                yield "#EXT-X-DISCONTINUITY"
            yield f'#EXT-X-MAP:URI="media/{init.place}"'
        yield f"#EXT-X-PROGRAM-DATE-TIME:{segment.start:%Y-%m-%dT%H:%M:%S}.{_ms(segment):03}Z"
        yield f"#EXTINF:{segment.duration_ms / 1000:.3f},"
        yield f"media/{segment.place}"


def _ms(segment: Piece) -> int:
    return 0 if segment.start is None else segment.start.microsecond // 1000
