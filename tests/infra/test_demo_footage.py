"""Any film or folder of photographs becomes snapshots that an upload ticket takes."""

import io
import itertools
from pathlib import Path

import av
import pytest
from PIL import Image, ImageDraw

from infra.demo.footage import LARGEST_BYTES, SMALLEST_BYTES, NoFootage, as_jpeg, choose, default_clip, frames

CLIPS = default_clip().parent


def _photograph(path: Path, *, square_at: int | None = None) -> None:
    picture = Image.new("RGB", (640, 360), "grey")
    if square_at is not None:
        ImageDraw.Draw(picture).rectangle((square_at, 0, square_at + 200, 359), fill="white")
    picture.save(path, "JPEG")


@pytest.mark.parametrize("clip", ["bikes.mp4", "carphone_distorted.mp4", "carphone_pristine.mp4"])
def test_a_real_clip_gives_pictures_of_the_size_a_ticket_takes(clip: str) -> None:
    found = list(frames(CLIPS / clip))
    assert 1 <= len(found) <= 12
    assert all(SMALLEST_BYTES < len(frame.jpeg) < LARGEST_BYTES for frame in found)
    assert all(Image.open(io.BytesIO(frame.jpeg)).format == "JPEG" for frame in found)
    assert len({frame.jpeg for frame in found}) == len(found)


def test_pictures_come_in_order_of_time_and_only_of_what_moves() -> None:
    found = list(frames(default_clip(), count=5))
    assert len(found) == 5
    assert all(before.at_seconds < after.at_seconds for before, after in itertools.pairwise(found))
    everything = list(frames(default_clip(), count=1000))
    assert min(frame.motion for frame in found) >= sorted((frame.motion for frame in everything), reverse=True)[4]


def test_the_same_clip_gives_the_same_pictures() -> None:
    clip = CLIPS / "carphone_pristine.mp4"
    assert list(frames(clip)) == list(frames(clip))


def test_a_folder_of_photographs_is_a_film_of_one_a_second(tmp_path: Path) -> None:
    for number in range(4):
        _photograph(tmp_path / f"{number}.JPG", square_at=number * 100)
    (tmp_path / "notes.txt").write_text("not a picture")
    found = list(frames(tmp_path))
    assert [frame.at_seconds for frame in found] == [1.0, 2.0, 3.0]  # nothing moved before the first


def test_where_nothing_moves_the_pictures_are_evenly_spaced(tmp_path: Path) -> None:
    for number in range(9):
        _photograph(tmp_path / f"{number}.jpeg")
    assert [frame.at_seconds for frame in frames(tmp_path, count=3)] == [0.0, 4.0, 8.0]


def test_one_photograph_is_enough(tmp_path: Path) -> None:
    _photograph(tmp_path / "only.jpg")
    assert len(list(frames(tmp_path))) == 1
    assert choose([0.0], 12) == {0}


def test_no_metadata_of_a_photograph_is_sent(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at the neighbour's"
    Image.new("RGB", (640, 360)).save(tmp_path / "a.jpg", "JPEG", exif=exif)
    assert b"neighbour" in (tmp_path / "a.jpg").read_bytes()
    assert b"neighbour" not in next(frames(tmp_path)).jpeg


@pytest.mark.parametrize("size", [(1, 1), (16, 9), (5000, 4000), (4000, 10)])
def test_tiny_and_huge_pictures_are_brought_to_size(size: tuple[int, int]) -> None:
    assert SMALLEST_BYTES < len(as_jpeg(Image.effect_noise(size, 120))) < LARGEST_BYTES


def _as_transport_stream(film: Path, to: Path) -> bytes:
    """The same film in a form that has no index, as a camera writes it."""
    with av.open(str(film)) as read, av.open(str(to), "w", format="mpegts") as written:
        stream = written.add_stream_from_template(read.streams.video[0])
        for packet in read.demux(read.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                written.mux(packet)
    return to.read_bytes()


def test_a_film_that_breaks_off_is_used_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = _as_transport_stream(default_clip(), tmp_path / "whole.ts")
    (tmp_path / "cut.ts").write_bytes(whole[: len(whole) // 2])
    seconds = [list(frames(tmp_path / name, count=100))[-1].at_seconds for name in ("cut.ts", "whole.ts")]
    assert 1 < seconds[0] < seconds[1] - 1


def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is not a film\n" * 100)
    (tmp_path / "without its index.mp4").write_bytes(default_clip().read_bytes()[:100_000])
    (tmp_path / "no pictures").mkdir()
    (tmp_path / "broken pictures").mkdir()
    (tmp_path / "broken pictures" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing of use")
    for name, sentence in {
        "absent.mp4": "There is no file",
        "empty.mp4": "is empty",
        "text.mp4": "is not a video that can be read",
        "without its index.mp4": "is not a video that can be read",
        "no pictures": "There is no JPEG file in the folder",
        "broken pictures": "is not a picture that can be read",
    }.items():
        with pytest.raises(NoFootage, match=sentence):
            list(frames(tmp_path / name))
