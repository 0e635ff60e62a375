"""Paths of media: the address by which a playlist asks for an object, without what the capability says already."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PATH = re.compile(
    r"(?P<keep_days>3|7|30)-(?P<let_in>[0-9]{8})-(?P<ticket>[0-9]{4}[a-z2-7]{10})-"
    r"(?:(?P<init>init-[A-Za-z0-9_-]{1,64}\.mp4)"
    r"|(?P<begin>[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9]{4,5})\.(?P<kind>m4s|ts))"
)
_KEY = re.compile(r"recordings/(\d+)/(\d{8})/[^/]+/(?P<channel>[^/]+)-([^/-]+)/(?P=channel)/([^/]+)")


@dataclass(frozen=True)
class Location:
    """Location of an object: the class and the day that it was let in with, the ticket without its channel; and its
    name, of which a segment's ends with its duration: no path says how large the fragments are."""

    keep_days: int
    let_in: str
    ticket: str
    name: str
    kind: str

    @property
    def is_init(self) -> bool:
        return self.kind == "mp4"

    def is_of(self, name: str) -> bool:
        """Whether the name, which begins as this one does, is of the segment that is meant."""
        rest = name.removeprefix(self.name)
        return rest == f".{self.kind}" or (rest.startswith("-") and rest.endswith(f".{self.kind}"))


def read(path: str) -> Location | None:
    """None where it is no path."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    where = int(found["keep_days"]), found["let_in"], found["ticket"]
    return Location(*where, found["init"], "mp4") if found["init"] else Location(*where, found["begin"], found["kind"])


def of_object(object_key: str) -> str:
    """The path of a stored object, whose key is one of a recording's; it ends with the extension, which FFmpeg looks at
    before it follows a redirect."""
    found = _KEY.fullmatch(object_key)
    if found is None:
        raise ValueError(object_key)
    keep_days, let_in, _, ticket, name = found.groups()
    return f"{keep_days}-{let_in}-{ticket}-{name if name.startswith('init-') else _short(name)}"


@lru_cache(maxsize=64)
def of_init(object_key: str) -> str:
    """The same; many segments have one init."""
    return of_object(object_key)


def _short(name: str) -> str:
    """Without the sizes of the fragments."""
    stem, _, kind = name.rpartition(".")
    stamp, duration = stem.split("-")[:2]
    return f"{stamp}-{duration}.{kind}"
