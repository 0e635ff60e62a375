"""An RTSP server that others wrote (GStreamer's), as a process of its own: `rtsp_server.py '{"port": 8554, …}'`.

It runs on the Python of the system, which has GStreamer's bindings: on Debian `gir1.2-gst-rtsp-server-1.0`,
`python3-gi`, `gstreamer1.0-plugins-ugly` and `gstreamer1.0-plugins-bad`.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402  # versions come first


def serve(wanted: dict[str, Any]) -> None:
    """`mounts` says by its path how each stream is launched; `user` and `password` are asked for by digest."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(str(wanted["port"]))
    if "user" in wanted:
        server.set_auth(_digest(wanted["user"], wanted["password"]))
    for path, launch in wanted["mounts"].items():
        factory = GstRtspServer.RTSPMediaFactory.new()
        factory.set_launch(launch)
        factory.set_shared(True)
        if "user" in wanted:
            _admit(factory, wanted["user"])
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


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
