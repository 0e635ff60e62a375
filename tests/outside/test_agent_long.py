"""The agent with two RTSP servers that others wrote: the same faults, and of one film the same frames are kept."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import av
import pytest

from tests.outside import long_run
from tests.outside.long_run import Scene
from tests.outside.rtsp_servers import SERVERS, film, folder_for_all, is_installed

SECONDS = 90.0


def _installed(name: str) -> type:
    if not is_installed(name):
        pytest.skip(f"{name} is not installed")
    return SERVERS[name]


@pytest.mark.parametrize("name", list(SERVERS))
def test_what_can_fail_costs_no_more_than_it_must(name: str, tmp_path: Path) -> None:
    _installed(name)
    tally = long_run.run(name, tmp_path, SECONDS, (4.0, 6.0), seed=3)
    print(tally)
    # What had to be kept was: `judge`. That is most of what there was, or it would say nothing.
    assert sum(tally.faults.values()) >= 3 and tally.objects >= 4
    assert tally.least > 0.5 * tally.given and tally.given > 0.4 * tally.lasted_s * long_run.RATE


def _kept(name: str, folder: Path, played: Path) -> list[int]:
    """The numbers of the film's frames that have come up, in order."""
    server = _installed(name)()
    try:
        scene = Scene(server, folder, [played], seed=0)
        scene.run(20.0, (20.0, 20.0))
    finally:
        server.end()
    numbers = {slices: number for number, slices in enumerate(_slices(played.read_bytes()))}
    found, inits = list[int](), dict[str, bytes]()
    for key, content in scene.cloud.objects.items():
        prefix = key.partition("/")[0]
        if key.endswith(".mp4"):
            inits[prefix] = content
        else:
            found += [numbers[slices] for slices in _slices(inits[prefix] + content)]
    return found


def _slices(content: bytes) -> list[bytes]:
    """Of each frame what shows it, without the parameter sets and messages that a server may repeat."""
    with av.open(io.BytesIO(content), "r") as read:
        return [_slices_of(bytes(packet)) for packet in read.demux(video=0) if packet.size]


def _slices_of(unit: bytes) -> bytes:
    found, at = b"", 0
    while at < len(unit):
        end = at + 4 + int.from_bytes(unit[at : at + 4])
        if unit[at + 4] & 0x1F in (1, 5):
            found += unit[at + 4 : end]
        at = end
    return found


def test_of_one_film_both_keep_the_same_frames(tmp_path: Path) -> None:
    """From a key frame on, each frame once and in order; over UDP one in a hundred may be lost on a busy machine."""
    kept: dict[str, Any] = {}
    with folder_for_all() as shown:
        played = film(shown, "h264", "320x180", 60)
        for name in SERVERS:
            (tmp_path / name).mkdir()
            kept[name] = _kept(name, tmp_path / name, played)
    for name, numbers in kept.items():
        assert numbers[0] % long_run.RATE == 0 and len(numbers) > 8 * long_run.RATE
        assert numbers == sorted(set(numbers)), name
        assert len(numbers) >= 0.99 * (numbers[-1] - numbers[0] + 1), name
    assert kept["GStreamer"] == list(range(kept["GStreamer"][0], kept["GStreamer"][-1] + 1))
    first, last = (choose(each[at] for each in kept.values()) for choose, at in ((max, 0), (min, -1)))
    both = [{number for number in each if first <= number <= last} for each in kept.values()]
    assert last > first and len(both[0] ^ both[1]) <= 0.01 * (last - first + 1)
