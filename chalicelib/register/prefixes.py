"""Prefixes of the media bucket: the policy row and the subject of what lies below each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal

from msgspec import Struct

from chalicelib.register.rows import Row

_NO_DAY = "kept"


class Endless(ValueError):
    """A prefix without an end by time was asked for its days."""


class Prefix(Struct, frozen=True):
    """Objects of one kind: `<name>/<yyyymmdd>/<id of the subject>/…`, the day being the one they were let in on, or the
    hour, `yyyymmddhh`. A name may have slashes of its own, but none may begin with another one's root.

    The time comes first so that what is over is listed first, and can be deleted page by page. What has no end
    (`keep_days` is None) lies below one word in the place of a day. `in_parts`: written by us, part by part, so that
    half an object may have been left behind. `by_ticket`: uploaded by whoever has a ticket, so that the hours in which
    there was one are noted (see upload_hours.py).
    """

    name: str
    subject: str
    row: Row
    keep_days: int | None = None
    in_parts: bool = False
    keep_minutes: int | None = None
    by: Literal["day", "hour"] = "day"
    by_ticket: bool = False

    @property
    def root(self) -> str:
        """The common beginning of the keys of all days and subjects."""
        return f"{self.name}/"

    @property
    def keep(self) -> timedelta:
        """Raises Endless."""
        if self.is_endless:
            raise Endless(self.name)
        return timedelta(days=self.keep_days or 0, minutes=self.keep_minutes or 0)

    @property
    def is_endless(self) -> bool:
        return self.keep_days is None and self.keep_minutes is None

    @property
    def step(self) -> timedelta:
        """From one day to the next, or from one hour."""
        return timedelta(days=1) if self.by == "day" else timedelta(hours=1)

    def stamp(self, at: datetime) -> str:
        """The day or hour of a time, as keys name it."""
        if self.is_endless:
            return _NO_DAY
        at = at.astimezone(UTC)
        return f"{at:%Y%m%d}" if self.by == "day" else f"{at:%Y%m%d%H}"

    def begin_of(self, at: datetime) -> datetime:
        """The beginning of the day or hour of a time."""
        at = at.astimezone(UTC)
        return at.replace(hour=0 if self.by == "day" else at.hour, minute=0, second=0, microsecond=0)

    def stamps(self, first: datetime, last: datetime) -> Iterator[str]:
        """Those of all days or hours from one time to another."""
        at = self.begin_of(first)
        while at <= last:
            yield self.stamp(at)
            at += self.step

    def day(self, at: datetime) -> str:
        return f"{self.root}{self.stamp(at)}/"

    def of(self, at: datetime, subject_id: str) -> str:
        return f"{self.day(at)}{subject_id}/"

    def stamp_of(self, object_key: str) -> str:
        """The day or hour that a key of this kind names; empty for one of another kind."""
        return self._parts(object_key)[0]

    def parse_key(self, object_key: str) -> tuple[str, str]:
        """The subject's id and the name below its prefix, as an upload gave it; empty where the key is too short, or of
        another kind."""
        parts = self._parts(object_key)
        return (parts[1], parts[2]) if len(parts) == 3 else ("", "")

    def _parts(self, object_key: str) -> list[str]:
        """Day or hour, subject, and name, as far as there are any."""
        return object_key.removeprefix(self.root).split("/", 2) if object_key.startswith(self.root) else [""]
