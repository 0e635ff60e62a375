#!/usr/bin/env bash
# FFmpeg up to 7.1.1 (here in PyAV 15.1.0; 5.1.9 of Debian 12, and so its ffmpeg and mpv, 6.1 and 7.0.2 do the same) cannot
# seek in HLS of fragmented MP4, not even in what its own muxer wrote: the seek succeeds, and then there is not one frame to the
# end of the file, and no exception. The decoder is given bytes from the wrong place ("Invalid NAL unit size" in its log), since
# the MP4 demuxer goes on by the offsets that it knew before. The same film in transport streams is sought well, and so is
# fragmented MP4 since 8.0 (PyAV 16.1.0). Whoever wants a picture of a moment with such an FFmpeg reads from the beginning, or
# asks for a playlist that begins there.
# Seen: "fmp4: 400 frames from the beginning; after a seek to 5, 13, 25 s: None, None, None; mpegts: 400 …: 4.0, 12.0, 24.0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==15.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from fractions import Fraction

import av

av.logging.set_level(av.logging.PANIC)
SEEKS = (5, 13, 25)


def film(kind):
    options = {"hls_segment_type": kind, "hls_time": "4", "hls_playlist_type": "vod", "hls_fmp4_init_filename": "init.mp4"}
    with av.open(f"{kind}.m3u8", "w", format="hls", options=options) as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt, stream.gop_size = "yuv420p", 20
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
        for number in range(400):
            frame = av.VideoFrame(64, 64, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number % 256]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def after_seek(name, seconds):
    with av.open(name) as container:
        begin = container.start_time or 0
        container.seek(seconds * av.time_base + begin)
        frame = next(container.decode(video=0), None)
        return None if frame is None else round(float(frame.time) - begin / av.time_base, 1)


seen = {}
for kind in ("fmp4", "mpegts"):
    film(kind)
    with av.open(f"{kind}.m3u8") as container:
        count = sum(1 for _ in container.decode(video=0))
    seen[kind] = count, [after_seek(f"{kind}.m3u8", seconds) for seconds in SEEKS]
    said = ", ".join(map(str, seen[kind][1]))
    print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}, {kind}: {count} frames from the beginning; "
          f"after a seek to 5, 13, 25 s the first is at: {said}")
assert seen["fmp4"] == (400, [None, None, None]), "the behaviour has changed"
assert seen["mpegts"][0] == 400 and None not in seen["mpegts"][1], seen
PY
