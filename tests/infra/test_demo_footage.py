"""The demo's camera looks at any film and any folder of photographs, or it is said why not."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from PIL import Image

from infra.demo.footage import NoFootage, default_clip, prepare
from infra.demo.living import source_of
from tests.agent.footage import bar

CLIPS = default_clip().parent
SIZE = (160, 120)
RED = (254, 0, 0)


@dataclass(frozen=True)
class Made:
    """A film of a bar that moves, in whose first corner something red stands."""

    name: str
    encoder: str
    pixels: str = "yuv420p"
    seconds: int = 4
    size: tuple[int, int] = SIZE
    turned: int = 0
    options: dict[str, str] = field(default_factory=lambda: {"g": "20"})

    def write(self, folder: Path) -> Path:
        path = folder / self.name
        with av.open(str(path), "w", options={"movflags": "faststart"}) as out:
            stream: Any = out.add_stream(self.encoder, rate=10, options=self.options)
            stream.width, stream.height, stream.pix_fmt = *self.size, self.pixels
            if self.turned:
                stream.set_display_rotation(self.turned)
            for number in range(10 * self.seconds):
                picture = bar(number, self.size)
                picture.paste(RED, (0, 0, self.size[0] // 4, self.size[1] // 4))
                frame = av.VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]
                frame.pts, frame.time_base = number, Fraction(1, 10)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        return path


RARE_KEYS = Made("phone.mp4", "libx264", seconds=12, options={"g": "250", "sc_threshold": "0"})


def _prepared(path: Path, folder: Path) -> tuple[Path, list[str]]:
    said: list[str] = []
    return prepare(path, folder, said.append), said


def _keys(path: Path) -> list[float]:
    """Seconds, and that of the last frame."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        packets = [each for each in film.demux(stream) if each.size]
        kept = [each for each in packets if each.is_keyframe] + packets[-1:]
        return [float((each.pts or 0) * (stream.time_base or 0)) for each in kept]


def _first_picture(path: Path) -> Image.Image:
    with av.open(str(path)) as film:
        return next(film.decode(video=0)).to_image()  # type: ignore[no-any-return,no-untyped-call]


@pytest.mark.parametrize("clip", ["bikes.mp4", "carphone_distorted.mp4", "carphone_pristine.mp4"])
def test_a_real_clip_is_looked_at_as_it_is(clip: str, tmp_path: Path) -> None:
    assert _prepared(CLIPS / clip, tmp_path) == (CLIPS / clip, [])


def test_a_film_without_an_index_is_looked_at_as_it_is(tmp_path: Path) -> None:
    path = Made("raw.h264", "libx264").write(tmp_path)
    assert _prepared(path, tmp_path) == (path, [])


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (Made("film.webm", "libvpx-vp9"), "it is vp9"),
        (Made("film.avi", "mpeg4", options={"bf": "2"}), "it is mpeg4"),
        (Made("camera.avi", "mjpeg", "yuvj420p"), "it is mjpeg"),
        (Made("cut.mov", "prores_ks", "yuv422p10le"), "it is prores"),
        (Made("ten bits.mkv", "libx264", "yuv420p10le"), "its pixels are yuv420p10le"),
        (Made("large.mp4", "libx264", seconds=1, size=(1280, 1440), options={"g": "9"}), "it is 1280x1440"),
        (RARE_KEYS, "its key frames are 12 s apart"),
    ],
    ids=lambda value: value.name if isinstance(value, Made) else "",
)
def test_what_no_camera_sends_is_encoded(made: Made, why: str, tmp_path: Path) -> None:
    encoded, said = _prepared(made.write(tmp_path), tmp_path)
    sentence = f"{made.name} is no film that a camera would send ({why}): its first minute is encoded to H.264."
    assert said == [sentence]
    *keys, end = _keys(encoded)
    assert end == pytest.approx(made.seconds - 0.1, abs=0.15)
    assert keys == pytest.approx(range(0, made.seconds, 2))
    assert _prepared(encoded, tmp_path) == (encoded, [])


def test_what_was_filmed_with_the_camera_turned_is_upright(tmp_path: Path) -> None:
    for turned, corner in {90: (0, 1), 180: (1, 1), -90: (1, 0)}.items():
        encoded, said = _prepared(Made("turned.mp4", "libx264", turned=turned).write(tmp_path), tmp_path)
        assert "the camera turned" in said[0]
        picture = _first_picture(encoded)
        assert picture.size == (SIZE if turned == 180 else SIZE[::-1])
        x, y = (5 + at * (side - 10) for at, side in zip(corner, picture.size, strict=True))
        red, green, blue = picture.getpixel((x, y))  # type: ignore[misc]
        assert red > 150 > green + blue


def test_of_a_long_film_a_minute_is_encoded(tmp_path: Path) -> None:
    encoded, _ = _prepared(Made("long.avi", "mjpeg", "yuvj420p", seconds=90, size=(32, 32)).write(tmp_path), tmp_path)
    assert _keys(encoded)[-1] == pytest.approx(60, abs=0.5)


def _hears(sound: Any, out: Any, frames: int) -> None:
    """A second of silence is some eight frames."""
    for number in range(frames):
        frame = av.AudioFrame("fltp", "stereo", 1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = 8000, 1024 * number, Fraction(1, 8000)
        out.mux(sound.encode(frame))
    out.mux(sound.encode(None))


def test_sound_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "heard.mp4"
    with av.open(str(RARE_KEYS.write(tmp_path))) as film, av.open(str(path), "w") as out:
        video = film.streams.video[0]
        copied, sound = out.add_stream_from_template(video), out.add_stream("aac", rate=8000)
        for packet in film.demux(video):
            if packet.size:
                packet.stream = copied
                out.mux(packet)
        _hears(sound, out, 80)
    encoded, _ = _prepared(path, tmp_path)
    with av.open(str(encoded)) as film:
        heard = [each for each in film.demux(film.streams.audio[0]) if each.size]
        assert film.streams.audio[0].codec_context.name == "aac" and len(heard) >= 80


@pytest.mark.parametrize(("name", "encoder"), [("broken.mp4", "mpeg4"), ("broken.avi", "mjpeg")])
def test_a_film_that_breaks_off_is_used_as_far_as_it_goes(name: str, encoder: str, tmp_path: Path) -> None:
    path = Made(name, encoder, "yuvj420p" if encoder == "mjpeg" else "yuv420p").write(tmp_path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    encoded, _ = _prepared(path, tmp_path)
    assert 1 < _keys(encoded)[-1] < 3


def test_damaged_pictures_are_left_out(tmp_path: Path) -> None:
    path = Made("damaged.mov", "prores_ks", "yuv422p10le").write(tmp_path)
    content = path.read_bytes()
    part = len(content) // 4
    path.write_bytes(content[: 2 * part] + bytes(part) + content[3 * part :])
    encoded, _ = _prepared(path, tmp_path)
    assert _keys(encoded)[-1] == pytest.approx(3.9, abs=0.15)


def test_a_picture_is_a_film_as_well(tmp_path: Path) -> None:
    Image.new("RGB", (333, 201), "grey").save(tmp_path / "only.jpg", "JPEG")
    encoded, _ = _prepared(tmp_path / "only.jpg", tmp_path)
    assert _first_picture(encoded).size == (332, 200)


def test_one_photograph_is_enough(tmp_path: Path) -> None:
    Image.new("RGB", (640, 360), "grey").save(tmp_path / "only.JPG", "JPEG")
    (tmp_path / "notes.txt").write_text("not a picture")
    assert _prepared(tmp_path, tmp_path) == (tmp_path, [])


def test_the_living_camera_takes_any_film_and_an_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    address = "rtsp://user:password@192.0.2.1/stream1"
    assert source_of(address, tmp_path) == address
    source = Made("film.webm", "libvpx-vp9").write(tmp_path)
    assert source_of(str(source), tmp_path) == str(tmp_path / "film.mp4")
    assert capsys.readouterr().out.startswith("film.webm is no film")
    with pytest.raises(NoFootage, match="There is no file"):
        source_of(str(tmp_path / "absent.mp4"), tmp_path)


def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is not a film\n" * 100)
    (tmp_path / "without its index.mp4").write_bytes(default_clip().read_bytes()[:100_000])
    (tmp_path / "no pictures").mkdir()
    (tmp_path / "broken pictures").mkdir()
    (tmp_path / "broken pictures" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing of use")
    with av.open(str(tmp_path / "heard only.mp4"), "w") as out:
        _hears(out.add_stream("aac", rate=8000), out, 8)
    for name, encoder in {"no frames.avi": "mpeg4", "no frames of H.264.avi": "libx264"}.items():
        path = Made(name, encoder).write(tmp_path)
        path.write_bytes(path.read_bytes().partition(b"movi")[0] + b"movi")
    for name, sentence in {
        "absent.mp4": "There is no file",
        "empty.mp4": "it is not a video that can be read",
        "text.mp4": "it is not a video that can be read",
        "without its index.mp4": "it is not a video that can be read",
        "no frames.avi": "it is not a video that can be read",
        "no frames of H.264.avi": "it is not a video that can be read",
        "heard only.mp4": "it is not a video that can be read",
        "no pictures": "there is no JPEG in the folder",
        "broken pictures": r"can be read \(a.jpg\)",
    }.items():
        with pytest.raises(NoFootage, match=sentence):
            prepare(tmp_path / name, tmp_path, print)
