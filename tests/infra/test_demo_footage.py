"""The demo's camera looks at any film and any folder of photographs, or it is said why not."""

from pathlib import Path

import pytest
from PIL import Image

from infra.demo.footage import NoFootage, check, default_clip

CLIPS = default_clip().parent


@pytest.mark.parametrize("clip", ["bikes.mp4", "carphone_distorted.mp4", "carphone_pristine.mp4"])
def test_a_real_clip_can_be_looked_at(clip: str) -> None:
    check(CLIPS / clip)


def test_one_photograph_is_enough(tmp_path: Path) -> None:
    Image.new("RGB", (640, 360), "grey").save(tmp_path / "only.JPG", "JPEG")
    (tmp_path / "notes.txt").write_text("not a picture")
    check(tmp_path)


def test_what_cannot_be_used_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("this is not a film\n" * 100)
    (tmp_path / "without its index.mp4").write_bytes(default_clip().read_bytes()[:100_000])
    (tmp_path / "no pictures").mkdir()
    (tmp_path / "broken pictures").mkdir()
    (tmp_path / "broken pictures" / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 and then nothing of use")
    for name, sentence in {
        "absent.mp4": "There is no file",
        "empty.mp4": "it is not a video that can be read",
        "text.mp4": "it is not a video that can be read",
        "without its index.mp4": "it is not a video that can be read",
        "no pictures": "there is no JPEG in the folder",
        "broken pictures": r"can be read \(a.jpg\)",
    }.items():
        with pytest.raises(NoFootage, match=sentence):
            check(tmp_path / name)
