#!/usr/bin/env bash
# ipycam 1.3.0: with a password set, GetSystemDateAndTime is refused without one (401). ONVIF has it answered to everybody (Core
# Specification, access class PRE_AUTH), since WS-Security's digest bears a time that the device compares with its own: ipycam by
# 300 s. So a client whose clock is wrong, or whose camera's is, cannot learn by how much, and is told that its password is wrong.
# Only the Date in the refusal's HTTP headers says it.
# Seen: "without a password 401, with a Date: True; the right password at the right time 200, an hour late 401".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ipycam==1.3.0
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import base64
import datetime
import hashlib
import os
import socket
import urllib.error
import urllib.request
from importlib.metadata import version

from ipycam import CameraConfig, IPCamera

SECURITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
CREATED = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"


def port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def token(late_s):
    at = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=late_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    nonce = os.urandom(16)
    digest = base64.b64encode(hashlib.sha1(nonce + at.encode() + b"secret").digest()).decode()
    return (
        f'<w:Security xmlns:w="{SECURITY}" xmlns:u="{CREATED}"><w:UsernameToken><w:Username>viewer</w:Username>'
        f"<w:Password>{digest}</w:Password><w:Nonce>{base64.b64encode(nonce).decode()}</w:Nonce>"
        f"<u:Created>{at}</u:Created></w:UsernameToken></w:Security>"
    )


def status(header):
    body = (
        f'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header>{header}</s:Header><s:Body>'
        '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
    )
    address = f"http://127.0.0.1:{config.onvif_port}/onvif/device_service"
    wanted = urllib.request.Request(address, body.encode(), {"Content-Type": "application/soap+xml"})
    try:
        with urllib.request.urlopen(wanted, timeout=10) as answer:
            return answer.status, "Date" in answer.headers
    except urllib.error.HTTPError as refused:
        return refused.code, "Date" in refused.headers


config = CameraConfig(
    local_ip="127.0.0.1", onvif_port=port(), rtsp_port=port(), username="viewer", password="secret", main_width=64,
    main_height=48, sub_width=64, sub_height=48,
)
camera = IPCamera(config)
camera.start()
without, now, late = status(""), status(token(0)), status(token(3600))
print(
    f"ipycam {version('ipycam')}: without a password {without[0]}, with a Date: {without[1]}; the right password at the "
    f"right time {now[0]}, an hour late {late[0]}",
    flush=True,
)
assert (without, now[0], late[0]) == ((401, True), 200, 401), "the behaviour has changed"
camera.stop()
os._exit(0)
PY
