#!/usr/bin/env bash
# hls.js 1.7.4 shows nothing more when it is sent to a moment whose entry of the playlist has no key frame in it, though the entry
# before, which it would only have to load, has one: the position stands, no picture comes in the 15 s that were waited for, and
# all that is told is bufferAppendNoProgress, "not fatal", so that nobody shows an error either. video.js 8.24.1 and Chromium's own
# player show nothing as well, with EXT-X-INDEPENDENT-SEGMENTS or (as here) without it, though pieces without a key frame are
# legal without it (RFC 8216, 4.3.5.1); Shaka 5.2.12 goes on. Played from the beginning, the same playlist is whole in all of
# them. Cameras with a key frame every ten seconds, and FFmpeg's frag_duration, make such fragments: what is offered as an
# entry has to begin with a key frame. (Chromium 156; needs /usr/bin/chromium and npm.)
# Seen: "to 31 s, whose entry of 28 to 32 s has one at 30 s: after 28 ms; to 33.2 s, whose entry of 32 to 36 s has none: no picture
# for 15 s, bufferAppendNoProgress, not fatal".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 playwright==1.65.2
cd "$folder"
npm pack --silent hls.js@1.7.4 >/dev/null
tar xzf hls.js-1.7.4.tgz --strip-components 2 package/dist/hls.min.js
"$folder/venv/bin/python" - <<'PY'
import http.server
import io
import threading
from fractions import Fraction

import av
from playwright.sync_api import sync_playwright

RATE, EACH, GROUP = 10, 4, 10
PAGE = """<!doctype html><video muted></video><script src=hls.min.js></script><script>
const video = document.querySelector("video"), seen = { error: null, first: false };
const player = new Hls({ maxBufferLength: 6 });
player.on(Hls.Events.ERROR, (_, problem) => { seen.error = `${problem.details}, ${problem.fatal ? "fatal" : "not fatal"}`; });
player.loadSource("p.m3u8"); player.attachMedia(video);
video.requestVideoFrameCallback(() => { seen.first = true; });
const seek = (to) => new Promise((resolve) => {
  const since = performance.now();
  const arrived = (_, about) => about.mediaTime > to - 4 ? resolve(performance.now() - since) : video.requestVideoFrameCallback(arrived);
  setTimeout(() => resolve(null), 15000);
  video.requestVideoFrameCallback(arrived);
  video.currentTime = to;
  video.play();
});
</script>"""
tape = io.BytesIO()
flags = {"movflags": "empty_moov+default_base_moof", "frag_duration": str(EACH * 1_000_000)}
with av.open(tape, "w", format="mp4", options=flags) as container:
    stream = container.add_stream("libx264", rate=RATE)
    stream.width = stream.height = 64
    stream.pix_fmt, stream.gop_size = "yuv420p", GROUP * RATE
    stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
    for number in range(40 * RATE):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number % 200 + 20]) * plane.buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
init, pieces, at, content = b"", [], 0, tape.getvalue()
while at < len(content):
    size = int.from_bytes(content[at : at + 4])
    kind, box = content[at + 4 : at + 8], content[at : at + size]
    if kind in (b"ftyp", b"moov"):
        init += box
    elif kind == b"moof":
        pieces.append(box)
    elif kind == b"mdat":
        pieces[-1] += box
    at += size
assert len(pieces) == 40 // EACH, len(pieces)
open("init.mp4", "wb").write(init)
head = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD", f"#EXT-X-TARGETDURATION:{EACH}", "#EXT-X-MEDIA-SEQUENCE:0"]
lines = [*head, '#EXT-X-MAP:URI="init.mp4"']
for nth, piece in enumerate(pieces):
    open(f"{nth}.m4s", "wb").write(piece)
    lines += [f"#EXTINF:{EACH}.000,", f"{nth}.m4s"]
open("p.m3u8", "w").write("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
open("p.html", "w").write(PAGE)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = {}
with sync_playwright() as playwright:
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
    for to in (31, 33.2):
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/p.html")
        page.wait_for_function("seen.first", timeout=30_000)
        seen[to] = page.evaluate(f"seek({to})"), page.evaluate("seen.error")
        page.close()
    version = browser.version
    browser.close()
for to, (ms, error) in seen.items():
    print(f"Chromium {version}, hls.js 1.7.4, to {to} s: " + ("no picture for 15 s" if ms is None else f"after {ms:.0f} ms") + f", error {error}")
assert seen[33.2] == (None, "bufferAppendNoProgress, not fatal"), "the behaviour has changed"
assert seen[31][0] is not None, seen
PY
