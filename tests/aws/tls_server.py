"""A TLS server on the loopback that answers as a script says, with a certificate of a throw-away authority."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "localhost"
# Python's own sockets know the world's clock, OpenSSL the machine's: both lie in this.
_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC) + timedelta(days=36_500)


@dataclass(frozen=True)
class Authority:
    """Who signs certificates, and whom a client may trust."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    @cache
    def named(cls, name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        made = _certificate(own, key, own).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(key, made.sign(key, hashes.SHA256()))

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @cache  # noqa: B019  # there are two of them
    def server_context(self, host: str) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        own = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = _certificate(own, key, self.certificate.subject)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        signed = made.add_extension(names, critical=False).sign(self.key, hashes.SHA256())
        encoding, format_ = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        private = key.private_bytes(encoding, format_, serialization.NoEncryption())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with TemporaryDirectory() as folder:
            file = Path(folder, "chain.pem")
            file.write_bytes(private + signed.public_bytes(encoding))
            context.load_cert_chain(file)
        return context


def _certificate(own: x509.Name, key: ec.EllipticCurvePrivateKey, issuer: x509.Name) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
    )


@dataclass(frozen=True)
class Request:
    """What came: on which connection, with which headers, names in lower case."""

    connection: int
    headers: dict[str, str]
    body: bytes
    first: str


Act = Callable[[ssl.SSLSocket], None]


def says(raw: bytes) -> Act:
    return lambda connection: connection.sendall(raw)


def goes(raw: bytes = b"") -> Act:
    """Says this and closes, with TLS's goodbye."""

    def act(connection: ssl.SSLSocket) -> None:
        connection.sendall(raw)
        with contextlib.suppress(OSError):
            connection.unwrap()
        connection.close()

    return act


def breaks(raw: bytes = b"") -> Act:
    """Says this and is cut off."""

    def act(connection: ssl.SSLSocket) -> None:
        connection.sendall(raw)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    return act


def is_silent(connection: ssl.SSLSocket) -> None:
    """Says nothing, until the other side has enough of it."""
    connection.recv(1)
    connection.close()


class Server:
    """Plays one act for each request, in order."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.acts: list[Act] = []
        self.requests: list[Request] = []
        self.connections = 0
        self._context = context
        self._begun = threading.Condition()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @contextlib.contextmanager
    def running(self) -> Iterator[Server]:
        self._thread.start()
        try:
            yield self
        finally:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                plain, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(plain, self.connections), daemon=True).start()

    def _serve(self, plain: socket.socket, number: int) -> None:
        # Whatever a client that is under test does to it.
        with contextlib.suppress(OSError), plain:
            protected = self._context.wrap_socket(plain, server_side=True)
            with protected, protected.makefile("rb") as came:
                while (request := _read(came, number)) is not None:
                    self._begin(request)(protected)

    def _begin(self, request: Request) -> Act:
        with self._begun:
            self.requests.append(request)
            self._begun.notify_all()
            return self.acts.pop(0)

    def has_begun(self, count: int) -> bool:
        """Waits until so many requests have come: a client that is out of patience may be ahead of us."""
        with self._begun:
            return self._begun.wait_for(lambda: len(self.requests) >= count, timeout=30)


def _read(came: object, number: int) -> Request | None:
    lines = []
    while line := came.readline().strip():  # type: ignore[attr-defined]
        lines.append(line.decode())
    if not lines:
        return None
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = came.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Request(number, headers, body, lines[0])
