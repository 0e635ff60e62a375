"""What answers on ports of this machine for as long as a test needs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from infra.local.cloud import LocalCloud
from infra.local.control_api import ControlApi
from infra.local.server import HOST, Server, api, s3, take


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Nobody reads it."""


def ignore(line: str) -> None:
    """For what is said to nobody."""


@contextmanager
def running(*servers: BaseWSGIServer) -> Iterator[None]:
    """They answer until this is left."""
    threads = [threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for server, thread in zip(servers, threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


@contextmanager
def served(app: Any) -> Iterator[int]:
    """The port at which a WSGI application answers, for whom our cloud asks over HTTP."""
    server = make_server(HOST, 0, app, threaded=True, request_handler=_Quiet)
    with running(server):
        yield server.server_port


class Ports:
    """Two ports that nobody else gets: one for a cloud's API, one for its S3."""

    def __init__(self) -> None:
        self._taken = take(0), take(0)
        self.port, self.s3_port = (one.getsockname()[1] for one in self._taken)
        self.url, self.s3_url = f"http://{HOST}:{self.port}", f"http://{HOST}:{self.s3_port}"

    @property
    def told(self) -> dict[str, str]:
        """What a cloud that is served here must know of it."""
        return {"public_url": self.url, "media_url": self.s3_url}

    @contextmanager
    def serving(self, cloud: LocalCloud, web: Any = None, say: Callable[[str], None] = ignore) -> Iterator[None]:
        """The cloud's S3, and its API with `/_local`, or what `web` makes of it."""
        first, second = self._taken
        with running(
            Server(first, web or api(ControlApi(cloud, say)), say, cloud.channel), Server(second, s3(cloud), say)
        ):
            yield
