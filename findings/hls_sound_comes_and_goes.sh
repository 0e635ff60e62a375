#!/usr/bin/env bash
# RFC 8216 (4.3.2.3) has EXT-X-DISCONTINUITY for a change of "number, type, and identifiers of tracks", and yet no player that
# feeds Media Source Extensions lives through it: video without sound, a discontinuity with an EXT-X-MAP of its own, and video with
# AAC, or the other way round, is fatal for hls.js 1.7.4 (bufferAppendError) and Shaka 5.2.12 (3014), as for video.js 8.24.1;
# both fail when they load ahead, in the first second of twenty that they could play, and show nothing more. They have fixed by the
# first piece which buffers there are. A camera whose sound is switched on or off makes such recordings: a playlist must end where the
# tracks change, and another one begin. (Chromium 156; needs /usr/bin/chromium and npm.)
# Seen: "hls.js: bufferAppendError at 0.4 s; shaka: 3014 at 0.0 s; silence then silence: played to the end".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0 playwright==1.65.2
cd "$folder"
npm pack --silent hls.js@1.7.4 shaka-player@5.2.12 >/dev/null
tar xzf hls.js-1.7.4.tgz package/dist/hls.min.js
tar xzf shaka-player-5.2.12.tgz package/dist/shaka-player.compiled.js
mv package/dist/*.js .
"$folder/venv/bin/python" - <<'PY'
import http.server
import io
import threading
from fractions import Fraction

import av
from playwright.sync_api import sync_playwright

RATE = 10
PAGE = """<!doctype html><video muted></video><script src=%s></script><script>
const video = document.querySelector("video"), seen = { error: null, at: null };
const failed = (why) => { if (seen.error === null) { seen.error = String(why); seen.at = video.currentTime; } };
if (window.Hls) {
  const player = new Hls();
  player.on(Hls.Events.ERROR, (_, problem) => problem.fatal && failed(problem.details));
  player.loadSource("%s"); player.attachMedia(video);
} else {
  const player = new shaka.Player();
  player.addEventListener("error", (event) => event.detail.severity === 2 && failed(event.detail.code));
  player.attach(video).then(() => player.load("%s")).catch((problem) => failed(problem.code));
}
video.addEventListener("canplay", () => { video.play(); video.playbackRate = 4; });
</script>"""


def film(seconds, with_sound):
    tape = io.BytesIO()
    flags = "frag_keyframe+empty_moov+default_base_moof"
    with av.open(tape, "w", format="mp4", options={"movflags": flags}) as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width = stream.height = 64
        stream.pix_fmt, stream.gop_size = "yuv420p", 2 * RATE
        stream.options = {"preset": "ultrafast", "tune": "zerolatency", "sc_threshold": "0"}
        sound = container.add_stream("aac", rate=48000, layout="mono") if with_sound else None
        sounded = 0
        for number in range(seconds * RATE):
            frame = av.VideoFrame(64, 64, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number % 200 + 20]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(frame))
            while sound and sounded < (number + 1) * 48000 / RATE:
                tone = av.AudioFrame(format="s16", layout="mono", samples=1024)
                tone.planes[0].update(bytes(tone.planes[0].buffer_size))
                tone.sample_rate, tone.pts, tone.time_base = 48000, sounded, Fraction(1, 48000)
                container.mux(sound.encode(tone))
                sounded += 1024
        container.mux(stream.encode(None))
        if sound:
            container.mux(sound.encode(None))
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
    return init, pieces


def playlist(name, sounds):
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0"]
    for run, (seconds, with_sound) in enumerate(zip((20, 10), sounds)):
        init, pieces = film(seconds, with_sound)
        open(f"{name}-{run}.mp4", "wb").write(init)
        lines += ["#EXT-X-DISCONTINUITY"] * (run > 0) + [f'#EXT-X-MAP:URI="{name}-{run}.mp4"']
        for nth, piece in enumerate(pieces):
            open(f"{name}-{run}-{nth}.m4s", "wb").write(piece)
            lines += ["#EXTINF:2.000,", f"{name}-{run}-{nth}.m4s"]
    open(f"{name}.m3u8", "w").write("\n".join([*lines, "#EXT-X-ENDLIST", ""]))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


FILES = {"hls.js": "hls.min.js", "shaka": "shaka-player.compiled.js"}
KINDS = {"silence then sound": (False, True), "sound then silence": (True, False), "silence then silence": (False, False)}
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
seen = {}
with sync_playwright() as playwright:
    arguments = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
    for number, (kind, sounds) in enumerate(KINDS.items()):
        playlist(f"p{number}", sounds)
        for name, file in FILES.items():
            open(f"{name}-{number}.html", "w").write(PAGE % (file, f"p{number}.m3u8", f"p{number}.m3u8"))
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.server_port}/{name}-{number}.html")
            page.wait_for_function("seen.error !== null || video.ended", timeout=60_000)
            seen[name, kind] = page.evaluate("seen.error"), page.evaluate("seen.at")
            page.close()
    version = browser.version
    browser.close()
for (name, kind), (error, at) in seen.items():
    print(f"Chromium {version}, {name}, {kind}: " + ("played to the end" if error is None else f"{error} at {at:.1f} s"))
errors = {key: error for key, (error, _) in seen.items()}
assert errors == {
    (name, kind): None if kind == "silence then silence" else {"hls.js": "bufferAppendError", "shaka": "3014"}[name]
    for name, kind in seen
}, "the behaviour has changed"
PY
