"""Prefixes of the media bucket: the policy row and the subject of what lies below each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from chalicelib.register.rows import Row

_NO_DAY = "kept"


class Endless(ValueError):
    """A prefix without an end by time was asked for its days."""


@dataclass(frozen=True)
class Prefix:
    """Objects of one kind: `<name>/<yyyymmdd>/<id of the subject>/…`, the day being the one they were let in on, or the
    hour, `yyyymmddhh`.

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
        return f"{self.name}/{self.stamp(at)}/"

    def of(self, at: datetime, subject_id: str) -> str:
        return f"{self.day(at)}{subject_id}/"

    def stamp_of(self, object_key: str) -> str:
        """The day or hour that a key of this kind names; empty for one of another kind."""
        return object_key.split("/", 2)[1] if object_key.startswith(self.root) else ""

    def parse_key(self, object_key: str) -> tuple[str, str]:
        """The subject's id and the name below its prefix, as an upload gave it; empty where the key is too short."""
        parts = object_key.split("/", 3)
        return (parts[2], parts[3]) if len(parts) == 4 else ("", "")
