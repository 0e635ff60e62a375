"""Serves a local cloud over HTTP: the API with `/_local` on one port, S3 on the next."""

from __future__ import annotations

import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from http import HTTPStatus
from typing import IO, Any, TextIO, cast

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler
from werkzeug.wsgi import LimitedStream

from infra.local import sockets
from infra.local.channel import Channel
from infra.local.cloud import LocalCloud
from infra.local.control_api import ControlApi
from infra.local.gateway import HttpRequest, Response, refused, request_of, status_line

HOST = "127.0.0.1"
DRAIN_BYTES, DRAIN_SECONDS = 256 * 1024 * 1024, 2.0
LOOK_EVERY_SECONDS = 0.2
REAP_EVERY_SECONDS = 60.0
# Enough for whoever asks /_local/trace now and then; a cloud that is left up for weeks must not fill the memory.
MOST_CALLS_TRACED = 100_000


class PortTaken(Exception):
    """The message is the sentence to show."""


class Handler(WSGIRequestHandler):
    """HTTP/1.1 with connections that stay open, which werkzeug's own handler does not do: it cannot know whether an app
    has read all of the body. Here everything is read first and sent immediately."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or a small answer waits 40 ms for the client's acknowledgement
    timeout = 75
    server: Server

    def run_wsgi(self) -> None:
        began = time.perf_counter()
        self.environ = environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            environ["wsgi.input"] = LimitedStream(cast("IO[bytes]", self.rfile), self._length(environ))
        environ["local.headers"] = [(name, str(value)) for name, value in self.headers.items()]
        if self.server.channel is not None and sockets.is_asked_for(environ):
            self._channel(self.server.channel, environ)
            return
        try:
            status, headers, body = self.server.answer(environ)
        except ConnectionError:
            raise
        except (ValueError, OSError) as error:  # of a chunked body that is none, or a length that is no number
            status, headers, body = "400 Bad Request", [("Content-Type", "text/plain")], f"{error}\n".encode()
            self.close_connection = True
        left = self._is_left(environ)
        self.close_connection |= left
        self.server.say(f"{self.command} {self.path.partition('?')[0]} {status[:3]} {_ms_since(began)} ms")
        self._send(status, headers, body)
        if left:
            self._drain()

    def _channel(self, channel: Channel, environ: dict[str, Any]) -> None:
        self.close_connection = True
        self.connection.settimeout(None)  # who has nothing to say for ten minutes is API Gateway's to judge
        status = sockets.serve(channel, environ)
        self.server.say(f"CHANNEL {self.path.partition('?')[0]} {status or 'over'}")
        if status is not None:
            self._send(status_line(status), [("Content-Type", "text/plain")], b"")

    def _length(self, environ: dict[str, Any]) -> int:
        text = environ.get("CONTENT_LENGTH") or "0"
        return int(text) if text.isascii() and text.isdigit() else 0

    def _is_left(self, environ: dict[str, Any]) -> bool:
        """Whether there is something of the body left, which would be taken for the next request."""
        stream = environ["wsgi.input"]
        return not stream._done if environ.get("wsgi.input_terminated") else stream.tell() < self._length(environ)

    def _drain(self) -> None:
        """A client that is still sending would see a broken connection instead of its answer."""
        self.connection.settimeout(DRAIN_SECONDS)
        left = DRAIN_BYTES
        with suppress(OSError):
            while left > 0 and (data := self.rfile.read1(65_536)):
                left -= len(data)

    def _send(self, status: str, headers: Iterable[tuple[str, str]], body: bytes) -> None:
        code = int(status[:3])
        # Not send_response(), which would add a Date of the machine and write a line of its own.
        self._headers_buffer = [f"HTTP/1.1 {status}\r\n".encode("latin-1")]
        sent = {name.lower() for name, _ in headers}
        for name, value in headers:
            self.send_header(name, value)
        if "content-length" not in sent and code >= HTTPStatus.OK and code not in (204, 304):
            self.send_header("Content-Length", str(len(body)))
        if "date" not in sent:
            self.send_header("Date", self.date_time_string())
        self.send_header("Connection", "close" if self.close_connection else "keep-alive")
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer = []
        self.wfile.write(head if self.command == "HEAD" else head + body)

    def log(self, type: str, message: str, *args: Any) -> None:
        self.server.say(message % args if args else message)


def _ms_since(began: float) -> int:
    return round((time.perf_counter() - began) * 1000)


WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Server(ThreadedWSGIServer):
    """One port, on a socket that was taken beforehand."""

    def __init__(
        self, taken: socket.socket, app: WsgiApp, say: Callable[[str], None], channel: Channel | None = None
    ) -> None:
        super().__init__(HOST, taken.getsockname()[1], app, handler=Handler, fd=taken.fileno())
        taken.close()  # the server has its own handle of it
        self.say = say
        self.channel = channel
        self.socket.listen(self.request_queue_size)

    def answer(self, environ: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
        sent: list[Any] = []
        parts = self.app(environ, lambda *status_and_headers: sent.extend(status_and_headers))  # type: ignore[arg-type]  # nobody calls write()
        body = b"".join(parts)
        return sent[0], sent[1], body

    def handle_error(self, request: Any, client_address: Any) -> None:
        self.say(traceback.format_exc())


class Terminal:
    """The real standard output; everything else that is written in this process is the functions' log."""

    def __init__(self, stream: TextIO, *, quiet: bool) -> None:
        self._stream = stream
        self._quiet = quiet
        self._lock = threading.Lock()

    def say(self, line: str) -> None:
        if not self._quiet:
            self.announce(line)

    def announce(self, line: str) -> None:
        with self._lock:
            try:
                self._stream.write(f"{line}\n")
                self._stream.flush()
            except (BrokenPipeError, ValueError):
                pass  # nobody reads any more; the cloud goes on


class Heart:
    """While the world's clock ticks: events come, schedules fire, and AWS deletes what is due, in the background."""

    def __init__(self, cloud: LocalCloud, say: Callable[[str], None]) -> None:
        self._cloud = cloud
        self._say = say
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._reaped = time.monotonic()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(5)

    def _beat(self) -> None:
        while not self._stopped.wait(LOOK_EVERY_SECONDS):
            try:
                with self._cloud.functions.rwlock.shared():
                    self._look()
            except Exception:  # it must beat on
                self._say(traceback.format_exc())

    def _look(self) -> None:
        self._cloud.settle()
        self._cloud.trace.forget_all_but(MOST_CALLS_TRACED)
        self._cloud.calendar.keep_up()
        if time.monotonic() - self._reaped >= REAP_EVERY_SECONDS:
            self._reaped = time.monotonic()
            self._cloud.calendar.reap()
        self._cloud.settle()


def api(control_api: ControlApi) -> WsgiApp:
    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        response = _answer(control_api, request_of(environ))
        start_response(status_line(response.status), list(response.headers))
        return [response.body]

    return app


def _answer(control_api: ControlApi, request: HttpRequest) -> Response:
    try:
        return control_api.handle(request)
    except Exception:  # every request gets an answer
        traceback.print_exc()  # goes to the log
        return refused(500, "Internal server error")


def s3(cloud: LocalCloud) -> WsgiApp:
    """An upload takes its turn like everything else: it does not happen while time moves."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with cloud.functions.rwlock.shared():
            return list(cloud.guard(environ, start_response))

    return app


def take(port: int) -> socket.socket:
    """Bind now and listen later: nobody gets an answer, and nobody else the port, before everything is up."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
    except (OSError, OverflowError) as error:
        taken.close()
        raise PortTaken(f"Port {port} cannot be had: {error}. Choose another with --port or PORT.") from error
    return taken


def serve(port: int, *, quiet: bool, seed: int | None, stopped: threading.Event, **how: Any) -> None:
    """Until `stopped` is set. Raises PortTaken before anything is made. `how` is the cloud's."""
    taken = [take(port), take_near(port)]
    api_url, s3_url = (f"http://{HOST}:{one.getsockname()[1]}" for one in taken)
    terminal = Terminal(sys.stdout, quiet=quiet)
    terminal.say("Setting up …")
    how = {"public_url": api_url, "media_url": s3_url, **how}
    cloud = LocalCloud.start(seed=seed, tick=True, logs_everything=True, tells_deliveries=True, **how)
    with cloud:
        servers = [
            Server(taken[0], api(ControlApi(cloud, terminal.say)), terminal.say, cloud.channel),
            Server(taken[1], s3(cloud), terminal.say),
        ]
        for server in servers:
            threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
        heart = Heart(cloud, terminal.say)
        heart.start()
        terminal.announce(f"API  {api_url}")
        terminal.announce(f"S3   {s3_url}")
        terminal.announce("ready")
        stopped.wait()
        heart.stop()
        for server in servers:
            server.shutdown()


def take_near(port: int) -> socket.socket:
    """The next port, or any if somebody has that one: its address is printed, nobody need guess it."""
    try:
        return take(port + 1 if port else 0)
    except PortTaken:
        return take(0)
