"""`sowa-agent check`: says in words what is wrong with the cloud, the clock and each camera, and touches nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from sowa_agent.config import CameraConfig, Config
from sowa_agent.lens import LensConfig
from sowa_agent.onvif.checking import as_described, check_onvif
from sowa_agent.onvif.device import OnvifDevice
from sowa_agent.opening import Open, Opener
from sowa_agent.packets import TICKS_PER_SECOND, Packet
from sowa_agent.source import Session, SourceAddress, SourceProblem

WATCHED_S = 6.0
HOST_CLOCK_S = 5.0
LONG_BETWEEN_KEYS_S = 4.0

Say = Callable[[str], Any]


@dataclass
class _Seen:
    """What a few seconds of a stream tell."""

    size_bytes: int = 0
    frames: int = 0
    keys: list[float] = field(default_factory=list)
    lasted_s: float = 0.0

    def add(self, packet: Packet, since: float) -> None:
        self.lasted_s = packet.arrived - since
        self.size_bytes += len(packet.data)
        if packet.kind == "video":
            self.frames += 1
            if packet.is_key:
                self.keys.append(packet.arrived)


def check(config: Config, say: Say, host_s: Callable[[], float] = time.time) -> int:
    """0 if all is well. No camera is activated: that would end the token of an agent that runs."""
    open_source = Opener(time.monotonic)
    results = [_check_cloud(config.url, say, host_s)]
    with_onvif = {camera.identity.sn: camera.onvif for camera in config.cameras if camera.onvif}
    devices = check_onvif(with_onvif, say)
    results += [device.problem is None for device in devices.values()]
    for camera in config.cameras:
        for lens in _described_lenses(camera, devices):
            results.append(check_lens(camera.identity.sn, lens, open_source, say))
    return 0 if all(results) else 1


def _described_lenses(camera: CameraConfig, devices: dict[str, OnvifDevice]) -> list[LensConfig]:
    """Without those of which ONVIF ought to have said where they are, and said nothing."""
    device = devices.get(camera.identity.sn)
    lenses = [as_described(lens, device) if device else lens for lens in camera.lenses]
    return [lens for lens in lenses if lens is not None]


def check_lens(sn: str, lens: LensConfig, open_source: Open, say: Say) -> bool:
    results = [_check_stream(f"{sn}, channel {lens.id}", lens.main, open_source, say)]
    if lens.sub:
        results.append(_check_stream(f"{sn}, channel {lens.id}, sub stream", lens.sub, open_source, say))
    elif lens.detects_motion:
        say(f"{sn}, channel {lens.id}: no sub stream; motion is looked for at key frames only.")
    return all(results)


def _check_stream(label: str, address: SourceAddress, open_source: Open, say: Say) -> bool:
    try:
        session = open_source(address)
        try:
            seen = _watch(session)
        finally:
            session.close()
    except SourceProblem as problem:
        say(f"{label} ({address.shown}): WRONG: {problem}")
        return False
    say(f"{label} ({address.shown}): {_described(session, seen)}")
    for warning in _warnings(session, seen):
        say(f"{label}: {warning}")
    return True


def _watch(session: Session) -> _Seen:
    seen, since = _Seen(), time.monotonic()
    for packet in session.packets():
        seen.add(packet, since)
        if seen.lasted_s > WATCHED_S:
            break
    return seen


def _described(session: Session, seen: _Seen) -> str:
    rate = round(TICKS_PER_SECOND / session.frame_ticks)
    kilobits = round(seen.size_bytes * 8 / 1000 / max(seen.lasted_s, 0.1))
    return f"{session.codec}, {rate} frames a second, {kilobits} kbit/s, sound: {session.heard or 'none'}"


def _warnings(session: Session, seen: _Seen) -> list[str]:
    found = []
    if session.heard and session.sound is None:
        advice = 'Set the camera to AAC, if it can, or sound = "aac" here.'
        found.append(f"its sound ({session.heard}) is left out: only AAC is copied. {advice}")
    between = [after - before for before, after in zip(seen.keys, seen.keys[1:], strict=False)]
    if max(between, default=seen.lasted_s) > LONG_BETWEEN_KEYS_S:
        found.append("key frames are rare: set the camera to one in two seconds, or live views and seeking are slow.")
    return found


def _check_cloud(url: str, say: Say, host_s: Callable[[], float]) -> bool:
    try:
        answer = urllib3.request("GET", f"{url}/openapi.json", timeout=10, retries=False, preload_content=False)
        answer.release_conn()
    except (HTTPError, OSError) as error:
        say(f"The cloud ({url}): WRONG: no answer ({type(error).__name__}).")
        return False
    if answer.status != 200:
        say(f"The cloud ({url}): WRONG: it answers {answer.status}; is it the address of the API?")
        return False
    say(f"The cloud ({url}): answers.")
    _check_clock(answer.headers.get("Date", ""), say, host_s)
    return True


def _check_clock(date: str, say: Say, host_s: Callable[[], float]) -> None:
    """A wrong clock does no harm while the cloud is there, whose time is taken; after a start without it, it does."""
    try:
        ahead_s = host_s() - parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError):
        return
    if abs(ahead_s) > HOST_CLOCK_S:
        say(f"The host's clock is {abs(ahead_s):.0f} s {'ahead' if ahead_s > 0 else 'behind'}: is NTP on?")
