"""Playlists of what was recorded: HLS, video on demand (RFC 8216)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

MEDIA_TYPE = "application/vnd.apple.mpegurl"
# Lambda answers with 6 MB at most; an object whose name says no sizes takes some 130 bytes, with its time.
MOST_OBJECTS = 40_000
# What a player loads to show its first picture after a seek: a part of a minute, not all of it.
_PART_MS = 4_000


@dataclass(frozen=True)
class Piece:
    """A stored object as a playlist shows it: by which paths it and its init (None for a transport stream) are asked
    for, and the sizes of the fragments that it consists of, if they are known."""

    path: str
    init: str | None
    start: datetime
    duration_ms: int
    fragments: tuple[int, ...] = ()


# Pieces that follow each other without a gap.
Run = Sequence[Piece]


@dataclass(frozen=True)
class _Part:
    """One entry of the list: an object, or some whole fragments of it."""

    duration_ms: int
    span: tuple[int, int] | None = None


def playlist(runs: Sequence[Run]) -> str:
    """All of it from the first to the last. Each run begins with its time; before each but the first a player has to
    begin anew."""
    parts = [[(piece, _parts(piece)) for piece in run] for run in runs]
    longest_ms = max((part.duration_ms for run in parts for _, of_piece in run for part in of_piece), default=1000)
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        # No part's duration, rounded, may be longer.
        f"#EXT-X-TARGETDURATION:{max(1, int(longest_ms / 1000 + 0.5))}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
    ]
    for number, run in enumerate(parts):
        lines += ["#EXT-X-DISCONTINUITY"] if number else []
        lines += _lines_of(run)
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"


def _lines_of(run: Sequence[tuple[Piece, list[_Part]]]) -> Iterator[str]:
    init: str | None = None
    at: datetime | None = None
    for piece, parts in run:
        if piece.init is not None and piece.init != init:
            # A camera brings its init on each ticket: the same one goes on at another address.
            yield f'#EXT-X-MAP:URI="media/{piece.init}"'
            init = piece.init
        if piece.start != at:
            yield f"#EXT-X-PROGRAM-DATE-TIME:{piece.start:%Y-%m-%dT%H:%M:%S}.{piece.start.microsecond // 1000:03}Z"
        for part in parts:
            yield f"#EXTINF:{part.duration_ms / 1000:.3f},"
            if part.span is not None:
                yield f"#EXT-X-BYTERANGE:{part.span[1]}@{part.span[0]}"
            yield f"media/{piece.path}"
        at = piece.start + timedelta(milliseconds=piece.duration_ms)


def _parts(piece: Piece) -> list[_Part]:
    """Whole fragments, so many together that they last about four seconds: the object's duration is shared among them
    by their number, as nobody says how long each is."""
    count = len(piece.fragments)
    wanted = min(count, round(piece.duration_ms / _PART_MS))
    if wanted <= 1:
        return [_Part(piece.duration_ms)]
    ends = [number * count // wanted for number in range(wanted + 1)]
    found, offset = [], 0
    for first, last in pairwise(ends):
        size = sum(piece.fragments[first:last])
        duration_ms = piece.duration_ms * last // count - piece.duration_ms * first // count
        found.append(_Part(duration_ms, (offset, size)))
        offset += size
    return found
