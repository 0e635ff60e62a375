"""Changes of the kind of video: what players cannot go on with, wherever in a playlist it lies."""

from __future__ import annotations

from itertools import takewhile

from chalicelib.aws import s3
from chalicelib.recordings.actions.listing import INIT_BYTES, tracks_of
from chalicelib.recordings.actions.readable import Segment

# A camera brings the same bytes after each restart; one that never does is not asked for ever.
_MOST_READ = 20


def of_first_kind(segments: list[Segment]) -> list[Segment]:
    """Those up to the first with other tracks or codecs, or in another container, than the first has: hls.js and Shaka
    end with an error as soon as they fetch it, minutes before it is shown. Only inits that differ are read."""
    if not segments:
        return []
    kinds = _kinds_of(segments)
    return list(takewhile(lambda one: kinds[_content(one)] == kinds[_content(segments[0])], segments))


def _kinds_of(segments: list[Segment]) -> dict[str, tuple[str, ...]]:
    """By what their inits consist of; of too many the last are taken to be as the first is."""
    different = list({_content(one): one.init for one in segments if one.init is not None}.values())
    read = different[:_MOST_READ] if len(different) > 1 else []
    kinds = {init.content: tracks_of(_head(init.object_key)) for init in read}
    first = next(iter(kinds.values()), ())
    return {"": ("ts",), **{init.content: kinds.get(init.content, first) for init in different}}


def _content(segment: Segment) -> str:
    return "" if segment.init is None else segment.init.content


def _head(object_key: str) -> bytes:
    return s3.first_bytes(object_key, INIT_BYTES) or b""
