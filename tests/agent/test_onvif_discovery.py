"""Cameras of the network are found by what they answer, and by nothing else."""

from __future__ import annotations

import re
import socket
import threading

import pytest

from sowa_agent.onvif.checking import say_found
from sowa_agent.onvif.discovery import Found, cameras_in, discover

ID = "urn:uuid:7b9e"
MATCH = """<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">
<s:Header><w:RelatesTo>{id}</w:RelatesTo></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><d:Scopes>
onvif://www.onvif.org/name/Front%20door%1B[31m%E2%80%AEx onvif://www.onvif.org/hardware/X1 onvif://www.onvif.org/Profile/S</d:Scopes>
<d:XAddrs>{addresses}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"""
ADDRESSES = "http://169.254.3.4/onvif/device_service http://192.0.2.7/onvif/device_service"


DOCUMENT_TYPE = '?><!DOCTYPE a [<!ENTITY b "c">]>'


def _match(addresses: str = ADDRESSES, message_id: str = ID) -> bytes:
    return MATCH.format(id=message_id, addresses=addresses).encode()


def _in_utf_16() -> bytes:
    """With a document type that cannot be seen in its bytes, and the probe's id in them nevertheless."""
    hidden = f"<!--{(ID + ' ').encode().decode('utf-16-le')}-->"
    text = MATCH.format(id=ID, addresses=ADDRESSES).replace("?>", f"{DOCUMENT_TYPE}{hidden}", 1)
    return b"\xff\xfe" + text.encode("utf-16-le")


def test_a_camera_is_found_at_the_address_that_answered() -> None:
    assert cameras_in(_match(), ID, "192.0.2.7") == [
        Found("http://192.0.2.7/onvif/device_service", "Front door [31m x", "X1")
    ]
    assert cameras_in(_match(), ID, "192.0.2.99")[0].address.startswith("http://169.254.3.4/")


@pytest.mark.parametrize(
    "datagram",
    [
        _match(message_id="urn:uuid:another"),
        _match(addresses=""),
        _match(addresses="file:///etc/passwd rtsp://192.0.2.7/ http:// http://[::1"),
        _match().replace(b"?>", DOCUMENT_TYPE.encode(), 1),
        _in_utf_16(),
        _match()[:-20],
        b"\xff\xfe" + _match(),
        ID.encode(),
        b"",
    ],
)
def test_what_is_no_answer_to_this_probe_is_no_camera(datagram: bytes) -> None:
    assert cameras_in(datagram, ID, "192.0.2.7") == []


def test_one_host_is_probed_without_multicast() -> None:
    """It answers twice, between rubbish; the probe is sent several times, and the camera is listed once."""
    camera = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    camera.bind(("127.0.0.1", 0))
    camera.settimeout(10)

    def answer() -> None:
        probe, sender = camera.recvfrom(65_535)
        (message_id,) = re.findall(rb"<w:MessageID>(.+?)</w:MessageID>", probe)
        for datagram in (b"\x00", _match(message_id=message_id.decode()), _match(message_id=message_id.decode())):
            camera.sendto(datagram, sender)

    thread = threading.Thread(target=answer)
    thread.start()
    found = discover("127.0.0.1", camera.getsockname()[1], answers_s=1.0)
    thread.join()
    camera.close()
    assert [one.name for one in found] == ["Front door [31m x"]


def test_where_nobody_listens_nothing_is_found() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert discover("127.0.0.1", port, answers_s=0.2) == []


def test_what_was_found_is_said_and_that_there_was_none() -> None:
    lines: list[str] = []
    assert say_found([Found("http://192.0.2.7/a", "Porch")], lines.append) == 0
    assert say_found([], lines.append) == 1
    assert lines[0] == "http://192.0.2.7/a  Porch" and "No camera answers" in lines[1]
