"""Segments of a camera become one MP4 file, which is read as players read it."""

from __future__ import annotations

import errno
import gc
import os
import random
import struct
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import av
import av.container
import pytest
from av.container import OutputContainer

from chalicelib.clips.actions import footage
from chalicelib.clips.actions.footage import rewrapped
from chalicelib.clips.actions.remuxing import CrossesChange, NothingReadable, Piece, Remuxed, _Remuxing, remux
from chalicelib.clips.rules import boxes
from chalicelib.clips.rules.boxes import Picture
from tests.clips.footage import (
    FRAMES_PER_SECOND,
    H264,
    H265,
    NOON,
    Played,
    Setting,
    boxes_at_the_top,
    piece_of,
    pieces_of,
    played,
    record,
)

ALL_DAY = NOON + timedelta(days=1)
# Samples that are more than may be, and no burden to whoever believes it.
CLAIMED = 99_999
SETTINGS = {
    "H.264": Setting(),
    "H.265": Setting(H265),
    "H.264 as a transport stream": Setting(kind="ts"),
    "H.265 as a transport stream": Setting(H265, kind="ts"),
    "H.264 without sound": Setting(sound=None),
}
either = pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def clip_of(
    pieces: list[Piece], folder: Path, begin: float = 0, end: float = 3600, lost_s: float = 0
) -> tuple[Remuxed, Played]:
    path = folder / "clip.mp4"
    made = remux(pieces, NOON + seconds(begin), NOON + seconds(end), path)
    found = played(path)
    # What holds of each.
    video = found.tracks["video"]
    assert boxes_at_the_top(path)[:2] == [b"ftyp", b"moov"]
    assert video.are_keys[0]
    assert (min(video.shown_s), video.tag) == (0, {"h264": "avc1", "hevc": "hvc1"}[video.codec])
    assert all(before < after for one in found.tracks.values() for before, after in pairwise(one.decoded_s))
    assert all(decoded <= shown for shown, decoded in zip(video.shown_s, video.decoded_s, strict=True))
    assert found.duration_s == pytest.approx(len(video.shown_s) / FRAMES_PER_SECOND, abs=0.03 + lost_s)
    assert made.duration_ms == pytest.approx(1000 * video.duration_s, abs=1 + 1000 * lost_s)
    if "audio" in found.tracks:
        assert found.tracks["audio"].codec == "aac"
        assert found.tracks["audio"].duration_s <= video.duration_s + 0.03
    return made, found


@either
def test_a_clip_has_every_frame_of_what_was_filmed(setting: Setting, tmp_path: Path) -> None:
    init, segments = record(setting, 3)
    made, found = clip_of(pieces_of(init, segments, setting), tmp_path)
    assert found.frames == list(range(3 * 2 * FRAMES_PER_SECOND))
    assert (made, found.duration_s) == (Remuxed(NOON, 6000, 0), pytest.approx(6, abs=0.03))
    assert found.filmed.startswith("2026-11-01T12:00:00")
    assert ("audio" in found.tracks) == (setting.sound is not None)
    if setting.sound is not None:
        assert len(found.tracks["audio"].shown_s) == pytest.approx(6 * 48_000 / 1024, abs=3)


@either
def test_it_begins_at_the_key_frame_before_and_ends_when_asked(setting: Setting, tmp_path: Path) -> None:
    init, segments = record(setting, 4)
    made, found = clip_of(pieces_of(init, segments, setting), tmp_path, 3.1, 6.5)
    # Frames are decoded in another order than they are shown in, so the last may bring one or two with it.
    assert found.frames[:45] == list(range(20, 65))
    assert len(found.frames) <= 48
    assert made.begin == NOON + seconds(2)


def test_it_begins_at_a_key_frame_within_a_segment(tmp_path: Path) -> None:
    setting = Setting(frames_per_key=10)
    init, segments = record(setting, 2)
    made, found = clip_of(pieces_of(init, segments, setting), tmp_path, 1.5, 2.5)
    assert (found.frames[0], made.begin) == (10, NOON + seconds(1))


def test_leading_frames_that_need_what_was_before_are_left_out(tmp_path: Path) -> None:
    setting = Setting(H265, frames_per_key=10, more={"x265-params": "log-level=none:bframes=3:scenecut=0:open-gop=1"})
    init, segments = record(setting, 1)
    _, found = clip_of(pieces_of(init, segments, setting), tmp_path, 1.5)
    assert found.frames == list(range(10, 20))


@either
def test_gaps_are_closed(setting: Setting, tmp_path: Path) -> None:
    init, segments = record(setting, 5)
    pieces = pieces_of(init, segments, setting)
    made, found = clip_of([*pieces[:2], pieces[3]], tmp_path)
    assert found.frames == [*range(40), *range(60, 80)]
    assert made.duration_ms == 6000


@either
def test_restarts_whose_times_begin_anew_are_joined(setting: Setting, tmp_path: Path) -> None:
    pieces = []
    for start in range(3):
        init, segments = record(setting, 1, first=20 * start)
        pieces += pieces_of(init, segments, setting, NOON + seconds(60 * start))
    made, found = clip_of(pieces, tmp_path)
    assert found.frames == list(range(60))
    assert made.duration_ms == 6000


def test_a_restart_and_a_run_that_goes_on_are_joined(tmp_path: Path) -> None:
    (init, first), (_, second) = record(Setting(), 2), record(Setting(), 2, first=40)
    pieces = [*pieces_of(init, first), *pieces_of(init, second, begin=NOON + seconds(4))]
    assert clip_of(pieces, tmp_path)[1].frames == list(range(80))


def test_a_segment_that_begins_without_a_key_frame_goes_on_with_what_was_before(tmp_path: Path) -> None:
    init, segments = record(Setting(frames_per_key=10), 1)
    at = segments[0].index(b"moof", 8) - 4
    first, second = piece_of(init + segments[0][:at], NOON), piece_of(init + segments[0][at:], NOON + seconds(1))
    assert clip_of([first, second], tmp_path)[1].frames == list(range(20))


def test_mp4_and_transport_streams_are_joined(tmp_path: Path) -> None:
    as_stream = Setting(kind="ts")
    init, segments = record(Setting(), 1)
    _, streams = record(as_stream, 1, first=20)
    pieces = [*pieces_of(init, segments), *pieces_of(b"", streams, as_stream, NOON + seconds(2))]
    assert clip_of(pieces, tmp_path)[1].frames == list(range(40))
    assert clip_of(pieces[::-1], tmp_path)[1].frames == [*range(20, 40), *range(20)]


@pytest.mark.parametrize("of", [H264, H265], ids=["H.264", "H.265"])
def test_restarts_with_other_parameter_sets_of_the_same_size_are_joined(
    of: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    other = {"libx264": {"profile": "baseline", "bf": "0"}, "libx265": {"x265-params": "log-level=none:bframes=0"}}
    settings = Setting(of), Setting(of, more=other[of[0]]), Setting(of)
    inits, pieces = set(), []
    for number, setting in enumerate(settings):
        init, segments = record(setting, 1, first=20 * number)
        inits.add(init)
        pieces += pieces_of(init, segments, setting, NOON + seconds(10 * number))
    assert len(inits) == 2
    assert clip_of(pieces, tmp_path)[1].frames == list(range(60))


@pytest.mark.parametrize("other", [Setting(size=(320, 192)), Setting(H265), Setting(H265, kind="ts")])
def test_another_size_or_codec_ends_it_and_says_when(other: Setting, tmp_path: Path) -> None:
    (init, segments), (other_init, others) = record(Setting(), 2), record(other, 1)
    pieces = [*pieces_of(init, segments), *pieces_of(other_init, others, other, NOON + seconds(70))]
    with pytest.raises(CrossesChange) as raised:
        remux(pieces, NOON, ALL_DAY, tmp_path / "clip.mp4")
    assert raised.value.at == NOON + seconds(70)
    # What lies outside of what was asked for changes nothing.
    assert len(clip_of(pieces, tmp_path, 0, 60)[1].frames) == 40


def turned(init: bytes, matrix: tuple[int, ...]) -> bytes:
    upright, after = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30), struct.pack(">9i", *matrix)
    at = init.index(upright, init.index(b"tkhd"))
    return init[:at] + after + init[at + len(after) :]


def test_how_it_is_turned_is_kept_and_a_change_of_it_ends_it(tmp_path: Path) -> None:
    init, segments = record(Setting(), 1)
    hanging = turned(init, (-65536, 0, 0, 0, -65536, 0, 160 << 16, 96 << 16, 1 << 30))
    assert clip_of(pieces_of(init, segments), tmp_path)[1].rotations == {0}
    _, found = clip_of(pieces_of(hanging, segments), tmp_path)
    assert {abs(one) for one in found.rotations} == {180}
    with pytest.raises(CrossesChange):
        remux([*pieces_of(init, segments), *pieces_of(hanging, segments)], NOON, ALL_DAY, tmp_path / "clip.mp4")


@pytest.mark.parametrize("kind", ["mp4", "ts"])
def test_other_sound_is_left_out(kind: str, tmp_path: Path) -> None:
    setting = Setting(sound="libmp3lame", kind=kind)
    init, segments = record(setting, 2)
    _, found = clip_of(pieces_of(init, segments, setting), tmp_path)
    assert (list(found.tracks), found.frames) == (["video"], list(range(40)))


def test_sound_that_begins_later_is_heard_where_it_belongs(tmp_path: Path) -> None:
    silent, heard = record(Setting(sound=None), 1), record(Setting(), 1, first=20)
    pieces = [*pieces_of(*silent), *pieces_of(*heard, begin=NOON + seconds(2)), *pieces_of(*silent, begin=ALL_DAY)]
    _, found = clip_of(pieces, tmp_path)
    sound = found.tracks["audio"]
    assert found.frames == list(range(40))
    assert (sound.shown_s[0], sound.shown_s[-1]) == (pytest.approx(2, abs=0.03), pytest.approx(3.98, abs=0.05))


@pytest.mark.parametrize("of", [H264, H265], ids=["H.264", "H.265"])
def test_parameter_sets_that_only_the_key_frames_bring_are_put_in_front(
    of: tuple[str, dict[str, str]], tmp_path: Path
) -> None:
    # In a transport stream each key frame brings them.
    _, (segment,) = record(Setting(of, kind="ts"), 1)
    file = tmp_path / "segment.ts"
    file.write_bytes(segment)
    whole = rewrapped(file).read_bytes()
    assert clip_of([piece_of(_without_sets(whole), NOON)], tmp_path)[1].frames == list(range(20))
    assert b"avcC\x01" in (clip := (tmp_path / "clip.mp4").read_bytes()) or b"hvcC\x01" in clip


def _without_sets(init: bytes) -> bytes:
    """The same init as `avc3` and `hev1` have it: its record's counts are none, the rest is in nobody's way."""
    if (at := init.find(b"avcC")) > 0:
        return init[: at + 9] + b"\xe0\x00" + init[at + 11 :]
    at = init.index(b"hvcC")
    return init[: at + 26] + b"\x00" + init[at + 27 :]


# What is broken


@pytest.fixture
def demuxed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What FFmpeg was given."""
    given: list[bytes] = []
    open_it = footage._footage

    def opened(path: Path, said: Picture) -> footage.Footage | None:
        given.append(path.read_bytes())
        return open_it(path, said)

    monkeypatch.setattr(footage, "_footage", opened)
    return given


def test_garbage_and_what_is_gone_is_passed_over(tmp_path: Path) -> None:
    init, segments = record(Setting(), 3)
    pieces = pieces_of(init, segments)
    noise = random.Random(1).randbytes(50_000)  # noqa: S311  # a seed
    broken = [
        piece_of(b"", NOON),
        piece_of(noise, NOON),
        piece_of(noise, NOON, is_transport_stream=True),
        piece_of(b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", NOON, is_transport_stream=True),
        piece_of(segments[0], NOON),
        piece_of(init + init + segments[0], NOON),
        Piece(NOON, False, lambda path: False),
    ]
    made, found = clip_of([pieces[0], *broken, *pieces[1:]], tmp_path)
    assert (made.unreadable, found.frames) == (len(broken), list(range(60)))
    with pytest.raises(NothingReadable):
        remux(broken, NOON, ALL_DAY, tmp_path / "clip.mp4")
    with pytest.raises(NothingReadable):
        remux([], NOON, ALL_DAY, tmp_path / "clip.mp4")


@either
def test_of_what_is_cut_off_the_whole_frames_are_shown(setting: Setting, tmp_path: Path) -> None:
    init, segments = record(setting, 2)
    pieces = pieces_of(init, [segments[0][: len(segments[0]) * 2 // 3], segments[1]], setting)
    _, found = clip_of(pieces, tmp_path, lost_s=1)
    assert found.frames[-20:] == list(range(20, 40))
    assert 5 <= len(found.frames) < 40


def _box(kind: bytes, content: bytes) -> bytes:
    return (8 + len(content)).to_bytes(4) + kind + content


def _claiming(segment: bytes, wrapped: Callable[[bytes], bytes]) -> bytes:
    """Its first fragment says that it has more samples than a minute can have."""
    begin, data = segment.index(b"moof") - 4, segment.index(b"mdat") - 4
    at = segment.index(b"trun") + 8
    content = segment[begin + 8 : at] + CLAIMED.to_bytes(4) + segment[at + 4 : data]
    return segment[:begin] + wrapped(content) + segment[data:]


@pytest.mark.parametrize("wrapped", [
    lambda content: _box(b"moof", content),
    lambda content: _box(b"moof", _box(b"free", bytes(1_000_000)) + content),
    lambda content: bytes(4) + b"moof" + content,
], ids=["as it is", "behind much else", "to the end of the file"])  # fmt: skip
def test_a_fragment_that_claims_more_samples_than_there_can_be_is_passed_over(
    wrapped: Callable[[bytes], bytes], tmp_path: Path, demuxed: list[bytes]
) -> None:
    init, segments = record(Setting(), 2)
    pieces = pieces_of(init, [_claiming(segments[0], wrapped), segments[1]])
    made, found = clip_of(pieces, tmp_path)
    assert (made.unreadable, len(found.frames), len(demuxed)) == (1, 20, 1)


@pytest.mark.parametrize(("table", "behind"), [(b"stsz", 12), (b"stco", 8)])
def test_an_init_that_claims_samples_is_passed_over(
    table: bytes, behind: int, tmp_path: Path, demuxed: list[bytes]
) -> None:
    init, segments = record(Setting(), 2)
    at = init.index(table) + behind
    claims = init[:at] + CLAIMED.to_bytes(4) + init[at + 4 :]
    made, found = clip_of([piece_of(claims + segments[0], NOON), *pieces_of(init, segments[1:])], tmp_path)
    assert (made.unreadable, len(found.frames), len(demuxed)) == (1, 20, 1)


def test_a_claim_in_another_box_is_not_seen(tmp_path: Path, demuxed: list[bytes]) -> None:
    init, segments = record(Setting(), 2)
    hidden = _claiming(segments[0], lambda content: _box(b"udta", _box(b"moof", content)))
    made, found = clip_of(pieces_of(init, [hidden, segments[1]]), tmp_path)
    assert (made.unreadable, len(found.frames)) == (1, 20)
    assert CLAIMED.to_bytes(4) in hidden
    assert len(demuxed) == 2 and not any(CLAIMED.to_bytes(4) in given for given in demuxed)


def _added(data: bytes, kind: bytes, box: bytes) -> bytes:
    """With a box at the end of the first of a kind, which lies at the top."""
    at = data.index(kind) - 4
    size = int.from_bytes(data[at : at + 4])
    return data[:at] + (size + len(box)).to_bytes(4) + data[at + 4 : at + size] + box + data[at + size :]


OTHERS = (
    b"free", b"skip", b"uuid", b"udta", b"meta", b"styp", b"sidx", b"emsg", b"prft", b"pssh", b"mfra", b"cmov", b"zzzz",
)  # fmt: skip
SECRET = b"a box of a camera's own, which nobody knows"


def test_boxes_of_any_other_kind_are_in_nobodys_way_and_not_seen(tmp_path: Path, demuxed: list[bytes]) -> None:
    (init, segments), others = record(Setting(), 2), b"".join(_box(kind, SECRET) for kind in OTHERS)
    # A fragment says how far its frames are from its begin.
    offset = segments[0].index(b"trun") + 12
    moved = int.from_bytes(segments[0][offset : offset + 4]) + 2 * len(others)
    segment = segments[0][:offset] + moved.to_bytes(4) + segments[0][offset + 4 :]
    at = (segment := _added(segment, b"moof", others)).index(b"mdat") - 4
    odd = [
        piece_of(_added(init, b"moov", others) + others + segments[0] + others, NOON),
        piece_of(init + segment[:at] + others + segment[at:], NOON + seconds(2)),
    ]
    made, found = clip_of(odd, tmp_path)
    assert (made.unreadable, found.frames) == (0, 2 * list(range(20)))
    assert len(demuxed) == 2 and not any(SECRET in given or b"zzzz" in given for given in demuxed)


def test_a_file_of_very_many_boxes_is_passed_over(
    tmp_path: Path, demuxed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    init, segments = record(Setting(), 2)
    monkeypatch.setattr(boxes, "_MOST_BOXES", 200)
    for many in (_box(b"free", b"") * 200, _box(b"moof", _box(b"free", b"") * 200), _box(b"mdat", b"") * 200):
        made, found = clip_of(pieces_of(init, [segments[0] + many, segments[1]]), tmp_path)
        assert (made.unreadable, len(found.frames)) == (1, 20)
    assert len(demuxed) == 3


def test_a_head_that_no_segment_needs_is_passed_over(tmp_path: Path, demuxed: list[bytes]) -> None:
    init, segments = record(Setting(), 2)
    large = _added(segments[0], b"moof", _box(b"free", bytes(boxes.MOST_HEAD_BYTES)))
    made, found = clip_of(pieces_of(init, [large, segments[1]]), tmp_path)
    assert (made.unreadable, len(found.frames), len(demuxed)) == (1, 20, 1)


def test_a_box_that_is_longer_than_any_file_ends_with_its_own(tmp_path: Path) -> None:
    init, segments = record(Setting(), 2)
    longest = (1).to_bytes(4) + b"mdat" + (2**62).to_bytes(8)
    made, found = clip_of(pieces_of(init, [segments[0] + longest, segments[1]]), tmp_path)
    assert (made.unreadable, len(found.frames)) == (0, 40)


@pytest.mark.parametrize("seed", range(4))
def test_no_damage_breaks_it(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seed
    for setting in (Setting(seconds=1), Setting(H265, seconds=1), Setting(seconds=1, kind="ts")):
        init, segments = record(setting, 2)
        for _ in range(12):
            damaged = bytearray(init + segments[0])
            for _ in range(chance.choice((1, 8, 64))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            pieces = [piece_of(bytes(damaged), NOON, setting.kind == "ts"), *pieces_of(init, segments[1:], setting)]
            try:
                made = remux(pieces, NOON, ALL_DAY, tmp_path / "clip.mp4")
            except CrossesChange:
                continue
            assert made.duration_ms <= 1000 * 150


def _refusing(monkeypatch: pytest.MonkeyPatch, numbers: range) -> list[int]:
    """Let the muxer refuse these pieces; returns the numbers of all that it was given."""
    given: list[int] = []
    add = _Remuxing._add

    def adds(self: _Remuxing, target: OutputContainer, number: int, found: footage.Footage) -> None:
        given.append(number)
        if number in numbers:
            raise av.error.InvalidDataError(1, "refused")
        add(self, target, number, found)

    monkeypatch.setattr(_Remuxing, "_add", adds)
    return given


def test_what_the_muxer_refuses_is_left_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    init, segments = record(Setting(), 4)
    given = _refusing(monkeypatch, range(1, 3))
    made, found = clip_of(pieces_of(init, segments, Setting()), tmp_path)
    per_segment = 2 * FRAMES_PER_SECOND
    assert found.frames == [*range(per_segment), *range(3 * per_segment, 4 * per_segment)]
    assert (made.unreadable, given) == (2, [0, 1, 0, 2, 0, 3])


def test_where_the_muxer_refuses_very_much_it_is_not_asked_for_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    init, segments = record(Setting(), 1)
    given = _refusing(monkeypatch, range(1, 40))
    with pytest.raises(NothingReadable):
        clip_of(pieces_of(init, segments * 40, Setting()), tmp_path)
    assert len(given) < 20


def test_a_full_disk_is_no_fault_of_a_segment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def full(*args: object) -> None:
        raise av.error.OSError(errno.ENOSPC, "no space left on device")

    init, segments = record(Setting(), 2)
    monkeypatch.setattr(_Remuxing, "_add", full)
    with pytest.raises(OSError, match="no space left"):
        clip_of(pieces_of(init, segments, Setting()), tmp_path)


@pytest.mark.one_in(2)
@either
def test_no_file_of_what_was_read_stays_open(setting: Setting, tmp_path: Path) -> None:
    init, segments = record(setting, 1)
    [good], [broken] = pieces_of(init, segments, setting), pieces_of(init, [segments[0][:600]], setting)
    gc.disable()
    try:
        before = len(os.listdir("/dev/fd"))
        left: list[int] = []
        made, _ = clip_of([_counting(one, left) for one in (good, broken) * 30], tmp_path)
        assert (made.unreadable, len(left)) == (30, 60)
        assert max(left) - before < 8
    finally:
        gc.enable()


def _counting(piece: Piece, left: list[int]) -> Piece:
    """The same, and when it is fetched, how many files are open."""

    def fetch(path: Path) -> bool:
        left.append(len(os.listdir("/dev/fd")))
        return piece.fetch(path)

    return Piece(piece.start, piece.is_transport_stream, fetch)
