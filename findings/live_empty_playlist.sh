#!/usr/bin/env bash
# FFmpeg's HLS demuxer (8.1.2, in PyAV 18.1.0; 5.1.9 of Debian 12 does the same) opens a live playlist that has no segment yet
# at once and with success, with no stream in it, and reading from it never asks for the playlist again, though a live
# playlist is there to be asked for again (RFC 8216, 6.3.4) and one second later has its first segment. ffprobe ends with 0
# and an empty list. Whoever opens a stream that is just beginning must count the streams, and open it anew; no error says so.
# Seen: "opened after 0.0 s with 0 streams; 2 s later 0 packets, and the playlist asked for 0 times more; opened again: 1
# stream".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import http.server
import io
import threading
import time
from fractions import Fraction

import av

piece = io.BytesIO()
with av.open(piece, "w", format="mpegts") as container:
    stream = container.add_stream("libx264", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt, stream.options = "yuv420p", {"preset": "ultrafast", "tune": "zerolatency"}
    for number in range(10):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number]) * plane.buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, 10)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))

HEAD = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"
began, asked = time.monotonic(), []


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        is_playlist = self.path.endswith(".m3u8")
        if is_playlist:
            asked.append(self.path)
        has_begun = time.monotonic() - began > 1
        body = (HEAD + "#EXTINF:1.0,\n0.ts\n" * has_begun).encode() if is_playlist else piece.getvalue()
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.apple.mpegurl" if is_playlist else "video/mp2t")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/live.m3u8"
began = opened = time.monotonic()
with av.open(url, timeout=20) as container:
    after, streams, times = time.monotonic() - opened, len(container.streams), len(asked)
    time.sleep(2)
    packets, more = sum(packet.size > 0 for packet in container.demux()), len(asked) - times
with av.open(url, timeout=20) as container:
    later = len(container.streams)
print(f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}: opened after {after:.1f} s with {streams} streams; 2 s later "
      f"{packets} packets, and the playlist asked for {more} times more; opened again: {later} stream")
assert (streams, packets, more, later) == (0, 0, 0, 1) and after < 1, "the behaviour has changed"
PY
