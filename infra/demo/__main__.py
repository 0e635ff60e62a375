"""`python -m infra.demo`: one account's whole life against a local cloud, narrated while it happens."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from infra.demo.chapters import STEPS
from infra.demo.client import Unreachable, Wire
from infra.demo.console import BrokenPromise, Teller
from infra.demo.footage import NoFootage, default_clip, prepare
from infra.demo.life import Life
from infra.demo.server import NotStarted, local_cloud
from sowa_agent import cloud


def main(arguments: Sequence[str] | None = None, teller: Teller | None = None) -> int:
    """0 if every promise was kept, otherwise 1."""
    teller = teller or Teller()
    chosen = _parser().parse_args(arguments)
    try:
        _play(chosen, teller)
        return 0
    except BrokenPromise as broken:
        teller.broken(broken)
    except (NoFootage, NotStarted, Unreachable, cloud.Unreachable) as reason:
        teller.line()
        teller.say(str(reason))
    except KeyboardInterrupt:
        teller.line()
        teller.say("Stopped by hand.")
    return 1


def _play(chosen: argparse.Namespace, teller: Teller) -> None:
    source = Path(chosen.video) if chosen.video else default_clip()
    teller.say(f"The camera looks at {source.name}.")
    with tempfile.TemporaryDirectory(prefix="camera-") as folder:
        film = prepare(source, Path(folder), teller.say)
        with _cloud(chosen.url, teller) as url:
            Life(Wire(url), film, Path(folder) / "spool", teller).play(STEPS)


def _cloud(url: str | None, teller: Teller) -> AbstractContextManager[str]:
    if url:
        return nullcontext(url)
    teller.say("Starting a local cloud.")
    return local_cloud()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.demo", description=__doc__)
    parser.add_argument("--video", default=os.environ.get("VIDEO"), help="a video file or a folder of JPEG files")
    parser.add_argument("--url", help="a local cloud that runs already, e.g. http://127.0.0.1:8000")
    return parser


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # Ended from outside, it must still end the cloud that it started.
    signal.signal(signal.SIGTERM, _stop)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    sys.exit(main())
