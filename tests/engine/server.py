"""The engine behind an address on loopback, for whoever speaks DynamoDB's protocol over HTTP."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.engine.engine import Engine


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    engine: Engine

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status, text = self.engine.answer(self.headers["X-Amz-Target"], body)
        said = text.encode()
        # One write: head and body in two would wait for each other.
        self.send_response_only(status)
        self.send_header("Content-Type", "application/x-amz-json-1.0")
        self.send_header("Content-Length", str(len(said)))
        self._headers_buffer += [b"\r\n", said]  # type: ignore[attr-defined]
        self.flush_headers()


def serving(engine: Engine, port: int = 0) -> ThreadingHTTPServer:
    """Not served yet; the system chooses the port."""
    handler = type("Handler", (_Handler,), {"engine": engine})
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
