#!/usr/bin/env bash
# FFmpeg 8.1.2 (in PyAV 18.1.0) says of an HLS segment of one second, read behind its init, that it lasts eleven seconds: the
# duration of a fragmented MP4 is where its last fragment ends (its tfdt included), not how long it is, for the file and for
# the stream. Its start_time is told right, 10 s, so start + duration is twice the truth.
# Whoever checks an uploaded segment's length against what its name says must subtract start_time, or refuses them all.
# Seen: "duration 11.0 s, start 10.0 s, stream 11.0 s, frames 10.0 to 10.9 s".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0
"$folder/venv/bin/python" - <<'PY'
import io
from fractions import Fraction

import av

whole = io.BytesIO()
options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
with av.open(whole, "w", format="mp4", options=options) as container:
    stream = container.add_stream("libx264", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt, stream.gop_size = "yuv420p", 10
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
    for number in range(120):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number]) * plane.buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))

init, segments, data, at = b"", [], whole.getvalue(), 0
while at < len(data):
    size = int.from_bytes(data[at : at + 4], "big")
    kind, box = data[at + 4 : at + 8], data[at : at + size]
    if kind in (b"ftyp", b"moov"):
        init += box
    elif kind == b"moof":
        moof = box
    elif kind == b"mdat":
        segments.append(moof + box)
    at += size
assert len(segments) == 12, len(segments)

with av.open(io.BytesIO(init + segments[10])) as container:
    video = container.streams.video[0]
    duration, start = container.duration / av.time_base, container.start_time / av.time_base
    of_stream = float(video.duration * video.time_base)
    times = [float(frame.time) for frame in container.decode(video=0)]
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}: duration {duration} s, start {start} s, "
      f"stream {of_stream} s, frames {times[0]} to {times[-1]} s")
assert len(times) == 10 and times[0] == 10.0, times
assert (duration, start, of_stream) == (11.0, 10.0, 11.0), "the behaviour has changed"
PY
