"""The process that speaks ONVIF: its cameras come in as one line of JSON, commands as further ones, and what happens
goes out, a line each. It ends with its input.

In: `{"cameras": [{"id", "address", "user", "password", "digital_input"}]}`, then `{"id", "do": "reboot", "number"}`.
Out, with the camera's `id`: `described` (`sources`, `ahead_s`, `has_events`), `problem` (`why`, `detail`), `watching`
and `event` (`kind`, `channel`), `answer` (`number`, `error`); and `alive` of the process itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sowa_agent.onvif.events import EventStates, Notification, kind_of
from sowa_agent.onvif.problem import OnvifProblem
from sowa_agent.onvif.profiles import Profile, choose
from sowa_agent.source import Why

Json = dict[str, Any]
Emit = Callable[[Json], None]
ALIVE_S = 5.0
MOST_LINE_BYTES = 1024 * 1024
MOST_MEMORY_BYTES = 400 * 1024 * 1024
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 60.0
# A camera locks an account after a few wrong passwords.
FIRST_WAIT_UNAUTHORIZED_S, LONGEST_WAIT_UNAUTHORIZED_S = 60.0, 600.0
# A device is described anew so often, since its profiles may change.
DESCRIBED_EVERY_S = 600.0
# A camera that answers at once is not pulled without a pause, whether it has much to say or nothing.
PULLED_EVERY_S, PULLED_EMPTY_EVERY_S = 0.25, 1.0
# The same may be said so often, and no oftener.
EVENT_EVERY_S = 1.0
ENDS_WITHIN_S = 3.0
MISSING = "ONVIF: its library is not installed: pip install './infra/agent[onvif]'"


class Connected(Protocol):
    """A connection to one device, of which each call raises OnvifProblem within a bounded time: `client.Connection`."""

    @property
    def ahead_s(self) -> float: ...

    @property
    def has_events(self) -> bool: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def profiles(self) -> list[Profile]: ...

    async def stream_address(self, token: str) -> str: ...

    async def reboot(self) -> None: ...

    async def subscribe(self) -> None: ...

    async def pull(self) -> list[Notification]: ...

    async def unsubscribe(self) -> None: ...


@dataclass
class Follower:
    """Follows one camera for as long as the process runs; `connect` makes a connection that is not open yet."""

    camera: Json
    emit: Emit
    connect: Callable[[Json], Connected]
    pause: Callable[[float], Awaitable[Any]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic
    states: EventStates = field(default_factory=EventStates)
    connection: Connected | None = None
    _tries: int = 0
    _tokens: list[frozenset[str]] = field(default_factory=list)
    _watched: set[tuple[str, int]] = field(default_factory=set)
    _said_at: dict[tuple[str, int], float] = field(default_factory=dict)

    async def run(self) -> None:
        while True:
            connection = self.connection = self.connect(self.camera)
            try:
                wait_s = await self._follow(connection)
            except OnvifProblem as problem:
                self._tell("problem", why=problem.why.name, detail=problem.detail)
                wait_s = self._wait_s(problem.why)
            finally:
                self.connection = None
                await connection.close()
            await self.pause(wait_s)

    def _wait_s(self, why: Why) -> float:
        first_s, longest_s = FIRST_WAIT_S, LONGEST_WAIT_S
        if why is Why.UNAUTHORIZED:
            first_s, longest_s = FIRST_WAIT_UNAUTHORIZED_S, LONGEST_WAIT_UNAUTHORIZED_S
        self._tries = min(self._tries + 1, 16)
        return float(min(longest_s, first_s * 2 ** (self._tries - 1)))

    async def _follow(self, connection: Connected) -> float:
        """One connection; how long to wait for the next."""
        await connection.open()
        await self._describe(connection)
        if not connection.has_events:
            self._tries = 0
            return DESCRIBED_EVERY_S
        await connection.subscribe()
        self._watched.clear()
        described_at = self.monotonic()
        try:
            while True:
                await self._pull(connection)
                if self.monotonic() - described_at >= DESCRIBED_EVERY_S:
                    await self._describe(connection)
                    described_at = self.monotonic()
        finally:
            await connection.unsubscribe()

    async def _describe(self, connection: Connected) -> None:
        choices = choose(await connection.profiles())
        sources = []
        for choice in choices:
            main = await connection.stream_address(choice.main)
            sub = await connection.stream_address(choice.sub) if choice.sub else None
            sources.append({"main": main, "sub": sub})
        self._tokens = [choice.tokens for choice in choices]
        self._tell("described", sources=sources, ahead_s=connection.ahead_s, has_events=connection.has_events)

    async def _pull(self, connection: Connected) -> None:
        began = self.monotonic()
        notifications = await connection.pull()
        self._tries = 0
        for notification in notifications:
            self._see(notification)
        least_s = PULLED_EVERY_S if notifications else PULLED_EMPTY_EVERY_S
        await self.pause(max(0.0, began + least_s - self.monotonic()))

    def _see(self, notification: Notification) -> None:
        kind = kind_of(notification, self.camera["digital_input"] or None)
        if kind is None:
            return
        channel = self._channel(notification.video_source)
        if (kind, channel) not in self._watched:
            self._watched.add((kind, channel))
            self._tell("watching", kind=kind, channel=channel)
        now_s = self.monotonic()
        if not self.states.is_new(notification, now_s):
            return
        if now_s - self._said_at.get((kind, channel), float("-inf")) >= EVENT_EVERY_S:
            self._said_at[kind, channel] = now_s
            self._tell("event", kind=kind, channel=channel)

    def _channel(self, token: str) -> int:
        """The first for what names no source, or one that is unknown."""
        return next((at for at, tokens in enumerate(self._tokens) if token in tokens), 0)

    async def reboot(self, number: int) -> None:
        """Over the connection that there is, or one for this alone: a camera without events has none."""
        error = ""
        connection = self.connection or self.connect(self.camera)
        try:
            if connection is not self.connection:
                await connection.open()
            await connection.reboot()
        except OnvifProblem as problem:
            error = problem.detail or problem.why.value
        finally:
            if connection is not self.connection:
                await connection.close()
        self._tell("answer", number=number, error=error)

    def _tell(self, what: str, **more: Any) -> None:
        self.emit({"id": self.camera["id"], "what": what, **more})


async def _serve(emit: Emit) -> None:
    lines = asyncio.StreamReader(limit=MOST_LINE_BYTES)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    cameras = json.loads(await lines.readline())["cameras"]
    connect = await _connect()
    if connect is None:
        for camera in cameras:
            emit({"id": camera["id"], "what": "problem", "why": Why.UNREADABLE.name, "detail": MISSING})
        cameras = []
    followers = {camera["id"]: Follower(camera, emit, connect) for camera in cameras if connect}
    tasks = {asyncio.create_task(follower.run()) for follower in followers.values()}
    tasks.add(asyncio.create_task(_say_alive(emit)))
    tasks.add(asyncio.create_task(_run_commands(lines, followers)))
    # None of them ends but by the end of the input, or by a fault of ours, which ends the process.
    done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=ENDS_WITHIN_S)
    for task in done:
        task.result()


async def _connect() -> Callable[[Json], Connected] | None:
    """None where the extra is not installed."""
    try:
        from sowa_agent.onvif.client import Connection, prepare
    except ImportError:
        return None
    await prepare()
    return lambda camera: Connection(camera["address"], camera["user"], camera["password"])


async def _say_alive(emit: Emit) -> None:
    while True:
        emit({"what": "alive"})
        await asyncio.sleep(ALIVE_S)


async def _run_commands(lines: asyncio.StreamReader, followers: dict[str, Follower]) -> None:
    at_work: set[asyncio.Task[None]] = set()
    while line := await lines.readline():
        command = json.loads(line)
        if command["do"] == "reboot" and command["id"] in followers:
            task = asyncio.create_task(followers[command["id"]].reboot(command["number"]))
            at_work.add(task)
            task.add_done_callback(at_work.discard)


def main() -> None:
    # Its cameras' words are nobody's log, and an absurd answer takes no more memory than this.
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))

    def emit(line: Json) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    asyncio.run(_serve(emit))


if __name__ == "__main__":
    main()
