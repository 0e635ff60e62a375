"""A picture that arrived, as S3 tells of it."""

from __future__ import annotations

import zlib
from datetime import datetime

from msgspec import Struct

from chalicelib.alarms import rules
from chalicelib.alarms.records import PICTURES


class Arrival(Struct, frozen=True):
    """A picture that S3 tells of. `nonce` is what S3 calls the upload, and whoever uploads cannot know before."""

    object_key: str
    arrived: datetime
    size_bytes: int = 0
    nonce: str = ""

    @property
    def is_counted(self) -> bool:
        """One in eight, whichever: a name alone could be chosen so that it is not."""
        return zlib.crc32(f"{self.nonce} {self.object_key}".encode()) % rules.COUNTED_ONE_IN == 0

    @property
    def second(self) -> datetime:
        """The time of its arrival, as exactly as alarms say it."""
        return self.arrived.replace(microsecond=0)

    @property
    def device_id(self) -> str:
        return PICTURES.parse_key(self.object_key)[0]

    @property
    def name(self) -> str:
        return PICTURES.parse_key(self.object_key)[1]

    @property
    def channels_notified(self) -> set[str]:
        """The channel whose alarm it may become; none for what somebody asked for, or what has no proper name."""
        try:
            named = rules.read_name(self.name)
        except rules.NotTaken:
            return set()
        return set() if named.type == rules.SNAPSHOT else {named.channel}
