"""Rules of live views: how long they last, what pieces are called, and how a playlist is written (RFC 8216)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise, takewhile

LASTS = timedelta(minutes=5)
LEAST_BYTES, MOST_BYTES = 1, 8 * 1024 * 1024
TICKET_LIFE = timedelta(minutes=15)
# Of all guests of a device together: its owner can always look.
MOST_OF_GUESTS = 20
MOST_OF_ONE = 3
# What a camera is asked for, in ms: each piece is stored, found and led to for the same money, however short it is.
PIECE_MS, SHORT_PIECE_MS = 2000, 1000
# How long a view waits before each look for its first piece, until it says that there is none: a playlist without a
# piece ends most players for good, and so would an answer that takes more than ten seconds. A camera that is awake
# shows something one to two seconds after it was called; each look costs a listing.
LOOKS_AFTER_S = (1.0, 0.5, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
# How many pieces a playlist shows. Players begin three from the end; who falls behind the first stumbles, and Shaka was
# seen not to get up again.
SHOWN = 12
VIDEO, TRANSPORT_STREAM = "video/mp4", "video/mp2t"
PLAYLIST = "application/vnd.apple.mpegurl"

# A camera's clock is believed if it is at most so far ahead of ours, or so far behind.
BELIEVED = timedelta(minutes=1)
# S3 says only the second in which an object came.
_SECOND = timedelta(seconds=1)
# The last year that there is leaves no room for what is added to it, nor the first for what is taken off.
_LAST_YEAR = 9000
# What lies further than this from the end of the piece before it is no lost or hurried piece: times have jumped.
_JUMP = timedelta(seconds=3)

CHANNEL = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SIGNED_PATH = re.compile(r"(?P<hour>[0-9]{10})-(?P<ticket>[0-9]{10})-(?P<proof>[a-z2-7]{32})-(?P<name>.+)")
_INIT = re.compile(r"init-[A-Za-z0-9_-]{1,64}\.mp4")
_PIECE = re.compile(r"(?P<day>[0-9]{8})T(?P<time>[0-9]{6})\.?(?P<ms>[0-9]{3})Z-(?P<duration>[0-9]{1,5})\.(?:m4s|ts)")
_NUMBERED = re.compile(r"(?P<run>[A-Za-z0-9_-]{1,64})-(?P<number>0|[1-9][0-9]{0,8})\.(?:m4s|ts)")
_LONGEST_MS = 10_000
# What a numbered piece's name does not say, its object's metadata do: an instant as names have it, or as RFC 3339.
START, DURATION_MS = "start", "duration-ms"
_INSTANT = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})T([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.([0-9]{1,6}))?Z")


@dataclass(frozen=True)
class Piece:
    """A segment of video, or what a player has to know before it. `hour` and `ticket` say, by our clock, when the
    camera was let in; `stored_at` when it came, to the second; `start` is what the camera says, if it does. Numbered
    pieces are of a run of the camera, from one init to the next; their duration is 0 until S3 was asked for it."""

    hour: str
    ticket: str
    name: str
    stored_at: datetime
    start: datetime | None = None
    duration_ms: int = 0
    run: str = ""
    number: int | None = None

    @property
    def is_init(self) -> bool:
        return self.name.endswith(".mp4")

    @property
    def path(self) -> str:
        """The path that tells it from every other piece of its device and channel."""
        return f"{self.let_in}/{self.name}"

    @property
    def mark(self) -> str:
        """Sorts in the order in which pieces came: a camera's clock may be wrong and may jump, so it decides only
        between what came in the same second on the same ticket."""
        return f"{self.stored_at:%Y%m%d%H%M%S}/{self.let_in}/{_sortable(self.start)}"

    @property
    def let_in(self) -> str:
        """Sorts in the order in which tickets were given."""
        return f"{self.hour}/{self.ticket}"

    @property
    def says_all(self) -> bool:
        """Each segment of a transport stream says what a player has to know; one of MP4 does not."""
        return self.media_type == TRANSPORT_STREAM

    @property
    def media_type(self) -> str:
        return media_type_of(self.name)

    @property
    def duration(self) -> timedelta:
        return timedelta(milliseconds=self.duration_ms)


# A segment, and what a player has to know before it.
Played = tuple[Piece | None, Piece]


def earliest_ticket(played: Played) -> str:
    """From which hour and ticket on that is found which it takes to play it."""
    return min(one.let_in for one in played if one is not None)


def _sortable(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y%m%dT%H%M%S%f}"


def media_type_of(name: str) -> str:
    return TRANSPORT_STREAM if name.endswith(".ts") else VIDEO


def ticket_id(at: datetime) -> str:
    """Tells the tickets of an hour apart and sorts them in order of time."""
    return f"{at:%M%S%f}"


def is_name(name: str) -> bool:
    """Whether something may be called so: `init-x7f.mp4`, `x7f-0.m4s`, `20261101T101500.250Z-1000.m4s` or `….ts`."""
    return any(shape.fullmatch(name) for shape in (_INIT, _NUMBERED)) or _read(name) is not None


def path_of(path: str, proof: str) -> str:
    """The signed path by which a player asks for a piece."""
    hour, ticket, name = path.split("/")
    return f"{hour}-{ticket}-{proof}-{name}"


def parse_path(signed_path: str) -> tuple[str, str] | None:
    """A piece's path and the proof, as `path_of` signs them; None if it is not one."""
    found = _SIGNED_PATH.fullmatch(signed_path)
    if found is None or not is_name(found["name"]):
        return None
    return f"{found['hour']}/{found['ticket']}/{found['name']}", found["proof"]


def read_piece(hour: str, ticket: str, name: str, stored_at: datetime) -> Piece | None:
    """None for what is called otherwise."""
    if _INIT.fullmatch(name):
        return Piece(hour, ticket, name, stored_at)
    if (read := _read(name)) is not None:
        return Piece(hour, ticket, name, stored_at, *read)
    if numbered := _NUMBERED.fullmatch(name):
        return Piece(hour, ticket, name, stored_at, run=numbered["run"], number=int(numbered["number"]))
    return None


def init_name(run: str) -> str:
    return f"init-{run}.mp4"


def next_of(piece: Piece) -> Piece:
    """The one that follows a numbered piece on the same ticket, of which nothing is known yet."""
    number = (piece.number or 0) + 1
    name = f"{piece.run}-{number}.{piece.name.rpartition('.')[2]}"
    return Piece(piece.hour, piece.ticket, name, piece.stored_at, run=piece.run, number=number)


def described(piece: Piece, stored_at: datetime, metadata: Mapping[str, str]) -> Piece:
    """A numbered piece with what its metadata say. What cannot be read is taken as not said; without a duration it
    cannot be shown."""
    duration = metadata.get(DURATION_MS, "")
    is_duration = duration.isascii() and duration.isdecimal() and len(duration) <= 5 and int(duration) <= _LONGEST_MS
    start = _instant(metadata.get(START, ""))
    return replace(piece, stored_at=stored_at, start=start, duration_ms=int(duration) if is_duration else 0)


def _instant(text: str) -> datetime | None:
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    try:
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return None if at.year > _LAST_YEAR else at + timedelta(microseconds=int((found[7] or "").ljust(6, "0")))


def _read(name: str) -> tuple[datetime, int] | None:
    found = _PIECE.fullmatch(name)
    if found is None or not 0 < int(found["duration"]) <= _LONGEST_MS:
        return None
    try:
        start = datetime.strptime(found["day"] + found["time"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
    duration_ms = int(found["duration"])
    return None if start.year > _LAST_YEAR else (start + timedelta(milliseconds=int(found["ms"])), duration_ms)


# What a camera's clock is believed of


def _is_believed(piece: Piece, *, behind: timedelta = BELIEVED) -> bool:
    """Whether the camera's stamp may be true of something that came when it did."""
    if piece.start is None:
        return False
    end = piece.start + piece.duration
    return piece.stored_at - behind <= end <= piece.stored_at + _SECOND + BELIEVED


def shown_at(piece: Piece) -> datetime:
    """The time of filming: as the camera says, or as its arrival does where that cannot be."""
    if piece.start is not None and _is_believed(piece):
        return piece.start
    return piece.stored_at - piece.duration


def may_have_come_since(piece: Piece, began: datetime) -> bool:
    """Whether it came in the second of `began` or later, to which S3 says when."""
    return piece.stored_at + _SECOND > began


def came_since(piece: Piece, began: datetime) -> bool:
    """Whether it came, and not before `began`. Of what came in the very second, what was filmed before is not meant,
    unless it came on a ticket that was given since."""
    since = began + timedelta(milliseconds=1)  # a view's beginning is known to the millisecond
    if piece.stored_at >= began or piece.let_in >= f"{since:%Y%m%d%H}/{ticket_id(since)}":
        return True
    is_believed = piece.start is not None and _is_believed(piece) and piece.start >= began
    return may_have_come_since(piece, began) and is_believed


def filmed_in(piece: Piece, *, kept: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The spans of time of which it may show something: by its arrival, and by what the camera says if that is no
    longer ago than what is `kept`: it may have waited, and a camera's clock may be behind."""
    yield piece.stored_at - piece.duration, piece.stored_at
    if piece.start is not None and _is_believed(piece, behind=kept):
        yield piece.start, piece.start + piece.duration


# Order, and what begins anew


def in_order(pieces: Iterable[Piece]) -> list[Played]:
    """All that can be played, in the order in which it came."""
    in_turn = sorted(pieces, key=lambda one: one.mark)
    inits = [one for one in in_turn if one.is_init]
    segments = [one for one in in_turn if not one.is_init]
    befores = [None, *segments]
    found = ((_init_of(one, before, inits), one) for before, one in zip(befores, segments, strict=False))
    return [(init, segment) for init, segment in found if init is not None or segment.says_all]


def _init_of(segment: Piece, previous: Piece | None, inits: list[Piece]) -> Piece | None:
    """The last that came before the segment, if it needs any; on the same ticket, if one was brought on that, as it
    ought to be. A camera may bring one again by the same name, and S3 says only when it was last; so what is older than
    all that are there belongs to the first of them."""
    if segment.says_all or not inits:
        return None
    own = [init for init in inits if init.let_in == segment.let_in] or inits
    earlier = [init for init in own if _is_before(init, segment, previous)]
    return earlier[-1] if earlier else own[0]


def _is_before(init: Piece, segment: Piece, previous: Piece | None) -> bool:
    """Whether it came before the segment. Of what came in the same second, the ticket tells; on the same ticket what
    was begun before stays before, unless times jump there."""
    if init.stored_at != segment.stored_at:
        return init.stored_at < segment.stored_at
    if init.let_in != segment.let_in:
        return init.let_in < segment.let_in
    begun_after = segment.start is not None and segment.start > init.stored_at
    return begun_after or (previous is not None and _is_jump(previous, segment))


def breaks(played: Sequence[Played]) -> int:
    """The number of restarts of the camera within these."""
    return sum(_begins_anew(before, after) for before, after in pairwise(played))


def _begins_anew(before: Played, after: Played) -> bool:
    """A camera that goes on brings what a player must know by the same name, and its times go on. Encoders make the
    same bytes each time that they start, so bytes tell nothing."""
    return _named(*before) != _named(*after) or _is_jump(before[1], after[1])


def _named(init: Piece | None, segment: Piece) -> str:
    return segment.run if init is None else init.name


def _is_jump(before: Piece, after: Piece) -> bool:
    if before.start is None or after.start is None:
        return False
    return abs(after.start - before.start - before.duration) > _JUMP


def playlist(played: Sequence[Played], counted: int, counted_breaks: int, path_of_piece: Callable[[Piece], str]) -> str:
    """The newest of what can be played, as HLS; before all of these there were `counted`, and the camera had begun anew
    `counted_breaks` times. `path_of_piece` is the path it is requested by."""
    shown = _newest(played)
    gone = len(played) - len(shown)
    longest_s = max((segment.duration_ms for _, segment in shown), default=1000) / 1000
    header_lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        # No segment's duration, rounded, may be longer; and players wait as long before they look again.
        f"#EXT-X-TARGETDURATION:{max(1, int(longest_s + 0.5))}",
        f"#EXT-X-MEDIA-SEQUENCE:{counted + gone}",
        # The first that is shown bears no mark of its own beginning.
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{counted_breaks + breaks(played[: gone + 1])}",
        # Whether each begins with a key frame nobody knows: there may be ten seconds from one to the next.
    ]
    return "\n".join([*header_lines, *_lines(shown, path_of_piece)]) + "\n"


def _newest(played: Sequence[Played]) -> list[Played]:
    """As many as are shown, and of one kind: what was said of a map cannot be taken back for a transport stream."""
    newest = played[-SHOWN:]
    of_a_kind = takewhile(lambda one: one[1].says_all == newest[-1][1].says_all, reversed(newest))
    return list(of_a_kind)[::-1]


def _lines(shown: list[Played], path_of_piece: Callable[[Piece], str]) -> Iterator[str]:
    befores = [None, *shown]
    for before, (init, segment) in zip(befores, shown, strict=False):
        is_anew = before is not None and _begins_anew(before, (init, segment))
        if is_anew:
            yield "#EXT-X-DISCONTINUITY"
        if init is not None and (before is None or is_anew):
            yield f'#EXT-X-MAP:URI="media/{path_of_piece(init)}"'
        at = shown_at(segment)
        yield f"#EXT-X-PROGRAM-DATE-TIME:{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
        yield f"#EXTINF:{segment.duration_ms / 1000:.3f},"
        yield f"media/{path_of_piece(segment)}"
