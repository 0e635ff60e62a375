"""Pictures: the JPEG of a moment, out of the pieces that the ring holds."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import av
from av.error import FFmpegError

from sowa_agent.boxes import Sample, decoder_configuration, runs_of, take_boxes
from sowa_agent.packets import TICKS_PER_SECOND, VIDEO_TRACK, Codec, Init, Piece

# The cloud takes 100 bytes to 4 MB, and redraws what it shows.
MOST_BYTES = 2 * 1024 * 1024
LARGEST_SIDE = 1920
# FFmpeg's scale, on which less is better.
QUALITIES = (5, 10, 20, 31)
# A frame is good for a moment that is so little before it.
EXACT_S = 0.01
# What smooths the edges of blocks is a fifth of a decoder's work, and hardly seen in a picture of one moment.
_DECODER = {"skip_loop_filter": "all"}
_CONFIGURATIONS: dict[Codec, bytes] = {"h264": b"avcC", "hevc": b"hvcC"}


class NoPicture(Exception):
    """Nothing is there that shows the moment."""


def jpeg_of(pieces: list[Piece], moment_s: float, largest_side: int = LARGEST_SIDE) -> bytes:
    """Of the last frame up to the moment, else of the first after it; `pieces` begin with a key frame. Decodes no more
    than that takes. Raises NoPicture."""
    shown = [piece for piece in pieces if piece.init is pieces[0].init and piece.start_s <= moment_s] or pieces[:1]
    if not shown:
        raise NoPicture
    try:
        return _jpeg(_last_frame(shown, moment_s), largest_side)
    except (FFmpegError, ValueError, IndexError, KeyError):
        raise NoPicture from None


def _last_frame(pieces: list[Piece], moment_s: float) -> Any:
    """FFmpeg's own reader of files decodes a few frames before it gives any, so its decoder is fed by hand."""
    packets = _packets_until(pieces, moment_s)
    decoder = _decoder_of(pieces[0].init)
    last_s = moment_s + EXACT_S - pieces[0].start_s
    found: Any = None
    for packet in [*packets, None]:
        for frame in decoder.decode(packet):
            if found is None or (frame.pts - packets[0].pts) / TICKS_PER_SECOND <= last_s:
                found = frame
    if found is None:
        raise NoPicture
    return found


def _decoder_of(init: Init) -> Any:
    decoder: Any = av.CodecContext.create(init.codec, "r")
    decoder.extradata = decoder_configuration(init.content, _CONFIGURATIONS[init.codec])
    # Each thread of a decoder holds frames of its own.
    decoder.thread_count = 1
    decoder.options = _DECODER
    return decoder


def _packets_until(pieces: list[Piece], moment_s: float) -> list[Any]:
    """The key frame, and what is decoded after it up to the moment."""
    packets: list[Any] = []
    for piece in pieces:
        for sample in _video_of(piece.content):
            packet = av.Packet(piece.content[sample.offset : sample.offset + sample.size])
            packet.pts, packet.dts = sample.decoded + sample.shift, sample.decoded
            at_s = pieces[0].start_s + (packet.dts - (packets or [packet])[0].dts) / TICKS_PER_SECOND
            if packets and at_s > moment_s + EXACT_S:
                return packets
            packets.append(packet)
    return packets


def _video_of(content: bytes) -> tuple[Sample, ...]:
    """Where pictures are rare, a piece begins with fragments of sound alone."""
    begin = 0
    for kind, box in take_boxes(bytearray(content)):
        runs = {run.track: run for run in runs_of(box)} if kind == b"moof" else {}
        if VIDEO_TRACK in runs:
            return tuple(replace(sample, offset=begin + sample.offset) for sample in runs[VIDEO_TRACK].samples)
        begin += len(box)
    return ()


def _jpeg(frame: Any, largest_side: int) -> bytes:
    """In the colours and the range that JPEG has; no larger than a ticket takes."""
    scale = min(1.0, largest_side / max(frame.width, frame.height))
    width, height = (max(2, round(side * scale) // 2 * 2) for side in (frame.width, frame.height))
    picture = frame.reformat(width, height, format="yuvj420p")
    written = b""
    for quality in QUALITIES:
        written = _encoded(picture, quality)
        if len(written) <= MOST_BYTES:
            break
    return written


def _encoded(picture: Any, quality: int) -> bytes:
    encoder: Any = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = picture.width, picture.height, "yuvj420p"
    encoder.time_base, encoder.thread_count = Fraction(1, 25), 1
    encoder.options = {"qmin": str(quality), "qmax": str(quality)}
    picture.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(picture), *encoder.encode(None)])
