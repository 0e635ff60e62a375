"""Segments of a recording: up to a minute of the pieces that live view shows as well, named by when and how long."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, count, islice
from pathlib import Path

from PIL import Image

from infra.demo.footage import fitting, pictures
from infra.demo.video import Encoder

PIECE = timedelta(seconds=1)
PIECES_IN_A_FRAGMENT = 2
# The first comes soon, so that whoever bought a plan sees that it works; each object costs a request.
FIRST_PIECES, LONGEST_PIECES = 14, 60
# What a clock and a busy machine differ by is no gap. A machine that is too slow for its film falls behind, and what is
# more than a second behind were one: it begins another segment before.
UNEVEN = timedelta(seconds=0.5)
LEAP = timedelta(seconds=0.9)
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Init:
    """What a player must know first. One name as long as the encoder's times go on."""

    content: bytes
    run: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def name(self) -> str:
        return f"init-{self.run}.mp4"


@dataclass(frozen=True)
class Segment:
    init: Init
    start: datetime
    pieces: tuple[bytes, ...]

    @property
    def name(self) -> str:
        """Below its channel: when, how long, and the size of each fragment, which begins at a key frame."""
        sizes = ".".join(base36(size) for size in self.sizes())
        return f"{stamp(self.start)}-{len(self.pieces) * 1000}-{sizes}.m4s"

    @property
    def content(self) -> bytes:
        return b"".join(self.pieces)

    def sizes(self) -> list[int]:
        many = PIECES_IN_A_FRAGMENT
        return [sum(map(len, self.pieces[at : at + many])) for at in range(0, len(self.pieces), many)]


@dataclass
class Cutter:
    """Closes a segment when it is long enough, and when what comes does not go on where it ended."""

    longest: int = LONGEST_PIECES
    first: int = FIRST_PIECES
    _init: Init | None = None
    _start: datetime | None = None
    _end: datetime | None = None
    _pieces: list[bytes] = field(default_factory=list)
    _is_first: bool = True

    def add(self, init: Init, piece: bytes, start: datetime) -> list[Segment]:
        """What has become complete with it."""
        closed = []
        if self._pieces and (init != self._init or not self._goes_on(start, LEAP)):
            closed += self._close()
        if not self._pieces:
            self._start = self._end if self._goes_on(start, UNEVEN) else start
            self._end = self._start
        assert self._end is not None
        self._init, self._end = init, self._end + PIECE
        self._pieces.append(piece)
        if len(self._pieces) >= (self.first if self._is_first else self.longest):
            closed += self._close()
            self._is_first = False
        return closed

    def cut(self) -> list[Segment]:
        """Nothing more comes for a while: the rest, as it is."""
        closed = self._close() if self._pieces else []
        self._end, self._is_first = None, True
        return closed

    def _goes_on(self, start: datetime, within: timedelta) -> bool:
        return self._end is not None and abs(start - self._end) <= within

    def _close(self) -> list[Segment]:
        assert self._init is not None and self._start is not None
        pieces, self._pieces = tuple(self._pieces), []
        return [Segment(self._init, self._start, pieces)]


@dataclass(frozen=True)
class Film:
    """Made beforehand, a piece a second."""

    init: bytes
    pieces: list[bytes]
    frames_per_second: int = 10

    @staticmethod
    def of(pictures: Iterable[Image.Image], size: tuple[int, int], frames_per_second: int) -> Film:
        encoder = Encoder(size, frames_per_second)
        pieces = [piece for picture in pictures for piece in encoder.add(picture)] + encoder.end()
        return Film(encoder.init, pieces, frames_per_second)

    @staticmethod
    def out_of(source: Path, seconds: int, frames_per_second: int) -> Film:
        """Over and over, if the source is shorter."""
        endless = chain.from_iterable(pictures(source, 1 / frames_per_second) for _ in count())
        first = fitting(next(endless))
        rest = (fitting(picture).resize(first.size) for picture in islice(endless, seconds * frames_per_second - 1))
        return Film.of(chain([first], rest), first.size, frames_per_second)

    def segments(self, since: datetime, until: datetime) -> Iterator[Segment]:
        """As if filmed then; where the film is too short it begins anew, as after a restart."""
        cutter, at = Cutter(), since
        while at < until:
            init = Init(self.init)
            for piece in self.pieces[: -((at - until) // PIECE)]:
                yield from cutter.add(init, piece, at)
                at += PIECE
        yield from cutter.cut()


def stamp(at: datetime) -> str:
    return f"{at:%Y%m%dT%H%M%S}.{at.microsecond // 1000:03}Z"


def base36(number: int) -> str:
    rest, digit = divmod(number, 36)
    return (base36(rest) if rest else "") + _DIGITS[digit]
