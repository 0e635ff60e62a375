"""`localstripe`, a fake Stripe that others wrote (PyPI), in a process of its own on this machine: customers, payment
intents, refunds; it knows no checkout pages, no disputes and no idempotency."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.outside.environments import python_with

# Of any that begins so.
API_KEY = "sk_test_12345"
# It knows neither the list of a customer's payments nor what ways to pay are allowed, and forgets none of the cards of
# a customer that is deleted; Stripe does (its API reference), and what is asked for is asked for so.
# It keeps what it knows in `/tmp/localstripe.pickle`, which whoever runs two of them would share.
_START = """
import sys, localstripe.resources as resources
resources.store.dump_to_disk = lambda: None
intents = resources.PaymentIntent
create, list_all = intents._api_create.__func__, intents._api_list_all.__func__
def _create(cls, allowed_payment_method_types=None, **data):
    return create(cls, **data)
def _list_all(cls, url, customer=None, limit=None, starting_after=None):
    found = list_all(cls, url, limit=limit, starting_after=starting_after)
    found._list = [one for one in reversed(found._list) if customer in (None, one.customer)]
    return found
intents._api_create, intents._api_list_all = classmethod(_create), classmethod(_list_all)
from localstripe.server import start
sys.argv[1:] = ["--port", sys.argv[1], "--from-scratch"]
start()
"""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of one that knows nothing yet; empty where it cannot be had."""
    python = python_with(Path(__file__).with_name("requirements-stripe.txt"))
    if not python:
        yield ""
        return
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [python, "-c", _START, str(port)]
    with (folder / "localstripe.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)  # noqa: S603  # our own words
        try:
            _wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "localstripe did not start"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise TimeoutError("localstripe does not answer")
