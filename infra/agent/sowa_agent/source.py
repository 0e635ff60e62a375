"""What a source of video is: its address, its session, and what can be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlsplit, urlunsplit

from sowa_agent.packets import Codec, Packet

Transport = Literal["tcp", "udp"]
# What becomes of it: AAC is copied and other sound left out, or that is made AAC.
Sound = Literal["copy", "aac"]


class Why(Enum):
    """What is wrong with a source, for whoever has to put it right."""

    UNREACHABLE = "nobody answers there: the address, the network or the camera's power"
    UNAUTHORIZED = "it does not take the user or the password"
    NOT_FOUND = "it has nothing by that path"
    SILENT = "it answers, and then says nothing"
    CODEC = "it shows no H.264 or H.265"
    ENDED = "the stream ended"
    UNREADABLE = "it is not a video that can be read"


class SourceProblem(Exception):
    """It cannot be opened, or has ended; it never says the address, in which a password may stand."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why.value + (f" ({detail})" if detail else ""))
        self.why = why


@dataclass(frozen=True)
class SourceAddress:
    """`rtsp://…`, a file or a folder. `shown` is it as it may be logged."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)
    transport: Transport = "tcp"
    sound: Sound = "copy"

    @property
    def is_rtsp(self) -> bool:
        return self.address.startswith(("rtsp://", "rtsps://"))

    @property
    def shown(self) -> str:
        if not self.is_rtsp:
            return self.address
        parts = urlsplit(self.address)
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=""))

    @property
    def with_password(self) -> str:
        if not self.user:
            return self.address
        parts = urlsplit(self.address)
        user = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc.rpartition('@')[2]}"))


class Session(Protocol):
    """One connection to a source. `sound` is the stream of what is to be heard, or None; `heard` names the codec of
    what sound there is."""

    codec: Codec
    frame_ticks: int
    reorders: bool
    sound: Any
    heard: str

    def packets(self) -> Iterator[Packet]:
        """Until the source ends; raises SourceProblem. Each key frame has its parameter sets before it."""

    def close(self) -> None:
        """In the thread that reads it: FFmpeg does not bear another."""
