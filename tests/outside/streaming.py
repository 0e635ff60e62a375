"""A camera of the tests that shows what time it is, so that of any player can be said how far it is behind."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from PIL import Image, ImageDraw

from infra.local.cloud import LocalCloud
from sowa_agent.agent import camera_of
from sowa_agent.config import config_of
from sowa_agent.packets import TICKS_PER_SECOND, Codec, Packet
from sowa_agent.source import SourceAddress
from tests.encoder import Encoder
from tests.scene import SECRET, Camera, until

FRAMES_PER_SECOND = 10
# The number of a frame is written in black and white, a bit to a band.
SIZE, BITS = (160, 96), 10
_BAND = SIZE[0] // BITS


@dataclass(frozen=True)
class Run:
    """What a camera sends from one start to the next: how long, and by what clock."""

    seconds: int
    init: str = "a"
    ahead_seconds: float = 0.0
    kind: str = "m4s"
    # Numbers its pieces, which are of two seconds then; or names them by time, of one.
    numbers: bool = False
    # How long it takes to wake, or to start again.
    after_seconds: float = 0.0

    @property
    def seconds_of_a_piece(self) -> int:
        return 2 if self.numbers else 1


@dataclass
class Broadcast:
    """Sends its runs one after the other, a piece as soon as it is filmed."""

    cloud: LocalCloud
    camera: Camera
    runs: Sequence[Run]
    stopped: threading.Event = field(default_factory=threading.Event)
    begun: float = 0.0

    def frames_so_far(self) -> float:
        """The number that the frame of this moment bears."""
        return (time.monotonic() - self.begun) * FRAMES_PER_SECOND

    def send(self) -> None:
        self.begun = time.monotonic()
        due = 0.0
        for run in self.runs:
            due += run.after_seconds
            # What it films from then on, made beforehand: the numbers are those of the time.
            made = _pieces(run, int(due * FRAMES_PER_SECOND))
            ticket, seconds = None, run.seconds_of_a_piece
            for number, (init, piece) in enumerate(made):
                due += seconds
                if self.stopped.wait(max(0.0, self.begun + due - time.monotonic())):
                    return
                # A camera that starts again has lost its ticket.
                ticket = ticket or self._ticket(run, init)
                start = self.cloud.now() + timedelta(seconds=run.ahead_seconds - seconds)
                stamp, ms = f"{start:%Y%m%dT%H%M%S}.{start.microsecond // 1000:03}Z", str(seconds * 1000)
                if run.numbers:
                    said = {"x-amz-meta-start": stamp, "x-amz-meta-duration-ms": ms}
                    self._put(ticket, f"{run.init}-{number}.{run.kind}", piece, **said)
                else:
                    self._put(ticket, f"{stamp}-{ms}.{run.kind}", piece)

    def _ticket(self, run: Run, init: bytes) -> Any:
        ticket = self.camera.ask_ticket("live").json
        if init:
            self._put(ticket, f"init-{run.init}.mp4", init)
        return ticket

    def _put(self, ticket: Any, name: str, content: bytes, **said: str) -> None:
        assert self.cloud.upload(ticket, f"1/{name}", content, **said).status == 204


@contextmanager
def broadcasting(cloud: LocalCloud, camera: Camera, runs: Sequence[Run]) -> Iterator[Broadcast]:
    broadcast = Broadcast(cloud, camera, runs)
    thread = threading.Thread(target=broadcast.send, daemon=True)
    thread.start()
    try:
        yield broadcast
    finally:
        broadcast.stopped.set()
        thread.join(10)


def _pieces(run: Run, first: int) -> list[tuple[bytes, bytes]]:
    """Init and piece; each run has an encoder of its own, whose times begin at 0."""
    pictures = [picture_of(first + number) for number in range(run.seconds * FRAMES_PER_SECOND)]
    if run.kind == "ts":
        return [(b"", piece) for piece in _transport_stream(pictures)]
    encoder = Encoder(SIZE, FRAMES_PER_SECOND)
    made = [piece for picture in pictures for piece in encoder.add(picture)] + encoder.end()
    together = run.seconds_of_a_piece
    return [(encoder.init, b"".join(made[at : at + together])) for at in range(0, len(made), together)]


def _transport_stream(pictures: list[Image.Image]) -> Iterator[bytes]:
    """A file for each second, whose times go on."""
    for second in range(0, len(pictures), FRAMES_PER_SECOND):
        piece = io.BytesIO()
        with av.open(piece, "w", format="mpegts", options={"mpegts_copyts": "1"}) as container:
            stream = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
            stream.width, stream.height = SIZE
            stream.pix_fmt = "yuv420p"
            stream.options = {"preset": "ultrafast", "tune": "zerolatency"}
            for number in range(second, second + FRAMES_PER_SECOND):
                frame = av.VideoFrame.from_image(pictures[number])
                frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_SECOND)
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        yield piece.getvalue()


def picture_of(number: int) -> Image.Image:
    image = Image.new("RGB", SIZE)
    draw = ImageDraw.Draw(image)
    for bit in range(BITS):
        if number >> bit & 1:
            draw.rectangle((bit * _BAND, 0, (bit + 1) * _BAND - 1, SIZE[1]), fill=(255, 255, 255))
    return image


def number_in(grey: bytes) -> int:
    """The number that a frame bears, of whose brightness these are the bytes."""
    row = grey[SIZE[1] // 2 * SIZE[0] :][: SIZE[0]]
    return sum((row[bit * _BAND + _BAND // 2] > 127) << bit for bit in range(BITS))


class Filming:
    """A source of the agent that shows what time it is: frames come as they are filmed, a key frame every so many."""

    codec: Codec = "h264"
    frame_ticks = TICKS_PER_SECOND // FRAMES_PER_SECOND
    reorders = False
    sound = None
    heard = ""

    def __init__(self, seconds: int, key_every: int, stopped: threading.Event) -> None:
        self._encoded = encoded(seconds * FRAMES_PER_SECOND, key_every)
        self._stopped = stopped
        self.begun = 0.0

    def frames_so_far(self) -> float:
        """The number that the frame of this moment bears."""
        return (time.monotonic() - self.begun) * FRAMES_PER_SECOND

    def packets(self) -> Iterator[Packet]:
        self.begun = time.monotonic()
        for number, (content, is_key) in enumerate(self._encoded):
            if self._stopped.wait(max(0.0, self.begun + number / FRAMES_PER_SECOND - time.monotonic())):
                return
            stamp = number * self.frame_ticks
            yield Packet(content, stamp, stamp, time.monotonic(), is_key)

    def close(self) -> None:
        """Nothing is held."""


def encoded(frames: int, key_every: int, first: int = 0) -> list[tuple[bytes, bool]]:
    """Access units of H.264, and whether each is a key frame, of pictures that bear their numbers."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.framerate, encoder.time_base = Fraction(FRAMES_PER_SECOND), Fraction(1, FRAMES_PER_SECOND)
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(key_every), "sc_threshold": "0"}
    packets = []
    for number in range(frames):
        frame: Any = av.VideoFrame.from_image(picture_of(first + number))  # type: ignore[no-untyped-call]
        frame.pts, frame.time_base = number, encoder.time_base
        packets += encoder.encode(frame)
    return [(bytes(each), each.is_keyframe) for each in [*packets, *encoder.encode(None)]]


@contextmanager
def an_agent_that_films(url: str, cloud: LocalCloud, sn: str, folder: Path, key_every: int) -> Iterator[Filming]:
    """The agent itself, on its channel, and filming for a while already."""
    stopped = threading.Event()
    filming = Filming(90, key_every, stopped)
    config = config_of(url, sn, SECRET, "rtsp://127.0.0.1/", folder)
    living = camera_of(config, config.cameras[0], stopped)

    def open_source(_: SourceAddress) -> Filming:
        return filming

    for feed in (feed for lens in living.lenses for feed in lens.feeds()):
        feed.open_source = open_source
    thread = threading.Thread(target=living.run, daemon=True)
    thread.start()
    try:
        until(lambda: bool(cloud.channel.connections) and filming.frames_so_far() > 4 * FRAMES_PER_SECOND)
        yield filming
    finally:
        stopped.set()
        thread.join(10)
        until(lambda: not cloud.channel.connections)
