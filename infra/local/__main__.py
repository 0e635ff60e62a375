"""`python -m infra.local`: the whole cloud on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from infra.local.server import PortTaken, serve


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=int(os.environ.get("PORT") or 8000), help="the API's; S3 has the next"
    )
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    parser.add_argument(
        "--seed", type=int, default=None, help="make ids and codes repeatable, and begin at a fixed time"
    )
    parser.add_argument("--app", default="app", help="the module whose `app` is served")
    wanted = parser.parse_args()
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        serve(wanted.port, quiet=wanted.quiet, seed=wanted.seed, stopped=stopped, app_module=wanted.app)
    except PortTaken as taken:
        print(taken, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
