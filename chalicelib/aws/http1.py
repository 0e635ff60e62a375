"""HTTP/1.1 client over TLS: one request and its answer, over a connection that is kept."""

from __future__ import annotations

import os
import select
import socket
import ssl
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from chalicelib import clock

# Each wait is short, and so is a whole answer: one that comes drop by drop could hold a request for ever.
CONNECT_S, READ_S, WHOLE_S = 1.0, 3.0, 6.0
MOST_HEADERS, MOST_HEAD_BYTES, MOST_BODY_BYTES = 100, 64 * 1024, 64 * 1024 * 1024
_MOST_LINE_BYTES, _MOST_INTERIM, _MOST_DIGITS = 1024, 10, 10
_CHUNK_BYTES = 64 * 1024
_DIGITS = "0123456789abcdef"
_HEAD = "HEAD"
# Whoever says these twice may mean either.
_ONCE = ("content-length", "transfer-encoding")


class Response(NamedTuple):
    """An answer that is whole; names of headers are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class ConnectionLost(Exception):
    """No answer came, or none that is whole and well-formed; whether the request was carried out is not known."""


class _DiedIdle(ConnectionLost):
    """The connection ended before anything of an answer came."""


def exchange(method: str, host: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
    """The answer of `https://host/path`; the host may end with a port. Raises ConnectionLost.

    A connection that was kept may have ended meanwhile: then the request is sent once more, over a new one.
    """
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if not lines.count("\r") == lines.count("\n") == len(headers):
        raise ValueError("a header has a line break in it")
    length = "" if method == _HEAD else f"content-length: {len(body)}\r\n"
    request = f"{method} {path} HTTP/1.1\r\n{lines}{length}\r\n".encode("latin-1") + body
    kept = _kept().pop(host, None)
    if kept is not None and kept.is_quiet():
        try:
            return _exchanged(host, kept, request)
        except _DiedIdle:
            pass
    elif kept is not None:
        kept.close()
    return _exchanged(host, _connected(host), request)


_of_thread = threading.local()


def _kept() -> dict[str, _Connection]:
    """The connections of this thread, by host; one that is in use is not among them."""
    kept: dict[str, _Connection] | None = getattr(_of_thread, "kept", None)
    if kept is None:
        kept = _of_thread.kept = {}
    return kept


def _exchanged(host: str, connection: _Connection, request: bytes) -> Response:
    try:
        response, is_kept = connection.exchange(request)
    except OSError as cause:
        connection.close()
        raise ConnectionLost(f"{host}: {cause!r}") from cause
    except BaseException:
        connection.close()
        raise
    if is_kept:
        _kept()[host] = connection
    else:
        connection.close()
    return response


# Connecting


def _connected(host: str) -> _Connection:
    name, _, port = host.partition(":")
    try:
        try:
            return _Connection(_protected(name, port, _context()))
        except ssl.SSLCertVerificationError:
            return _Connection(_protected(name, port, _system_context()))
    except OSError as cause:
        raise ConnectionLost(f"{host}: {cause!r}") from cause


def _protected(name: str, port: str, context: ssl.SSLContext) -> ssl.SSLSocket:
    # It tries one address after the other, of both kinds.
    plain = socket.create_connection((name, int(port or 443)), timeout=CONNECT_S)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # An end without TLS's own goodbye is no end of an answer.
        protected = context.wrap_socket(plain, server_hostname=name, suppress_ragged_eofs=False)
        protected.settimeout(READ_S)
    except BaseException:
        plain.close()
        raise
    return protected


@cache
def _context() -> ssl.SSLContext:
    """One that trusts Amazon's own roots (https://www.amazontrust.com/repository/) and nobody else: reading all that a
    system trusts takes twenty times as long, at the first call of each container."""
    context = _strict_context()
    context.load_verify_locations(os.path.join(os.path.dirname(__file__), "amazon_roots.pem"))
    return context


@cache
def _system_context() -> ssl.SSLContext:
    """One that trusts whom the system trusts: for the day when AWS has other roots."""
    context = _strict_context()
    context.load_default_certs()
    return context


def _strict_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which verifies certificates and the host's name
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


# Reading


class _Connection:
    def __init__(self, protected: ssl.SSLSocket) -> None:
        self._socket = protected
        self._received = bytearray()
        self._late = 0.0

    def close(self) -> None:
        self._socket.close()

    def is_quiet(self) -> bool:
        """Whether nothing has come since the last answer: what nobody asked for would be taken for the next one, and
        after an end that is seen before the request was sent nothing is sent twice."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not self._socket.pending() and not poll.poll(0)

    def exchange(self, request: bytes) -> tuple[Response, bool]:
        """The answer to the request, and whether the connection is good for another one."""
        self._late = clock.ticks_s() + WHOLE_S
        try:
            self._socket.sendall(request)
            has_begun = self._receive()
        except TimeoutError:
            raise
        except OSError as cause:
            raise _DiedIdle(repr(cause)) from cause
        if not has_begun:
            raise _DiedIdle("the connection was closed")
        version, status, headers = self._head()
        # What it says of its length is that of what a GET would get.
        body, is_delimited = (b"", True) if request.startswith(_HEAD.encode()) else self._body(headers)
        is_kept = is_delimited and version == "HTTP/1.1" and "close" not in headers.get("connection", "").lower()
        # What came behind the answer is nobody's.
        return Response(status, headers, body), is_kept and not self._received

    def _receive(self) -> bool:
        """False at the end of what comes."""
        if clock.ticks_s() > self._late:
            raise ConnectionLost("the answer takes too long")
        received = self._socket.recv(_CHUNK_BYTES)
        self._received += received
        return bool(received)

    def _require_more(self) -> None:
        if not self._receive():
            raise ConnectionLost("the answer is cut short")

    def _head(self) -> tuple[str, int, dict[str, str]]:
        """That of the answer itself: those of 1xx before it only say that it will come."""
        for _ in range(_MOST_INTERIM):
            version, status, headers = _parsed_head(self._until(b"\r\n\r\n", MOST_HEAD_BYTES))
            if status // 100 != 1:
                return version, status, headers
        raise ConnectionLost("an answer is announced again and again")

    def _body(self, headers: dict[str, str]) -> tuple[bytes, bool]:
        """The body, and whether it is known where it ends."""
        coding, length = headers.get("transfer-encoding"), headers.get("content-length")
        if headers.get("content-encoding", "identity") != "identity":
            raise ConnectionLost("the answer is compressed, which nobody asked for")
        if coding is not None:
            if coding.lower() != "chunked" or length is not None:
                raise ConnectionLost(f"the length of the answer is said to be {coding[:80]!r} and {length!r}")
            return self._chunked(), True
        if length is None:
            return self._to_end(), False
        return self._exactly(_size(length, 10)), True

    def _until(self, end: bytes, most_bytes: int) -> bytes:
        searched = 0
        while (found := self._received.find(end, searched)) < 0 and len(self._received) <= most_bytes:
            searched = max(0, len(self._received) - len(end) + 1)
            self._require_more()
        if not 0 <= found <= most_bytes:
            raise ConnectionLost(f"more than {most_bytes} bytes without an end")
        return self._taken(found + len(end))[:found]

    def _exactly(self, count: int) -> bytes:
        if count > MOST_BODY_BYTES:
            raise ConnectionLost(f"{count} bytes in an answer")
        while len(self._received) < count:
            self._require_more()
        return self._taken(count)

    def _taken(self, count: int) -> bytes:
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _chunked(self) -> bytes:
        body = bytearray()
        while size := _size(self._until(b"\r\n", _MOST_LINE_BYTES).decode("latin-1").partition(";")[0].strip(), 16):
            body += self._exactly(size)
            if self._exactly(2) != b"\r\n" or len(body) > MOST_BODY_BYTES:
                raise ConnectionLost("a chunk is longer than it says, or there are too many")
        for _ in range(MOST_HEADERS):
            if not self._until(b"\r\n", _MOST_LINE_BYTES):
                return bytes(body)
        raise ConnectionLost("the trailer has no end")

    def _to_end(self) -> bytes:
        while len(self._received) <= MOST_BODY_BYTES:
            if not self._receive():
                return self._taken(len(self._received))
        raise ConnectionLost("the answer has no end")


def _size(text: str, base: int) -> int:
    if not 0 < len(text) <= _MOST_DIGITS or text.strip(_DIGITS[:base] + _DIGITS[:base].upper()):
        raise ConnectionLost(f"no size: {text[:80]!r}")
    return int(text, base)


def _parsed_head(head: bytes) -> tuple[str, int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    status, _, _ = rest.partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or not status.isdecimal() or len(status) != 3 or status < "100":
        raise ConnectionLost(f"no HTTP: {first[:80]!r}")
    if len(lines) > MOST_HEADERS or not head.count(b"\r") == head.count(b"\n") == len(lines):
        raise ConnectionLost(f"no headers, or too many: {head[:80]!r}")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.lower()
        if not colon or not name or " " in name or "\t" in name or (name in _ONCE and name in headers):
            raise ConnectionLost(f"no header: {line[:80]!r}")
        headers[name] = value.strip()
    return version, int(status), headers


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def date_of(text: str) -> datetime:
    """`Sun, 01 Nov 2026 10:15:00 GMT` (RFC 9110, 5.6.7), in a tenth of what `strptime` takes; raises ValueError."""
    try:
        _, day, month, year, time_of_day, zone = text.split(" ")
        hour, minute, second = time_of_day.split(":")
        if zone != "GMT":
            raise ValueError(text)
        date_and_time = (int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second))
        return datetime(*date_and_time, tzinfo=UTC)
    except (ValueError, OverflowError) as cause:
        raise ValueError(f"no date of HTTP: {text[:80]!r}") from cause
