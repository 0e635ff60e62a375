"""A clip takes as much memory as its largest segment, however long it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import av
from PIL import Image

MOST_MEGABYTES = 512
# As little as lets a segment be as large as they may be.
_FRAMES, _SIZE = 16, (1280, 720)
_MAKE = """
import re, shutil, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from chalicelib.clips.actions.remuxing import Piece, remux

source, target, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
begin = datetime(2026, 11, 1, 12, tzinfo=UTC)
fetch = lambda path: bool(shutil.copyfile(source, path))
pieces = [Piece(begin + timedelta(minutes=at), False, fetch) for at in range(count)]
made = remux(pieces, begin, begin + timedelta(minutes=count), target)
# What getrusage says counts the process that this one was forked from, which may be a whole run of tests.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(made.duration_ms, peak_kb // 1024)
"""


def segment_of_megabytes(path: Path) -> int:
    """Noise, which cannot be compressed; how many bytes."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(path, "w", format="mp4", options=options) as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height = _SIZE
        video.pix_fmt = "yuv444p"
        video.options = {"preset": "ultrafast", "qp": "1"}
        for _ in range(_FRAMES):
            noise = Image.merge("RGB", [Image.effect_noise(_SIZE, 120) for _ in range(3)])
            container.mux(video.encode(av.VideoFrame.from_image(noise)))
        container.mux(video.encode(None))
    return path.stat().st_size


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    segment = tmp_path / "segment.mp4"
    assert 40_000_000 < segment_of_megabytes(segment) < 64 * 1024 * 1024
    used = []
    for count in (2, 6):
        clip = tmp_path / "clip.mp4"
        command = [sys.executable, "-c", _MAKE, str(segment), str(clip), str(count)]
        answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own words
        duration_ms, megabytes = map(int, answer.stdout.split())
        assert duration_ms == count * _FRAMES * 100
        assert clip.stat().st_size > 0.99 * count * segment.stat().st_size
        used.append(megabytes)
    assert used[1] < MOST_MEGABYTES
    assert used[1] < used[0] + 40

