"""Media profiles of ONVIF cameras: which of them is recorded, and which is looked at for motion and shown live."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

# Motion is seen well enough in a picture of this width, and it costs little to decode.
SUB_WIDTH = 640
# A decoder of a small computer has no time for more.
LONGEST_ADDRESS = 2048
WIDEST_SUB = 1280
# Of one camera; a recorder has no more channels, and what says more is not read on.
MOST_PROFILES = 128


@dataclass(frozen=True)
class Profile:
    """`video_source` names what is filmed, by a lens or a channel of a recorder, `configuration` how it is cut out."""

    token: str
    video_source: str
    configuration: str
    encoding: str
    width: int
    height: int

    @property
    def is_video(self) -> bool:
        """Not JPEG or MPEG-4. Of H.265 the first version of the media service says this or that, so it is let in."""
        return self.encoding.upper() not in ("JPEG", "MPEG4", "")


@dataclass(frozen=True)
class Choice:
    """The profiles of one video source by their tokens; `tokens` are all names by which events know it."""

    main: str
    sub: str | None
    tokens: frozenset[str]


def choose(profiles: list[Profile]) -> list[Choice]:
    """One for each video source, in the camera's own order."""
    sources = dict.fromkeys(profile.video_source for profile in profiles if profile.is_video)
    return [_choice([one for one in profiles if one.video_source == source]) for source in sources]


def _choice(profiles: list[Profile]) -> Choice:
    """The largest is recorded; the sub stream is another one that is smaller, and nearest to what is wanted."""
    tokens = frozenset(token for one in profiles for token in (one.video_source, one.configuration) if token)
    shown = [one for one in profiles if one.is_video]
    main = max(shown, key=lambda one: one.width * one.height)
    smaller = [one for one in shown if one.width * one.height < main.width * main.height and one.width <= WIDEST_SUB]
    sub = min(smaller, key=lambda one: abs(one.width - SUB_WIDTH), default=None)
    return Choice(main.token, sub.token if sub else None, tokens)


def is_readable(address: str) -> bool:
    """Whether host and port are such, since cameras have been told wrong ones, and it is no longer than any is."""
    try:
        return len(address) <= LONGEST_ADDRESS and urlsplit(address).port != 0
    except ValueError:
        return False


def at_host(address: str, host: str) -> str:
    """A stream's address at the host that is configured, without what it says of user and password.

    Cameras name an address of their own, which behind a router is another; and what a camera names is not sent
    somebody's password. Raises ValueError for one that is not readable.
    """
    if not is_readable(address):
        raise ValueError("not the address of a stream")
    parts = urlsplit(address)
    port = f":{parts.port}" if parts.port else ""
    name = f"[{host}]" if ":" in host else host
    return urlunsplit(parts._replace(netloc=f"{name}{port}"))
