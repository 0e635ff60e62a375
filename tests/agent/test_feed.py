"""A feed lives through whatever a camera does: gone, locked, silent, changed, restarted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av.error
import pytest

from sowa_agent import demuxed
from sowa_agent.demuxed import problem_of
from sowa_agent.feed import Backoff, Feed
from sowa_agent.opening import Opener
from sowa_agent.packets import TICKS_PER_SECOND, Packet, Piece
from sowa_agent.source import SourceAddress, SourceProblem, Why
from tests.agent.fakes import MovedClock, Script, ScriptedSession
from tests.agent.footage import beep, film, speech

CAMERA = SourceAddress("rtsp://10.0.0.9/stream1", "viewer", "geheim")


@dataclass
class Scene:
    """A feed whose source follows a script, under a clock that stands still but for what is waited for."""

    clock: MovedClock = field(default_factory=MovedClock)
    stopped: threading.Event = field(default_factory=threading.Event)
    pieces: list[Piece] = field(default_factory=list)
    ends: int = 0

    def session(self, packets: Iterable[Packet], **more: Any) -> ScriptedSession:
        return ScriptedSession(tuple(packets), self.clock, **more)

    def run(self, *events: ScriptedSession | Why) -> Script:
        script = Script(list(events), self.stopped)
        self.feed = Feed(
            "Channel 0", CAMERA, script, self.clock, lambda *_: None, self.pieces.append, self._end,
            stopped=self.stopped, backoff=Backoff(jitter=lambda: 1.0),
        )  # fmt: skip
        self.feed.run()
        return script

    def _end(self) -> None:
        self.ends += 1

    def inits(self) -> list[str]:
        return list(dict.fromkeys(piece.init.name for piece in self.pieces))


def test_a_camera_that_is_gone_and_back_begins_another_init() -> None:
    scene = Scene()
    sessions = [scene.session(film(60)), scene.session(film(60))]
    scene.run(sessions[0], Why.UNREACHABLE, Why.UNREACHABLE, sessions[1])
    assert len(scene.inits()) == 2 and scene.ends == 2
    assert all(session.is_closed for session in sessions)
    numbers = [piece.number for piece in scene.pieces]
    assert numbers == list(range(len(numbers)))
    gap = next(b.start_s - a.end_s for a, b in pairwise(scene.pieces) if a.init is not b.init)
    assert gap == pytest.approx(0.5 + 1 + 2, abs=0.2)


@pytest.mark.parametrize(
    ("heard", "is_wanted", "said"),
    [
        ("", False, "no sound"), ("aac", True, "aac"), ("pcm_alaw", False, "pcm_alaw is left out"),
        ("pcm_alaw", True, "pcm_alaw is made AAC"),
    ],
)  # fmt: skip
def test_it_says_what_comes_and_what_becomes_of_its_sound(
    heard: str, is_wanted: bool, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    sound, spoken = (speech(3) if heard == "aac" else beep(heard, 3, 1.0, 2.0)) if is_wanted else (None, ())
    scene = Scene()
    packets = sorted((*film(30), *spoken), key=lambda packet: packet.arrived)
    scene.run(scene.session(packets, heard=heard, sound=sound))
    assert f"h264, 64x48, 10 frames a second, {said}\n" in caplog.text


def test_it_waits_longer_each_time_but_not_for_ever() -> None:
    scene = Scene()
    scene.run(*[Why.UNREACHABLE] * 10)
    assert scene.clock.moved_s == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 16 + 5 * 30)


def test_a_wrong_password_is_tried_so_rarely_that_no_account_is_locked_and_never_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    scene = Scene()
    scene.run(*[Why.UNAUTHORIZED] * 5)
    assert scene.clock.moved_s >= 60 + 120 + 240 + 480
    assert "does not take the user or the password" in caplog.text
    assert "geheim" not in caplog.text + repr(scene.feed)


def test_a_camera_that_refuses_once_as_it_starts_is_not_taken_for_one_that_always_does() -> None:
    scene = Scene()
    scene.run(*[Why.UNREACHABLE] * 10, Why.UNAUTHORIZED, Why.UNREACHABLE)
    assert scene.clock.moved_s == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 16 + 4 * 30 + 60 + 2 * 30)


def test_after_pieces_came_it_is_tried_again_at_once() -> None:
    scene = Scene()
    scene.run(Why.UNREACHABLE, Why.UNREACHABLE, Why.UNREACHABLE, scene.session(film(60)))
    assert scene.clock.moved_s == pytest.approx(0.5 + 1 + 2 + 5.9 + 0.5 + 1.0, abs=0.2)


def test_a_stream_that_stalls_is_an_end() -> None:
    scene = Scene()
    stall = scene.session(film(60), end=SourceProblem(Why.SILENT))
    scene.run(stall, scene.session(film(60)))
    assert stall.is_closed and len(scene.inits()) == 2


def test_a_session_without_another_key_frame_is_ended(caplog: pytest.LogCaptureFixture) -> None:
    """As when the codec changes within it: packets come, and none that says anything."""
    scene = Scene()
    damaged = [replace(packet, is_key=False) for packet in film(1000)]
    session = scene.session([*film(20), *damaged[20:]])
    scene.run(session)
    assert "no key frame comes" in caplog.text and session.is_closed


def test_another_codec_after_a_restart_is_another_init() -> None:
    scene = Scene()
    scene.run(scene.session(film(60)), scene.session(film(60, codec="hevc"), codec="hevc"))
    assert [piece.init.codec for piece in scene.pieces if piece.begins_with_key] == ["h264"] * 3 + ["hevc"] * 3


def test_it_is_opened_anew_when_it_is_told_to() -> None:
    scene = Scene()
    sessions = [scene.session(film(60)), scene.session(film(60))]
    script = Script([*sessions], scene.stopped)

    def reopen_once(piece: Piece) -> None:
        scene.pieces.append(piece)
        if len(scene.pieces) == 3:
            feed.reopen()

    feed = Feed("Channel 0", CAMERA, script, scene.clock, lambda *_: None, reopen_once, lambda: None)
    feed.stopped = scene.stopped
    feed.run()
    assert script.opened == 2 and len(scene.inits()) == 2


# What can be wrong


@pytest.mark.parametrize(
    ("error", "is_opening", "why"),
    [
        (av.error.HTTPUnauthorizedError, True, Why.UNAUTHORIZED),
        (av.error.HTTPForbiddenError, True, Why.UNAUTHORIZED),
        (av.error.HTTPNotFoundError, True, Why.NOT_FOUND),
        (av.error.ConnectionRefusedError, True, Why.UNREACHABLE),
        (av.error.OSError, True, Why.UNREACHABLE),
        (av.error.TimeoutError, False, Why.SILENT),
        (av.error.ExitError, True, Why.SILENT),
        (av.error.InvalidDataError, True, Why.SILENT),
        (av.error.InvalidDataError, False, Why.ENDED),
        (av.error.OSError, False, Why.ENDED),
    ],
)
def test_errors_are_told_by_their_type_and_never_by_their_text(error: Any, is_opening: bool, why: Why) -> None:
    problem = problem_of(error(1, "rtsp://viewer:geheim@10.0.0.9"), is_opening=is_opening)
    assert problem.why is why and "geheim" not in str(problem)


def test_an_address_is_shown_without_its_secrets() -> None:
    assert CAMERA.shown == "rtsp://10.0.0.9/stream1" and "geheim" not in repr(CAMERA)
    assert SourceAddress("rtsp://10.0.0.9/live?token=abc").shown == "rtsp://10.0.0.9/live"
    assert SourceAddress("rtsp://a/b", "us er", "p@ss:w/").with_password == "rtsp://us%20er:p%40ss%3Aw%2F@a/b"


def test_nobody_at_an_address_is_told_at_once() -> None:
    with pytest.raises(SourceProblem) as raised:
        Opener(lambda: 0.0)(SourceAddress("rtsp://127.0.0.1:9/stream1", "viewer", "geheim"))
    assert raised.value.why is Why.UNREACHABLE and "geheim" not in str(raised.value)
    assert raised.value.__suppress_context__


# Reading


class FakeContainer:
    """Packets of two streams, each after that many seconds."""

    def __init__(self, clock: MovedClock, *waits: tuple[str, float]) -> None:
        self._clock, self._waits = clock, waits

    def demux(self) -> Iterable[Any]:
        for stream, wait_s in self._waits:
            self._clock.advance(wait_s)
            yield SimpleNamespace(stream=stream, size=1)

    def camera(self, transport: Any = "tcp", rate: int = 25, pause: Any = lambda seconds: None) -> Any:
        camera = demuxed.Camera.__new__(demuxed.Camera)
        camera._container, camera._streams, camera._monotonic = self, ["video"], self._clock.monotonic
        camera.pace(transport, TICKS_PER_SECOND // rate, pause)
        return camera


@pytest.mark.parametrize(
    ("transport", "rate", "pauses"),
    [("tcp", 25, [0.5, 0.5]), ("tcp", 5, [0.5, 0.5]), ("udp", 25, []), ("tcp", 2, [])],
)
def test_frames_are_read_several_at_once_where_there_are_many(transport: Any, rate: int, pauses: list[float]) -> None:
    paused = list[float]()
    waits = [("video", wait_s) for wait_s in (0.04, 0.0, 0.0, 0.03, 0.0)]
    camera = FakeContainer(MovedClock(), *waits).camera(transport, rate, paused.append)
    assert len(list(camera._demuxed())) == 5 and paused == pauses


def test_sound_alone_that_is_not_copied_is_a_stall() -> None:
    came = FakeContainer(MovedClock(), *[("video", 0.04), *[("sound", 1.0)] * 5] * 3, *[("sound", 1.0)] * 9).camera()
    seen = 0
    with pytest.raises(SourceProblem) as raised:
        for _ in came._demuxed():
            seen += 1
    assert seen == 3 and raised.value.why is Why.SILENT


# Files


def _film_file(path: Path, codec: str = "libx264", **options: str) -> Path:
    from tests.agent.footage import bar

    with av.open(str(path), "w") as made:
        stream: Any = made.add_stream(codec, rate=10, options={"g": "10", **options})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(30):
            made.mux(stream.encode(av.VideoFrame.from_image(bar(number, (64, 48)))))  # type: ignore[no-untyped-call]
        made.mux(stream.encode(None))
    return path


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_file_is_played_over_and_over_as_one_long_film(tmp_path: Path, codec: str) -> None:
    scene = Scene()
    path = _film_file(tmp_path / "film.mp4", codec)
    opener = Opener(scene.clock.monotonic, scene.clock.advance)

    def take(piece: Piece) -> None:
        scene.pieces.append(piece)
        if piece.end_s - scene.pieces[0].start_s > 8:
            scene.stopped.set()

    feed = Feed(
        "Channel 0", SourceAddress(str(path)), opener, scene.clock, lambda *_: None, take, lambda: None,
        stopped=scene.stopped,
    )  # fmt: skip
    feed.run()
    assert len(scene.inits()) == 1
    assert all(abs(b.start_s - a.end_s) < 0.25 for a, b in pairwise(scene.pieces))
    assert scene.clock.moved_s == pytest.approx(8, abs=1)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    opener = Opener(lambda: 0.0)
    (tmp_path / "notes.mp4").write_text("no film")
    (tmp_path / "empty").mkdir()
    mpeg4 = _film_file(tmp_path / "old.mp4", "mpeg4")
    expected = {"notes.mp4": Why.UNREADABLE, "empty": Why.UNREADABLE, mpeg4.name: Why.CODEC, "none": Why.UNREACHABLE}
    for name, why in expected.items():
        with pytest.raises(SourceProblem) as raised:
            opener(SourceAddress(str(tmp_path / name)))
        assert raised.value.why is why


# What FFmpeg opens


def _opened(video: Any, audio: Any, sound: Any = "copy") -> demuxed.Demuxed:
    streams = SimpleNamespace(video=[video] if video else [], audio=[audio] if audio else [])
    return demuxed.Demuxed(SimpleNamespace(streams=streams, close=lambda: None), lambda: 0.0, sound)


def _stream(codec: str | None) -> Any:
    """Without a codec FFmpeg knows no decoder by its name."""
    context = SimpleNamespace(name=codec, has_b_frames=0, extradata=None) if codec else None
    return SimpleNamespace(codec_context=context, average_rate=25, time_base=Fraction(1, TICKS_PER_SECOND))


@pytest.mark.parametrize(
    ("codec", "wanted", "is_heard"),
    [
        ("aac", "copy", True), ("aac", "aac", True), ("pcm_alaw", "copy", False), ("pcm_alaw", "aac", True),
        (None, "copy", False), (None, "aac", False),
    ],
)  # fmt: skip
def test_what_is_to_be_heard_is_what_can_be_copied_or_is_to_be_made_aac(
    codec: str | None, wanted: str, is_heard: bool
) -> None:
    session = _opened(_stream("h264"), _stream(codec), wanted)
    assert (session.sound is not None) is is_heard and session.heard == (codec or "an unknown codec")


def test_a_picture_of_a_codec_without_a_name_is_told() -> None:
    with pytest.raises(SourceProblem) as raised:
        _opened(_stream(None), None)
    assert raised.value.why is Why.CODEC
