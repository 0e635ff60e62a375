#!/usr/bin/env bash
# PyAV 18.1.0: an input that is read through and no longer referenced anywhere is not closed. A container and its streams hold
# each other, so that CPython's counting of references never frees them: the file stays open, and what FFmpeg holds for it in
# memory stays too, until the cyclic garbage collector runs. It sees a handful of small Python objects for each of them, so it
# comes late: a process that copies packets out of many short segments runs out of file descriptors or memory first.
# Neither reading to the end nor deleting every name helps; close() does (or a with statement), and so does gc.collect().
# Seen: "30 read, 30 files open; after gc.collect() 0; closed by hand 0".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check av==18.1.0
"$folder/venv/bin/python" - "$folder/segment.mp4" <<'PY'
import gc
import os
import sys

import av

path = sys.argv[1]
with av.open(path, "w") as container:
    stream = container.add_stream("libx264", rate=10)
    stream.width = stream.height = 64
    stream.pix_fmt = "yuv420p"
    for number in range(10):
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([number]) * plane.buffer_size)
        frame.pts = number
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def open_files():
    found = 0
    for number in os.listdir("/dev/fd"):
        try:
            found += os.path.samefile(f"/dev/fd/{number}", path)
        except OSError:
            pass
    return found


def read(is_closed):
    container = av.open(path)
    packets = [packet for packet in container.demux(container.streams.video[0]) if packet.size]
    assert len(packets) == 10, packets
    if is_closed:
        container.close()


gc.collect()
assert open_files() == 0
for _ in range(30):
    read(is_closed=False)
kept = open_files()
gc.collect()
after = open_files()
for _ in range(30):
    read(is_closed=True)
closed = open_files()
print(f"PyAV {av.__version__}: 30 read, {kept} files open; after gc.collect() {after}; closed by hand {closed}")
assert (kept, after, closed) == (30, 0, 0), "the behaviour has changed"
PY
