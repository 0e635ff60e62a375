"""What lies in the media bucket, by which row of the policy, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.register.rows import Row

_NO_DAY = "kept"


class Endless(ValueError):
    """What has no end by time was to be looked at by its days."""


@dataclass(frozen=True)
class Prefix:
    """Objects of one kind: `<name>/<yyyymmdd>/<id of the subject>/…`, the day being the one they were let in on, or the
    hour, `yyyymmddhh`, where what is kept is kept for minutes.

    The day comes first so that a whole day can be listed and deleted when it is over. What has no end (`keep_days` is
    None) lies below one word in the place of a day. `in_parts`: written by us, part by part, so that half an object may
    have been left behind.
    """

    name: str
    subject: str
    row: Row
    keep_days: int | None = None
    in_parts: bool = False
    keep_minutes: int | None = None

    @property
    def root(self) -> str:
        """What the keys of all days and subjects begin with."""
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
        return timedelta(days=1) if self.keep_minutes is None else timedelta(hours=1)

    def day(self, at: datetime) -> str:
        if self.is_endless:
            return f"{self.name}/{_NO_DAY}/"
        return f"{self.name}/{at:%Y%m%d}/" if self.keep_minutes is None else f"{self.name}/{at:%Y%m%d%H}/"

    def of(self, at: datetime, subject_id: str) -> str:
        return f"{self.day(at)}{subject_id}/"

    def cut(self, object_key: str) -> tuple[str, str]:
        """The subject's id and the name below its prefix, as an upload gave it; empty where the key is too short."""
        parts = object_key.split("/", 3)
        return (parts[2], parts[3]) if len(parts) == 4 else ("", "")
