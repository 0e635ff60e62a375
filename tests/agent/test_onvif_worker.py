"""One camera is followed through whatever it does: it goes, refuses, ends its subscriptions, repeats itself, floods."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sowa_agent.onvif.events import Notification
from sowa_agent.onvif.problem import OnvifProblem
from sowa_agent.onvif.profiles import Profile
from sowa_agent.onvif.worker import Follower
from sowa_agent.source import Why

CAMERA = {"id": "SN1", "digital_input": None}
GONE, REFUSED = OnvifProblem(Why.UNREACHABLE), OnvifProblem(Why.UNAUTHORIZED)
PROFILES = [Profile("a1", "a", "cut-a", "H264", 1920, 1080), Profile("a2", "a", "cut-a", "H264", 640, 360)]


class _Stop(Exception):
    """The script is over."""


def said(state: str, operation: str = "Changed", source: str = "cut-a", topic: str = "MotionAlarm") -> Notification:
    return Notification(f"tns1:VideoSource/{topic}", operation, (("VideoSource", source),), {"State": state})


@dataclass
class Connection:
    """Gives what it is told pull by pull; then, or instead, it raises."""

    pulls: list[list[Notification] | OnvifProblem] = field(default_factory=list)
    opens: OnvifProblem | None = None
    found: list[Profile] = field(default_factory=lambda: PROFILES)
    has_events: bool = True
    ahead_s: float = 0.0
    refuses: OnvifProblem | None = None
    did: list[str] = field(default_factory=list)

    async def open(self) -> None:
        self.did.append("open")
        if self.opens:
            raise self.opens

    async def close(self) -> None:
        self.did.append("close")

    async def profiles(self) -> list[Profile]:
        return self.found

    async def stream_address(self, token: str) -> str:
        return f"rtsp://camera/{token}"

    async def reboot(self) -> None:
        if self.refuses:
            raise self.refuses

    async def subscribe(self) -> None:
        self.did.append("subscribe")

    async def pull(self) -> list[Notification]:
        if not self.pulls:
            raise GONE
        given = self.pulls.pop(0)
        if isinstance(given, OnvifProblem):
            raise given
        return given

    async def unsubscribe(self) -> None:
        self.did.append("unsubscribe")


@dataclass
class Followed:
    """What a camera's follower said, and for how long it waited between connections."""

    lines: list[Any]
    waits: list[float]
    connections: list[Connection]

    def of(self, what: str) -> list[Any]:
        return [line for line in self.lines if line["what"] == what]

    def events(self) -> list[tuple[str, int]]:
        return [(line["kind"], line["channel"]) for line in self.of("event")]


def follow(*connections: Connection) -> Followed:
    """Until they are used up; only pauses take time."""
    lines: list[Any] = []
    waits: list[float] = []
    left, now_s = list(connections), [0.0]

    def connect(camera: Any) -> Connection:
        if not left:
            raise _Stop
        return left.pop(0)

    async def pause(seconds: float) -> None:
        now_s[0] += seconds
        waits.append(seconds)

    with suppress(_Stop):
        asyncio.run(Follower(CAMERA, lines.append, connect, pause, lambda: now_s[0]).run())
    return Followed(lines, waits, list(connections))


def test_it_says_where_the_streams_are_what_it_watches_and_what_begins() -> None:
    followed = follow(Connection([[said("false", "Initialized")], [], [said("true")]]))
    assert followed.lines == [
        {
            "id": "SN1", "what": "described", "sources": [{"main": "rtsp://camera/a1", "sub": "rtsp://camera/a2"}],
            "ahead_s": 0.0, "has_events": True,
        },
        {"id": "SN1", "what": "watching", "kind": "motion", "channel": 0},
        {"id": "SN1", "what": "event", "kind": "motion", "channel": 0},
        {"id": "SN1", "what": "problem", "why": "UNREACHABLE", "detail": ""},
    ]  # fmt: skip
    assert followed.connections[0].did == ["open", "subscribe", "unsubscribe", "close"]


def test_a_camera_that_is_gone_is_tried_again_later_and_later_and_at_once_when_it_was_there() -> None:
    followed = follow(*[Connection(opens=GONE)] * 8, Connection([[]]), Connection(opens=GONE))
    waits = [wait for wait in followed.waits if wait]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 1, 1, 2]  # and a pause behind the one pull


def test_a_wrong_password_is_not_repeated_within_the_minute() -> None:
    followed = follow(*[Connection(opens=REFUSED)] * 6)
    assert followed.waits == [60, 120, 240, 480, 600, 600]


def test_a_subscription_that_ends_is_made_anew_and_nothing_is_told_twice() -> None:
    first = Connection([[said("true")], OnvifProblem(Why.NOT_FOUND)])
    second = Connection([[said("true", "Initialized")], [said("false")], [said("true")]])
    followed = follow(first, second)
    assert second.did[:2] == ["open", "subscribe"]
    assert followed.events() == [("motion", 0)] * 2
    assert len(followed.of("watching")) == 2


def test_a_camera_without_events_is_described_and_left_alone_for_a_while() -> None:
    followed = follow(Connection(has_events=False))
    assert followed.waits == [600] and not followed.of("described")[0]["has_events"]
    assert followed.connections[0].did == ["open", "close"]


def test_a_camera_whose_profiles_change_while_it_tells_of_events_is_described_anew() -> None:
    more = [*PROFILES, Profile("b1", "b", "cut-b", "H264", 1920, 1080)]
    connection = Connection([[] for _ in range(605)] + [[said("true", source="cut-b")]])
    pull = connection.pull

    async def pull_and_change() -> list[Notification]:
        connection.found = more
        return await pull()

    connection.pull = pull_and_change  # type: ignore[method-assign]
    followed = follow(connection)
    assert [len(line["sources"]) for line in followed.of("described")] == [1, 2]
    assert followed.events() == [("motion", 1)]


def test_a_flood_is_told_once_a_second_and_pulled_with_pauses() -> None:
    flood = [said("true" if number % 2 else "false") for number in range(50)]
    followed = follow(Connection([flood] * 20))
    assert followed.events() == [("motion", 0)] * 5  # 20 pulls, four a second
    assert followed.waits[:20] == [0.25] * 20


def test_one_that_answers_at_once_that_nothing_happens_is_pulled_each_second() -> None:
    assert follow(Connection([[]] * 3)).waits[:3] == [1.0] * 3


def test_of_a_recorder_each_source_has_its_channel() -> None:
    found = [*PROFILES, Profile("b1", "b", "cut-b", "H264", 1920, 1080)]
    unknown = said("true", source="?", topic="GlobalSceneChange")
    messages = [said("true", source="b"), said("true", source="cut-a"), unknown]
    followed = follow(Connection([messages], found=found))
    assert followed.events() == [("motion", 1), ("motion", 0), ("tamper", 0)]
    assert [source["sub"] for source in followed.of("described")[0]["sources"]] == ["rtsp://camera/a2", None]


def test_a_reboot_is_answered_with_what_came_of_it() -> None:
    lines: list[Any] = []
    made, held, gone = Connection(), Connection(), Connection(opens=GONE)
    refusing = Connection(refuses=OnvifProblem(Why.NOT_FOUND, "not supported"))
    waiting = [made, gone]
    follower = Follower(CAMERA, lines.append, lambda camera: waiting.pop(0))
    for connection in (None, held, refusing, None):
        follower.connection = connection
        asyncio.run(follower.reboot(len(lines)))
    assert [(line["number"], line["error"]) for line in lines] == [
        (0, ""), (1, ""), (2, "not supported"), (3, Why.UNREACHABLE.value),
    ]  # fmt: skip
    assert (made.did, held.did, gone.did) == (["open", "close"], [], ["open", "close"])
