"""As much of recordings as one camera's owner sees, in memory; each fault breaks one promise of the demo."""

from __future__ import annotations

import io
import re
import secrets
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from itertools import pairwise
from typing import Any

import av
from PIL import Image, ImageDraw

from infra.demo.client import Answer

Json = dict[str, Any]
ADDRESS = "http://fake"


def _bar(number: int) -> Image.Image:
    picture = Image.new("RGB", (64, 48))
    ImageDraw.Draw(picture).rectangle((number % 60, 0, number % 60 + 4, 48), fill=(255, 255, 255))
    return picture


@cache
def film(seconds: int) -> bytes:
    """A video file of a frame a second, each second one a key frame."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.gop_size, stream.pix_fmt = 64, 48, 2, "yuv420p"
        for number in range(seconds):
            frame = av.VideoFrame.from_image(_bar(4 * number))  # type: ignore[no-untyped-call]
            frame.pts, frame.time_base = number, Fraction(1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


class FakeRecordings:
    """What a cloud keeps of film; `objects` is its storage."""

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.fault = ""
        self.objects = objects
        self.deleted: list[str] = []

    def ticket(self, now: datetime) -> Json:
        prefix = f"recordings/7/{now:%Y%m%d}/0-{secrets.token_hex(4)}/"
        ticket = {"channel": "0", "url": f"{ADDRESS}/storage", "fields": {}, "key_prefix": prefix}
        until = (now + timedelta(hours=1)).isoformat()
        plan = {"kind": "continuous", "keep_days": 7}
        return {"now": now.isoformat(), "plan": plan, "tickets": [{**ticket, "until": until}]}

    def upload(self, key: str, content: bytes) -> None:
        if self.fault != "film is lost" or key.endswith(".mp4"):
            self.objects[key] = content

    def _segments(self) -> list[tuple[str, str, datetime, datetime]]:
        """Key, key of the init, beginning, end."""
        found, init = [], ""
        for key in self.objects:
            if key.startswith("recordings/") and key not in self.deleted:
                init = key if key.endswith(".mp4") else init
            if named := re.fullmatch(r"recordings/.*/(\w+\.\d+)Z-(\d+)-[\w.]+\.m4s", key):
                start = datetime.strptime(named[1], "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
                found.append((key, init, start, start + timedelta(milliseconds=int(named[2]))))
        return [each for each in found if each[0] not in self.deleted]

    def _runs(self) -> list[tuple[datetime, datetime]]:
        segments = self._segments()
        begins = [at for at, (one, two) in enumerate(pairwise([None, *segments])) if not one or one[1] != two[1]]
        return [(segments[a][2], segments[b - 1][3]) for a, b in pairwise([*begins, len(segments)])]

    def contents(self) -> list[bytes]:
        return [self.objects[key] for key, *_ in self._segments()]

    def used_bytes(self) -> int:
        return 0 if self.fault == "plan does not say" else sum(len(self.objects[each[0]]) for each in self._segments())

    def days(self) -> list[str]:
        return [] if self.fault == "no day" else sorted({f"{start:%Y-%m-%d}" for start, _ in self._runs()})

    def timeline(self, alarms: list[Json]) -> Json:
        spans = [[start.isoformat(), end.isoformat()] for start, end in self._runs()]
        return {"spans": spans, "alarms": [] if self.fault == "no marks" else alarms}

    def listed(self) -> list[Json]:
        return [{"recording_id": f"{start:%H%M%S}", "start": start.isoformat()} for start, _ in self._runs()][::-1]

    def delete(self, recording_id: str) -> None:
        start, end = next(run for run in self._runs() if f"{run[0]:%H%M%S}" == recording_id)
        gone = [key for key, _, begin, _ in self._segments() if start <= begin < end]
        if self.fault != "recording stays":
            self.deleted += gone
        if self.fault not in ("recording stays", "segments left"):
            for key in gone:
                del self.objects[key]

    def playlist(self) -> str:
        lines = ["#EXTM3U"]
        for key, init, _, _ in self._segments():
            lines.append(f'#EXT-X-MAP:URI="{ADDRESS}/film/{init}"')
            sizes = [int(size, 36) for size in key.rpartition("-")[2].removesuffix(".m4s").split(".")]
            for at, size in enumerate(sizes[:-1] if self.fault == "a part is missing" else sizes):
                lines += [f"#EXT-X-BYTERANGE:{size}{'' if at else '@0'}", f"/film/{key}"]
        return "\n".join(lines)

    def clip(self) -> bytes:
        return film(40 if self.fault == "clip of one recording" else 60)

    def serve(self, path: str) -> Answer:
        if path == "/film/playlist":
            return Answer(200, {}, self.playlist().encode())
        if path == "/film/clip":
            return Answer(200, {}, self.clip())
        return Answer(200, {}, self.objects[path.removeprefix("/film/")])
