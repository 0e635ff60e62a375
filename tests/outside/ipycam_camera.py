"""ipycam, a virtual camera that others wrote, of a bar that moves: `ipycam_camera.py '{"onvif_port": …}'`.

It runs in the environment of `onvif_environment.py`, and needs ffmpeg.
"""

from __future__ import annotations

import json
import sys

import numpy  # type: ignore[import-not-found]
from ipycam import CameraConfig, IPCamera  # type: ignore[import-not-found]

WIDTH, HEIGHT = 640, 360

if __name__ == "__main__":
    camera = IPCamera(
        CameraConfig(
            main_width=WIDTH, main_height=HEIGHT, main_fps=15, main_bitrate="1M", sub_width=320, sub_height=180,
            sub_bitrate="300K", name="Front door", **json.loads(sys.argv[1]),
        )
    )  # fmt: skip
    assert camera.start()
    print("ready", flush=True)
    number = 0
    while True:
        frame = numpy.full((HEIGHT, WIDTH, 3), 40, numpy.uint8)
        left = number * 8 % (WIDTH - 40)
        frame[:, left : left + 40] = 230
        camera.stream(frame)
        number += 1
