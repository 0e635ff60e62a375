"""Plays a recording back as a player does: the playlist, then every part that it names, then the decoder."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urljoin

import av

from infra.demo.client import Refused, Wire


@dataclass(frozen=True)
class Part:
    """An entry of a playlist: bytes of an object, and what must be known before them."""

    url: str
    init_url: str
    first: int
    size_bytes: int | None


class Playback:
    """Of one playlist, as it is now; each object is fetched once."""

    def __init__(self, wire: Wire, url: str) -> None:
        self.wire = wire
        self.url = url
        self._fetched: dict[str, bytes] = {}
        self.text = self._fetch(url).decode()
        self.parts = list(_parts(self.text, url))

    def frames(self) -> int:
        """How many pictures a decoder gets out of all of it."""
        return frames_in((self._fetch(part.init_url), self._bytes_of(part)) for part in self.parts)

    def _bytes_of(self, part: Part) -> bytes:
        whole = self._fetch(part.url)
        return whole if part.size_bytes is None else whole[part.first : part.first + part.size_bytes]

    def _fetch(self, url: str) -> bytes:
        if url not in self._fetched:
            answer = self.wire.follow(url)
            if answer.status != 200:
                raise Refused("GET", url.partition("?")[0], answer)
            self._fetched[url] = answer.body
        return self._fetched[url]


def frames_in(film: Iterable[tuple[bytes, bytes]]) -> int:
    """How many pictures a decoder gets out of pieces, each with what must be known before it."""
    return sum(_decoded(init, [piece for _, piece in run]) for init, run in groupby(film, lambda each: each[0]))


def _decoded(init: bytes, pieces: list[bytes]) -> int:
    with av.open(io.BytesIO(init + b"".join(pieces)), "r") as played:
        return sum(1 for _ in played.decode(video=0))


def _parts(playlist: str, address: str) -> Iterator[Part]:
    """RFC 8216: a range without an offset goes on where the one before it ended."""
    init_url, size, first, end = "", None, 0, 0
    for line in playlist.splitlines():
        if line.startswith("#EXT-X-MAP:"):
            init_url = urljoin(address, line.partition('URI="')[2].partition('"')[0])
        elif ranged := re.fullmatch(r"#EXT-X-BYTERANGE:(\d+)(?:@(\d+))?", line):
            size = int(ranged[1])
            first = int(ranged[2]) if ranged[2] else end
            end = first + size
        elif line and not line.startswith("#"):
            yield Part(urljoin(address, line), init_url, first, size)
            size, first = None, 0
