"""Looks for a person in everything that is stored, however the traces are written down."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

SHORTEST_BYTES = 5  # what is shorter is found by chance in any random id
BETWEEN = b"\n\xff\xff\n"  # no needle crosses from one value into the next
GZIP = b"\x1f\x8b\x08"
GZIP_IN_BASE64 = "H4sI"


@dataclass(frozen=True)
class Needle:
    what: str
    value: str | bytes


@dataclass(frozen=True)
class Hit:
    what: str
    written_as: str
    where: str

    def __str__(self) -> str:
        return f"{self.what}, {self.written_as}, at {self.where}"


def search(stored: Any, needles: Iterable[Needle]) -> list[Hit]:
    """Every place of `stored` (whatever JSON holds) where a needle lies, in whichever encoding."""
    haystack = _Haystack(leaves(stored))
    hits = []
    for needle in needles:
        for written_as, pattern in encodings(needle.value):
            hits += [Hit(needle.what, written_as, where) for where in haystack.places(pattern)]
    return list(dict.fromkeys(hits))


def encodings(value: str | bytes) -> list[tuple[str, bytes]]:
    """(name, bytes) of every form looked for."""
    if isinstance(value, bytes):
        return _of_bytes("", value)
    forms = []
    for spelled, text in _spellings(value):
        forms += _of_bytes(spelled, text.encode())
        forms += [(f"{spelled}utf-16-{order}", text.encode(f"utf-16-{order}")) for order in ("le", "be")]
    forms += [(name, text.encode()) for name, text in _escaped(value)]
    return [(name, pattern) for name, pattern in forms if len(pattern) >= SHORTEST_BYTES]


def _spellings(value: str) -> list[tuple[str, str]]:
    """As given, and as somebody's normalisation may have left it."""
    spelled = {"": value, "lower case ": value.lower(), "upper case ": value.upper()}
    bare = value.replace(":", "").replace("-", "")
    if ":" in value and len(bare) == 12:  # a MAC address
        spelled |= {"without colons ": bare, "lower case without colons ": bare.lower()}
    return list({text: (name, text) for name, text in reversed(spelled.items())}.values())


def _of_bytes(spelled: str, raw: bytes) -> list[tuple[str, bytes]]:
    digits = raw.hex()
    found = [(f"{spelled}plain", raw), (f"{spelled}hex", digits.encode()), (f"{spelled}HEX", digits.upper().encode())]
    for offset in range(3):
        standard = base64_core(raw, offset)
        found.append((f"{spelled}base64 at {offset}", standard))
        if (url_safe := standard.translate(bytes.maketrans(b"+/", b"-_"))) != standard:
            found.append((f"{spelled}base64url at {offset}", url_safe))
    return found


def base64_core(raw: bytes, offset: int) -> bytes:
    """The base64 of `raw` after `offset` other bytes, without the letters that also tell of its neighbours."""
    encoded = base64.b64encode(b"\0" * offset + raw)
    return encoded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]


def _escaped(value: str) -> list[tuple[str, str]]:
    in_json = json.dumps(value)[1:-1]
    candidates = [
        ("json-escaped", in_json),
        ("json-escaped twice", json.dumps(in_json)[1:-1]),
        ("url-escaped", quote(value, safe="")),
    ]
    return [(name, text) for name, text in candidates if text != value]


def leaves(stored: Any, path: str = "") -> Iterator[tuple[str, bytes]]:
    """(where, bytes) of every key and value, with what is packed in them unpacked."""
    if isinstance(stored, Mapping):
        for key, value in stored.items():
            yield f"{path}.{key} (the name)", str(key).encode()
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(stored, list | tuple):
        for index, value in enumerate(stored):
            yield from leaves(value, f"{path}[{index}]")
    elif stored is not None:
        for raw in _as_bytes(str(stored)):
            yield path, raw
            if (unpacked := _unpacked(raw)) is not None:
                yield f"{path} (unpacked)", unpacked


def _as_bytes(text: str) -> Iterator[bytes]:
    """Bytes are dumped as latin-1 text, so a text may be both a text and bytes."""
    yield text.encode("utf-8", "surrogatepass")
    if not text.isascii():
        try:
            yield text.encode("latin-1")
        except UnicodeEncodeError:
            return


def _unpacked(raw: bytes) -> bytes | None:
    if raw.startswith(GZIP_IN_BASE64.encode()):
        try:
            raw = base64.b64decode(raw, validate=True)
        except ValueError:
            return None
    start = raw.find(GZIP)
    if start < 0:
        return None
    try:
        return gzip.decompress(raw[start:])
    except (OSError, EOFError, zlib.error):
        return None


class _Haystack:
    """All leaves in one run of bytes: one fast search per pattern instead of one per leaf."""

    def __init__(self, found: Iterable[tuple[str, bytes]]) -> None:
        self.paths: list[str] = []
        self.starts: list[int] = []
        pieces: list[bytes] = []
        length = 0
        for path, raw in found:
            self.paths.append(path.lstrip("."))
            self.starts.append(length)
            pieces.append(raw)
            length += len(raw) + len(BETWEEN)
        self.everything = BETWEEN.join(pieces)

    def places(self, pattern: bytes) -> Iterator[str]:
        position = self.everything.find(pattern)
        while position >= 0:
            yield self.paths[bisect_right(self.starts, position) - 1]
            position = self.everything.find(pattern, position + len(pattern))
