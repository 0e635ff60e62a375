"""`python -m infra.demo.living`: a camera that lives: it looks, keeps its channel open, obeys commands, records
what a plan allows, and shows what it sees to who watches."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType
from typing import Any

from PIL import Image, ImageChops, ImageStat
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from infra.demo.camera import RENEW_BEFORE, Camera, NotBound, Ticket
from infra.demo.client import Backstage, Json, Refused, Unreachable, Wire, instant
from infra.demo.footage import MOTION_THRESHOLD, THUMBNAIL, NoFootage, as_jpeg, default_clip, fitting, pictures
from infra.demo.recording import Recorder, Sender
from infra.demo.segments import PIECE, Init, stamp
from infra.demo.video import Encoder

FRAMES_PER_SECOND = 10
ALARM_AT_MOST_EVERY = timedelta(seconds=10)
# The cloud says when to come back, so that not all cameras do at the same time; one alone need not wait so long.
COME_BACK_SECONDS = 5.0


@dataclass
class Living:
    camera: Camera
    source: Path
    say: Callable[[str], None] = print
    pause: Callable[[float], None] = time.sleep
    stopped: threading.Event = field(default_factory=threading.Event)
    # Of a camera that sleeps to save its battery.
    wakes_after_seconds: float = 0.0
    pieces_sent: int = 0
    alarms_sent: int = 0
    is_private: bool = False
    _ahead: timedelta = timedelta()
    _views: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _over: set[str] = field(default_factory=set)
    _ticket: Ticket | None = None
    _encoder: Encoder | None = None
    _init: Init | None = None
    # Seconds of film that are not sent yet, the start of the first, and the number of the piece that they will be.
    _held: list[bytes] = field(default_factory=list)
    _held_from: datetime | None = None
    _number: int = 0
    _piece_ms: dict[str, int] = field(default_factory=dict)
    _last_alarm: datetime | None = None
    _before: Image.Image | None = None
    _moved: bool = False
    _no_alarm: str = ""

    def __post_init__(self) -> None:
        channels = [str(channel["id"]) for channel in self.camera.channels]
        self.recorder = Recorder(Sender(self.camera, self._learn), channels, self.say)

    def now(self) -> datetime:
        """The cloud's time, as its tickets tell it."""
        return datetime.now(UTC) + self._ahead

    def run(self) -> None:
        """Until `stopped`; what fails is tried again."""
        self.camera.now = self.now
        message = self.camera.activate()
        channel = threading.Thread(target=self._keep_channel, args=(message,), daemon=True)
        recording = threading.Thread(target=self.recorder.run, daemon=True)
        channel.start()
        recording.start()
        for picture in self._looking():
            try:
                self._see(picture)
            except (Refused, Unreachable) as problem:
                self.say(f"{problem}")
                self.stopped.wait(COME_BACK_SECONDS)
        self._rest()
        self.recorder.stopped.set()
        recording.join()
        channel.join()

    def _looking(self) -> Iterator[Image.Image]:
        """The source, over and over, at the pace of a camera."""
        due = time.monotonic()
        for picture in chain.from_iterable(pictures(self.source, 1 / FRAMES_PER_SECOND) for _ in count()):
            if self.stopped.is_set():
                return
            yield fitting(picture)
            # What looking took is not waited for again; who is too slow for it does not try to catch up.
            due = max(due + 1 / FRAMES_PER_SECOND, time.monotonic())
            self.pause(max(0.0, due - time.monotonic()))

    def _see(self, picture: Image.Image) -> None:
        if self.is_private:
            self._rest()
            return
        thumbnail = picture.convert("L").resize(THUMBNAIL)
        before, self._before = self._before, thumbnail
        moved = ImageStat.Stat(ImageChops.difference(thumbnail, before)).mean[0] if before else 0.0
        due = self._last_alarm is None or self.now() - self._last_alarm >= ALARM_AT_MOST_EVERY
        self._moved |= moved >= MOTION_THRESHOLD
        if moved >= MOTION_THRESHOLD and due:
            self._last_alarm = self.now()
            # It goes on filming meanwhile, also where the cloud is out of reach.
            threading.Thread(target=self._alarm, args=(picture, self._last_alarm), daemon=True).start()
        self._film(picture)

    def _alarm(self, picture: Image.Image, at: datetime) -> None:
        try:
            self.camera.snapshot(as_jpeg(picture), at=at)
            self.alarms_sent += 1
            self.say("Something moved: an alarm is sent.")
            self._no_alarm = ""
        except (NotBound, Refused, Unreachable) as problem:
            # Once, and not again with each movement.
            if self._no_alarm != (why := str(problem)):
                self._no_alarm = why
                self.say(f"Something moved, but no alarm is sent: {why}")

    # Live view and recording

    def _film(self, picture: Image.Image) -> None:
        watched = {channel for channel, until in list(self._views.values()) if until > self.now()}
        if not watched:
            self._ticket, self._held = None, []
        if not watched and not self.recorder.is_wanted:
            self._rest()
            return
        if self._encoder is None:
            # Its times begin anew, which another name tells, though the bytes are the same.
            self._encoder, self._init, self._number = Encoder(picture.size, FRAMES_PER_SECOND), None, 0
        for piece in self._encoder.add(picture):
            self._init = self._init or Init(self._encoder.init)
            self._show(piece, self._init, watched)

    def _rest(self) -> None:
        """Nobody looks, and nothing is recorded."""
        self._encoder, self._ticket, self._held = None, None, []
        self.recorder.rest()

    def _show(self, piece: bytes, init: Init, watched: set[str]) -> None:
        start = self.now() - PIECE
        moved, self._moved = self._moved, False
        self.recorder.see(init, piece, start, moved=moved)
        if watched:
            self._send(piece, init, start, watched)

    def _send(self, second: bytes, init: Init, start: datetime, channels: set[str]) -> None:
        self._held_from = start if not self._held else self._held_from
        self._held.append(second)
        # Whoever begins to look is shown the first second at once.
        held_ms = len(self._held) * PIECE // timedelta(milliseconds=1)
        if self._ticket is not None and held_ms < min(self._piece_ms.values(), default=0):
            return
        piece, self._held = b"".join(self._held), []
        if self._ticket is None or self.now() > self._ticket.until - RENEW_BEFORE:
            self._ticket = self._live_ticket()
            for channel in channels:
                # With each ticket anew, since what was sent half an hour ago is gone.
                self._put(f"{channel}/{init.name}", init.content)
        for channel in channels:
            said = {"x-amz-meta-start": stamp(self._held_from or start), "x-amz-meta-duration-ms": str(held_ms)}
            self._put(f"{channel}/{init.run}-{self._number}.m4s", piece, said)
        self._number += 1
        self.pieces_sent += 1

    def _live_ticket(self) -> Ticket:
        given = self.camera.wire.expect(200, "POST", "/cameras/tickets", {"kind": "live"}, token=self.camera.token)
        self._learn(instant(given["now"]))
        return Ticket(given["url"], given["fields"], given["key_prefix"], instant(given["until"]))

    def _learn(self, now: datetime) -> None:
        self._ahead = now - datetime.now(UTC)

    def _put(self, name: str, content: bytes, said: Mapping[str, str] = MappingProxyType({})) -> None:
        assert self._ticket is not None
        answer = self.camera.upload(self._ticket, self._ticket.key_prefix + name, content, said)
        if answer.status not in (200, 201, 204):
            self._ticket = None  # another is required with the next piece
            raise Refused("POST", "the bucket", answer)

    # The channel

    def _keep_channel(self, message: Json) -> None:
        while not self.stopped.is_set():
            try:
                headers = {"Authorization": f"Bearer {self.camera.token}"}
                with connect(message["channel_url"], additional_headers=headers, proxy=None) as channel:
                    self.say("The channel is open.")
                    self._listen(channel, message["ping_seconds"])
            except InvalidStatus:
                message = self.camera.activate()  # the token was replaced
            except (ConnectionClosed, OSError) as problem:
                self.say(f"The channel is closed ({type(problem).__name__}).")
            self.stopped.wait(min(COME_BACK_SECONDS, message["reconnect_after_seconds"]))

    def _listen(self, channel: ClientConnection, ping_seconds: float) -> None:
        spoken = time.monotonic()
        while not self.stopped.is_set():
            try:
                message = json.loads(channel.recv(timeout=0.5))
            except TimeoutError:
                if time.monotonic() - spoken > ping_seconds:
                    channel.send('{"action": "ping"}')
                    spoken = time.monotonic()
                continue
            if "command" in message:
                channel.send(json.dumps(self.do(message)))
                spoken = time.monotonic()

    def do(self, message: Json) -> Json:
        """The answer to a command."""
        self.say(f"Told to {message['command']}.")
        acts = {"live": self._begin, "stop_live": self._stop, "snapshot": self._snapshot, "settings": self._set}
        act = acts.get(message["command"])
        try:
            if act is not None:
                act(message)
            elif message["command"] != "restart":
                return {"id": message["id"], "ok": False, "error": "unknown_command"}
        except (NotBound, Refused, Unreachable):
            return {"id": message["id"], "ok": False, "error": "no_upload"}
        return {"id": message["id"], "ok": True}

    def _begin(self, message: Json) -> None:
        self.pause(self.wakes_after_seconds)
        if message["live_id"] not in self._over:
            self._live_ticket()  # which tells the time: a cloud on this machine may be at another
            self._piece_ms[message["live_id"]] = message["piece_ms"]
            self._views[message["live_id"]] = (message["channel"], instant(message["until"]))

    def _stop(self, message: Json) -> None:
        self._over.add(message["live_id"])
        self._views.pop(message["live_id"], None)
        self._piece_ms.pop(message["live_id"], None)

    def _set(self, message: Json) -> None:
        """As it ought to be; in privacy mode it shows nothing."""
        wanted = self._report()
        self._report(settings=wanted["desired"])
        self.is_private = wanted["privacy_mode"]
        if self.is_private:
            self._views.clear()

    def _report(self, **fields: Any) -> Json:
        body = {"at": self.now().isoformat(), **fields}
        return self.camera.wire.expect(200, "PUT", "/cameras/state", body, token=self.camera.token)

    def _snapshot(self, message: Json) -> None:
        picture = fitting(next(iter(pictures(self.source, 1.0))))
        self.camera.snapshot(as_jpeg(picture), at=self.now(), answers=message["id"])


def factory_new(wire: Wire, sn: str, secret: str) -> Camera:
    return Camera(
        wire=wire, sn=sn, secret=secret, mac="02:00:5e:10:00:42", model="Sowa One", firmware="1.0.0",
        channels=[{"id": "1", "name": "Lens"}], lan={"ip": "127.0.0.1", "port": 8554},
    )  # fmt: skip


def from_the_factory(url: str, sn: str, secret: str, say: Callable[[str], None]) -> Camera:
    """A camera that a local cloud has in stock, if no other is named."""
    wire = Wire(url)
    if not secret:
        sn, code, secret = f"DEMO{secrets.token_hex(4).upper()}", "DEMO-2345", secrets.token_hex(16)
        row = {"sn": sn, "model": "Sowa One", "code": code, "secret": secret}
        Backstage(wire).operation("load_devices", {"devices": [row]})
        say(f"Bind it with the serial number {sn} and the code {code}.")
    return factory_new(wire, sn, secret)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m infra.demo.living", description=__doc__)
    options.add_argument("--source", default=os.environ.get("SOURCE"), help="a video file or a folder of JPEG files")
    options.add_argument("--url", default=os.environ.get("URL") or "http://127.0.0.1:8000", help="where the cloud is")
    options.add_argument("--sn", default=os.environ.get("SN", ""), help="of a camera that is in stock")
    options.add_argument("--secret", default=os.environ.get("SECRET", ""), help="its factory secret")
    options.add_argument("--wakes-after", type=float, default=0.0, help="seconds that it takes to begin a live view")
    chosen = options.parse_args()
    try:
        camera = from_the_factory(chosen.url, chosen.sn, chosen.secret, _tell)
        living = Living(camera, Path(chosen.source) if chosen.source else default_clip(), _tell)
        living.wakes_after_seconds = chosen.wakes_after
        signal.signal(signal.SIGTERM, lambda *_: living.stopped.set())
        signal.signal(signal.SIGINT, lambda *_: living.stopped.set())
        living.run()
    except (NoFootage, Refused, Unreachable) as reason:
        _tell(str(reason))
        return 1
    return 0


def _tell(line: Any) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
