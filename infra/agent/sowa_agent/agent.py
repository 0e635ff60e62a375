"""The agent: all configured cameras, each of which goes on if another stops."""

from __future__ import annotations

import logging
import threading
import time

from sowa_agent.camera import Camera
from sowa_agent.clocks import Clock
from sowa_agent.cloud import CloudClient, Wire
from sowa_agent.config import CameraConfig, Config
from sowa_agent.onvif.device import OnvifDevice, OnvifOpener
from sowa_agent.onvif.process import OnvifProcess
from sowa_agent.opening import Open, Opener
from sowa_agent.spool import Spool

LOOK_S = 1.0
FAILED, REPLACED = 1, 3

log = logging.getLogger(__name__)


def camera_of(config: Config, camera: CameraConfig, stopped: threading.Event) -> Camera:
    spool = Spool(config.spool_folder / camera.identity.sn, config.most_spool_mb * 1024**2)
    cloud = CloudClient(Wire(config.url), camera.identity, Clock())
    opener: Open = Opener(time.monotonic, stopped.wait)
    onvif = OnvifDevice(camera.identity.sn, camera.onvif) if camera.onvif else None
    if onvif:
        opener = OnvifOpener(onvif, opener)
    return Camera(cloud, camera.lenses, spool, opener, config.back_within_s, stopped, onvif)


def run_agent(config: Config, stopped: threading.Event) -> int:
    """Until `stopped`, or until no camera runs any more; the exit status."""
    cameras = [camera_of(config, camera, threading.Event()) for camera in config.cameras]
    threads = [threading.Thread(target=camera.run) for camera in cameras]
    onvif_ended = threading.Event()
    onvif = threading.Thread(target=_run_onvif, args=(cameras, onvif_ended))
    onvif.start()
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) and not stopped.wait(LOOK_S):
        # A part that fails is a fault of ours: whoever runs the agent starts it anew.
        if any(camera.has_failed for camera in cameras):
            break
    for camera in cameras:
        camera.stopped.set()
    for thread in threads:
        thread.join()
    onvif_ended.set()
    onvif.join()
    if any(camera.has_failed for camera in cameras):
        return FAILED
    return REPLACED if all(camera.is_replaced for camera in cameras) else 0


def _run_onvif(cameras: list[Camera], ended: threading.Event) -> None:
    """What its cameras tell is worth having, and no reason to stop: without it they are watched like any other."""
    if devices := tuple(camera.onvif for camera in cameras if camera.onvif):
        try:
            OnvifProcess(devices, ended).run()
        except Exception:
            log.exception("ONVIF is not spoken any more.")
