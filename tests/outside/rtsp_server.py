"""An RTSP server that others wrote (GStreamer's), as a process of its own: `rtsp_server.py '{"port": 8554, …}'`.

It runs on the Python of the system, which has GStreamer's bindings: on Debian `gir1.2-gst-rtsp-server-1.0`,
`python3-gi`, `gstreamer1.0-plugins-ugly` and `gstreamer1.0-plugins-bad`.
"""

from __future__ import annotations

import json
import signal
import sys
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402  # versions come first

JUMP_S = 1000


def serve(wanted: dict[str, Any]) -> None:
    """`mounts` says by its path how each stream is launched; `user` and `password` are asked for by digest. With each
    SIGUSR1 the time stamps jump, of the stream that was opened last."""
    Gst.init(None)
    latest: list[Any] = []
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(wanted["port"]))
    if "user" in wanted:
        server.set_auth(_digest(wanted["user"], wanted["password"]))
    for path, launch in wanted["mounts"].items():
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(launch)
        factory.set_shared(True)
        factory.connect("media-configure", lambda _, media: latest.__setitem__(slice(None), [media]))
        if "user" in wanted:
            _admit(factory, wanted["user"])
        server.get_mount_points().add_factory(path, factory)
    GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, signal.SIGUSR1, lambda: _jump(latest))
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


def _jump(latest: list[Any]) -> bool:
    """To where they are not after another jump; what comes behind the payloader keeps its pace."""
    for media in latest:
        payloader = media.get_element().get_by_name("pay0")
        before, behind = payloader.get_static_pad("sink").get_peer(), payloader.get_static_pad("src")
        before.set_offset((JUMP_S - before.get_offset() // Gst.SECOND) * Gst.SECOND)
        behind.set_offset(-before.get_offset())
    return True


def _digest(user: str, password: str) -> Any:
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(2)  # GST_RTSP_AUTH_DIGEST
    auth.add_digest(user, password, _token(user))
    return auth


def _token(user: str) -> Any:
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", user)
    return token


def _admit(factory: Any, user: str) -> None:
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role(user, "media.factory.access", True)
    permissions.add_permission_for_role(user, "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    serve(json.loads(sys.argv[1]))
