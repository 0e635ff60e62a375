"""WS-Discovery: the cameras of this network say where they are (OASIS WS-Discovery 1.0 of 2005, as ONVIF wants it).

It is one datagram there and one back, for which no library is needed.
"""

from __future__ import annotations

import re
import select
import socket
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

GROUP, PORT = "239.255.255.250", 3702
ANSWERS_S = 3.0
# UDP loses some.
SENT_TIMES, SENT_EVERY_S = 3, 0.4
MOST_BYTES = 65_535
MOST_FOUND = 256
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_PROBE = f"""<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="{_ADDRESSING}" xmlns:d="{_DISCOVERY}"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl"><e:Header><w:MessageID>%s</w:MessageID>
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To><w:Action>{_DISCOVERY}/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""
# Nor what turns the direction of what stands beside it on a terminal (https://unicode.org/reports/tr9/).
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


@dataclass(frozen=True)
class Found:
    """A camera: the address of its device service, and what it says of itself."""

    address: str
    name: str = ""
    hardware: str = ""


def discover(host: str = "", port: int = PORT, answers_s: float = ANSWERS_S) -> list[Found]:
    """By multicast on each interface, or of one `host` only, where no multicast comes; in the order of answers."""
    message_id = f"urn:uuid:{uuid.uuid4()}"
    probe = (_PROBE % message_id).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("", 0))
        asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        found: dict[str, Found] = {}
        end = time.monotonic() + answers_s
        for number in range(SENT_TIMES):
            _send(asking, probe, host, port)
            last = number == SENT_TIMES - 1
            for datagram, sender in _until(asking, end if last else min(end, time.monotonic() + SENT_EVERY_S)):
                for camera in cameras_in(datagram, message_id, sender):
                    if len(found) < MOST_FOUND:
                        found.setdefault(camera.address, camera)
    return list(found.values())


def _send(asking: socket.socket, probe: bytes, host: str, port: int) -> None:
    if host:
        with suppress(OSError):
            asking.sendto(probe, (host, port))
        return
    for number, _ in socket.if_nameindex():
        # One that has no address, or knows no multicast, is passed over.
        with suppress(OSError):
            interface = struct.pack("@4s4si", bytes(4), bytes(4), number)
            asking.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface)
            asking.sendto(probe, (GROUP, port))


def _until(asking: socket.socket, end: float) -> Iterator[tuple[bytes, str]]:
    """What comes, and from which host."""
    while (left_s := end - time.monotonic()) > 0:
        if select.select([asking], [], [], left_s)[0]:
            datagram, (sender, _) = asking.recvfrom(MOST_BYTES)
            yield datagram, sender


def cameras_in(datagram: bytes, message_id: str, sender: str) -> list[Found]:
    """Of an answer to this probe; nothing of any other datagram. Of several addresses the one at which it answered."""
    try:
        text = datagram.decode()  # in another encoding a document type could not be seen
        # Nobody needs one here, and what it could do to a parser is not tried out.
        if "<!DOCTYPE" in text or message_id not in text:
            return []
        envelope = ElementTree.fromstring(text)  # noqa: S314  # of 64 KB at most, without entities
    except (ElementTree.ParseError, ValueError, LookupError):
        return []
    # Some leave the plural out, and have a match in the body itself.
    matches = [one for one in envelope.iter() if one.find(f"{{{_DISCOVERY}}}XAddrs") is not None]
    return [camera for match in matches if (camera := _camera(match, sender)) is not None]


def _camera(match: ElementTree.Element, sender: str) -> Found | None:
    addresses = [one for one in match.findtext(f"{{{_DISCOVERY}}}XAddrs", "").split() if _is_address(one)]
    if not addresses:
        return None
    address = min(addresses, key=lambda one: urlsplit(one).hostname != sender)
    scopes = match.findtext(f"{{{_DISCOVERY}}}Scopes", "").split()
    return Found(address, _scope(scopes, "name"), _scope(scopes, "hardware"))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not _CONTROL.search(text)


def _scope(scopes: list[str], name: str) -> str:
    """Of `onvif://www.onvif.org/name/Front%20door` the end, as it may be shown on a terminal."""
    start = f"onvif://www.onvif.org/{name}/"
    found = next((one.removeprefix(start) for one in scopes if one.startswith(start)), "")
    return _CONTROL.sub(" ", unquote(found))[:64]
