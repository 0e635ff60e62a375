"""`python -m infra.local`: the whole cloud on this machine, until Ctrl-C."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import Any

from infra.applier import BadParameter
from infra.local.server import PortTaken, serve


def platforms_of(environment: Mapping[str, str]) -> dict[str, str]:
    """The template's parameters of whom people may sign in with, of what is said by the functions' own names for them:
    `OIDC_GOOGLE_KEYS_URL` is OidcGoogleKeysUrl."""
    given = {name: value for name, value in environment.items() if name.startswith("OIDC_") and value}
    return {name.title().replace("_", ""): value for name, value in given.items()}


def main(**how: Any) -> int:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    # As text, so that what is no number is refused like an option that is none.
    port = os.environ.get("PORT") or "8000"
    parser.add_argument("--port", type=int, default=port, help="the API's; S3 has the next one")
    parser.add_argument("--quiet", action="store_true", help="no line for each request")
    parser.add_argument("--seed", type=int, help="repeatable ids and codes, and a fixed beginning of time")
    wanted = parser.parse_args()
    options = {"allowed_origin": os.environ.get("ALLOWED_ORIGIN", ""), "regions": os.environ.get("REGIONS") or "{}"}
    how = {"platforms": platforms_of(os.environ), **options, **how}
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    try:
        serve(wanted.port, quiet=wanted.quiet, seed=wanted.seed, stopped=stopped, **how)
    except (PortTaken, BadParameter) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
