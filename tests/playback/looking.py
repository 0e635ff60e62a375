"""What tests of playback do: record, ask, open what a playlist names, and read it back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from infra.local.gateway import Response
from tests.conftest import Home
from tests.scene import Person

MINUTE = timedelta(minutes=1)


def film(home: Home, *how_long_ms: int, channel: str = "1", **how: Any) -> tuple[datetime, datetime]:
    """The camera records so long, one object after the other, and the cloud hears of it; from when till when."""
    began = home.world.now()
    if how.get("kind", "m4s") == "m4s":  # as cameras do: before they film, and in another second than what follows
        home.camera._bring_init(home.camera._ticket_at_hand(channel), channel, how.get("init", "a"))
    for ms in how_long_ms:
        home.world.clock.move_to((home.world.now() + timedelta(milliseconds=ms)).timestamp())
        home.camera.record(ms, channel=channel, **how)
    home.world.settle()
    return began, home.world.now()


def path_of(url: str, more: str = "") -> str:
    path = urlsplit(url).path
    return path if not more else f"{path.rpartition('/')[0]}/{more}"


def at(home: Home, url: str, more: str = "") -> Response:
    """What an address gives, to whoever has it and nothing else."""
    return home.world.call("GET", path_of(url, more))


def lines(home: Home, url: str) -> list[str]:
    answer = at(home, url)
    assert answer.status == 200, answer.body
    assert answer.headers["Content-Type"] == "application/vnd.apple.mpegurl"
    return answer.body.decode().splitlines()


@dataclass
class Entry:
    """One entry of a playlist, as a player reads it."""

    uri: str
    seconds: float
    at: datetime
    init: str | None
    is_anew: bool
    span: tuple[int, int] | None = None


@dataclass
class Parsed:
    """A playlist as a player reads it, by RFC 8216 and not by our code."""

    version: int = 0
    target_s: int = 0
    is_ended: bool = False
    entries: list[Entry] = field(default_factory=list)


def parsed(text: str) -> Parsed:
    found, rest, init = Parsed(), _next_entry(), None
    moment: datetime | None = None
    first, *lines = text.splitlines()
    assert first == "#EXTM3U"
    for line in lines:
        assert not found.is_ended
        if line.startswith("#"):
            _read_tag(line, found, rest)
            continue
        init = rest["init"] or init
        moment = rest["at"] or moment
        assert moment is not None and not (rest["is_anew"] and rest["at"] is None)
        found.entries.append(Entry(line, rest["seconds"], moment, init, rest["is_anew"], rest["span"]))
        moment, rest = moment + timedelta(seconds=rest["seconds"]), _next_entry()
    return found


def _next_entry() -> dict[str, Any]:
    return {"init": None, "at": None, "is_anew": False, "span": None, "seconds": 0.0}


def _read_tag(line: str, found: Parsed, entry: dict[str, Any]) -> None:
    tag, _, value = line.partition(":")
    match tag:
        case "#EXT-X-VERSION":
            found.version = int(value)
        case "#EXT-X-TARGETDURATION":
            found.target_s = int(value)
        case "#EXT-X-ENDLIST":
            found.is_ended = True
        case "#EXT-X-MAP":
            entry["init"] = value.removeprefix('URI="').removesuffix('"')
        case "#EXT-X-DISCONTINUITY":
            entry["is_anew"] = True
        case "#EXT-X-PROGRAM-DATE-TIME":
            entry["at"] = datetime.fromisoformat(value).astimezone(UTC)
        case "#EXTINF":
            entry["seconds"] = float(value.removesuffix(","))
        case "#EXT-X-BYTERANGE":
            count, _, offset = value.partition("@")
            entry["span"] = int(offset), int(count)
        case _:
            assert line in ("#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-PLAYLIST-TYPE:VOD"), line


def played(home: Home, url: str) -> Parsed:
    return parsed("\n".join(lines(home, url)))


def bytes_of(home: Home, url: str, uri: str) -> bytes:
    """What lies behind an address of a playlist."""
    answer = at(home, url, uri)
    assert answer.status == 302, answer.body
    fetched = home.world.fetch(answer.headers["Location"])
    assert fetched.status == 200, fetched.body
    return bytes(fetched.body)


def days(person: Person, device_id: str, **query: str) -> list[str]:
    answer = person.call("GET", f"/devices/{device_id}/recordings/days", query=query)
    assert answer.status == 200, answer.body
    found: list[str] = answer.json["days"]
    return found


def recordings(person: Person, device_id: str, **query: str) -> list[dict[str, Any]]:
    answer = person.call("GET", f"/devices/{device_id}/recordings", query=query)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def guest(home: Home, *rights: str, **how: Any) -> str:
    """The stranger, with this share; its id."""
    answer = home.owner.share(home.camera.device_id, rights=rights, email=home.stranger.email, **how)
    share_id = str(answer.json["share_id"])
    assert home.stranger.call("POST", f"/shares/{share_id}/accept").status == 200
    return share_id
