#!/usr/bin/env bash
# FFmpeg's HLS demuxer (8.1.2, in PyAV 18.1.0; 5.1.9 of Debian 12 as well) loses the first fragment of fragmented MP4 behind each
# EXT-X-DISCONTINUITY with an EXT-X-MAP where the media's times begin at 0 again, as every muxer's do when a camera restarts: 20
# of 420 frames for each restart, without an error (its log says "Found duplicated MOOV Atom. Skipped it"). And a seek into what
# lies behind the restart succeeds and then finds not a frame to the end, since whatever bears a smaller time than the place in
# the playlist is passed over. RFC 8216 (4.3.2.3) has the discontinuity for just this. If the times only grow, by whatever
# jump, nothing is lost and every seek finds its frame: a camera that is to be read by FFmpeg, mpv or what is built on them goes on
# counting when it restarts.
# Seen: "times from 0 after each restart: 380 of 420 frames, none of 200-219, 320-339; seeks to 5, 25, 35 s: 40, None, None;
# times that go on: 420 of 420, seeks: 40, 240, 340".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import io
from fractions import Fraction

import av

RATE, GROUP = 10, 20
RUNS = ((0, 200), (200, 120), (320, 100))  # the first picture of each, and how many
SEEKS = (5, 25, 35)


def boxes(content):
    at = 0
    while at < len(content):
        size = int.from_bytes(content[at : at + 4])
        yield content[at + 4 : at + 8], content[at : at + size]
        at += size


def film(first, count, begin):
    """Init and fragments of pictures as bright as their number says; times from `begin` on."""
    tape = io.BytesIO()
    flags = "frag_keyframe+empty_moov+default_base_moof+frag_discont"
    with av.open(tape, "w", format="mp4", options={"movflags": flags, "avoid_negative_ts": "disabled"}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width = stream.height = 64
        stream.pix_fmt, stream.gop_size = "yuv420p", GROUP
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0", "qp": "1"}
        for number in range(first, first + count):
            frame = av.VideoFrame(64, 64, "yuv420p")
            high, low = divmod(number, 20)
            for plane, value in zip(frame.planes, (16 + high * 10, 16 + low * 10, 128)):
                plane.update(bytes([value]) * plane.buffer_size)
            frame.pts, frame.time_base = begin * RATE + number - first, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    found = list(boxes(tape.getvalue()))
    init = b"".join(box for name, box in found if name in (b"ftyp", b"moov"))
    pairs = [box for name, box in found if name in (b"moof", b"mdat")]
    return init, [moof + mdat for moof, mdat in zip(pairs[::2], pairs[1::2])]


def number_of(frame):
    levels = [bytes(plane)[0] for plane in frame.planes[:2]]
    return round((levels[0] - 16) / 10) * 20 + round((levels[1] - 16) / 10)


def playlist(name, begins):
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0"]
    for run, ((first, count), begin) in enumerate(zip(RUNS, begins)):
        init, fragments = film(first, count, begin)
        lines += ["#EXT-X-DISCONTINUITY"] * (run > 0) + [f'#EXT-X-MAP:URI="{name}-{run}.mp4"']
        open(f"{name}-{run}.mp4", "wb").write(init)
        for nth, fragment in enumerate(fragments):
            open(f"{name}-{run}-{nth}.m4s", "wb").write(fragment)
            lines += ["#EXTINF:2.000,", f"{name}-{run}-{nth}.m4s"]
    open(f"{name}.m3u8", "w").write("\n".join([*lines, "#EXT-X-ENDLIST", ""]))


def seen_in(name):
    with av.open(f"{name}.m3u8") as container:
        numbers = [number_of(frame) for frame in container.decode(video=0)]
    sought = []
    for seconds in SEEKS:
        with av.open(f"{name}.m3u8") as container:
            container.seek(seconds * av.time_base + (container.start_time or 0))
            frame = next(container.decode(video=0), None)
            sought.append(None if frame is None else number_of(frame))
    return sorted(set(range(420)) - set(numbers)), len(numbers), sought


results = {}
for name, begins in (("from-0", (0, 0, 0)), ("growing", (0, 40, 90))):
    playlist(name, begins)
    lost, count, sought = results[name] = seen_in(name)
    where = f"{len(lost)} lost: {lost[:1]} to {lost[-1:]}" if lost else "none lost"
    print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, times {name}: {count} frames, {where}; seeks to 5, 25, 35 s "
          f"find {', '.join(map(str, sought))}")
assert results["from-0"] == ([*range(200, 220), *range(320, 340)], 380, [40, None, None]), "the behaviour has changed"
assert results["growing"] == ([], 420, [40, 240, 340]), results["growing"]
PY
