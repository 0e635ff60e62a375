"""What `sowa-agent check` and `sowa-agent discover` say of ONVIF, in words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from sowa_agent.lens import LensConfig
from sowa_agent.onvif.device import SCHEME, OnvifConfig, OnvifDevice
from sowa_agent.onvif.discovery import Found
from sowa_agent.onvif.process import OnvifProcess
from sowa_agent.source import SourceProblem, Why

Say = Callable[[str], Any]
# A connection is a handful of calls, each of which waits for seconds where nobody answers.
SETTLED_WITHIN_S = 90.0
# A camera tells its states when it is asked to, which is at once, or with the first pull.
STATES_WITHIN_S = 12.0
CLOCK_S = 5.0


def check_onvif(configs: Mapping[str, OnvifConfig], say: Say) -> dict[str, OnvifDevice]:
    """The devices by their cameras' serial numbers, each of which now knows its streams or what is wrong."""
    devices = {sn: OnvifDevice(sn, config) for sn, config in configs.items()}
    stopped = threading.Event()
    process = threading.Thread(target=OnvifProcess(tuple(devices.values()), stopped).run)
    if devices:
        process.start()
    try:
        for sn, device in devices.items():
            if not device.wait_settled(SETTLED_WITHIN_S):
                device.problem = SourceProblem(Why.SILENT, "ONVIF")
            for line in _lines(device):
                say(f"{sn}, ONVIF ({device.config.address}): {line}")
    finally:
        stopped.set()
        if devices:
            process.join()
    return devices


def _lines(device: OnvifDevice) -> list[str]:
    if device.problem:
        return [f"WRONG: {device.problem}"]
    subs = sum(source["sub"] is not None for source in device.sources())
    lines = [f"{len(device.sources())} video source(s), {subs} with a sub stream; {_events(device)}"]
    if abs(device.ahead_s) > CLOCK_S:
        side = "ahead of" if device.ahead_s > 0 else "behind"
        lines.append(
            f"its clock is {abs(device.ahead_s):.0f} s {side} this host's, which is allowed for; set NTP in the camera."
        )
    return lines


def _events(device: OnvifDevice) -> str:
    if not device.has_events:
        return "no events: motion is looked for in the picture."
    kinds = device.wait_watched(STATES_WITHIN_S)
    if not kinds:
        return "events, of which none has come: motion is looked for in the picture until one does."
    return f"events: {', '.join(sorted(kinds))}."


def as_described(lens: LensConfig, device: OnvifDevice) -> LensConfig | None:
    """With the addresses that the device says; None without any."""
    if not lens.main.address.startswith(SCHEME):
        return lens
    try:
        main = device.stream(lens.main)
    except SourceProblem:
        return None
    try:
        return replace(lens, main=main, sub=device.stream(lens.sub) if lens.sub else None)
    except SourceProblem:
        return replace(lens, main=main, sub=None)


def say_found(found: list[Found], say: Say) -> int:
    """0 where there are any cameras."""
    for camera in found:
        say("  ".join(filter(None, (camera.address, camera.name, camera.hardware))))
    if not found:
        say("No camera answers. ONVIF may have to be switched on in the camera; --host asks one that is not reached.")
    return 0 if found else 1
