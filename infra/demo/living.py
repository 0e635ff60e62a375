"""`python -m infra.demo.living`: a camera that lives, for a cloud that runs: the agent with a file as its source, and a
serial number out of the cloud's stock if no other is named."""

from __future__ import annotations

import argparse
import os
import secrets
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.demo.client import Backstage, Refused, Unreachable, Wire
from infra.demo.footage import NoFootage, default_clip, prepare
from sowa_agent.__main__ import prepare_logging
from sowa_agent.agent import run_agent
from sowa_agent.config import ConfigProblem, config_of
from sowa_agent.source import SourceAddress


def from_the_factory(wire: Wire, sn: str, secret: str, say: Callable[[str], Any]) -> tuple[str, str]:
    """Serial number and secret of a camera that a local cloud has in stock, if no other is named."""
    if secret:
        return sn, secret
    sn, code, secret = f"DEMO{secrets.token_hex(4).upper()}", "DEMO-2345", secrets.token_hex(16)
    row = {"sn": sn, "model": "Sowa One", "code": code, "secret": secret}
    Backstage(wire).operation("load_devices", {"devices": [row]})
    say(f"Bind it with the serial number {sn} and the code {code}.")
    return sn, secret


def source_of(named: str, folder: Path) -> str:
    """Raises NoFootage."""
    return named if SourceAddress(named).is_rtsp else str(prepare(Path(named), folder, _tell))


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m infra.demo.living", description=__doc__)
    options.add_argument("--source", default=os.environ.get("SOURCE"), help="rtsp://…, a video, or a folder of JPEGs")
    options.add_argument("--url", default=os.environ.get("URL") or "http://127.0.0.1:8000", help="where the cloud is")
    options.add_argument("--sn", default=os.environ.get("SN", ""), help="of a camera that is in stock")
    options.add_argument("--secret", default=os.environ.get("SECRET", ""), help="its factory secret")
    chosen = options.parse_args()
    prepare_logging()
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    try:
        with tempfile.TemporaryDirectory(prefix="camera-") as folder:
            source = source_of(chosen.source or str(default_clip()), Path(folder))
            sn, secret = from_the_factory(Wire(chosen.url), chosen.sn, chosen.secret, _tell)
            return run_agent(config_of(chosen.url, sn, secret, source, Path(folder) / "spool"), stopped)
    except (NoFootage, Refused, Unreachable, ConfigProblem) as reason:
        _tell(str(reason))
        return 1


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
