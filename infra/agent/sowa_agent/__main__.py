"""`sowa-agent`: runs the agent, says what is wrong with it, or which cameras are in the network."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

import av

from sowa_agent.agent import run_agent
from sowa_agent.check import check
from sowa_agent.config import SPOOL_FOLDER, Config, ConfigProblem, config_of, read_config
from sowa_agent.onvif.checking import say_found
from sowa_agent.onvif.discovery import discover

DEFAULT_FILE = "/etc/sowa-agent/agent.toml"
NOT_CONFIGURED = 2


def main() -> int:
    """0 when it was stopped or all is well, 1 when something failed, 2 for a wrong configuration, 3 where another agent
    has taken over."""
    chosen = _options().parse_args()
    prepare_logging()
    if chosen.what == "discover":
        return say_found(discover(chosen.host), print)
    try:
        config = _config(chosen)
    except ConfigProblem as problem:
        print(problem, file=sys.stderr)
        return NOT_CONFIGURED
    if chosen.what == "check":
        return check(config, print)
    stopped = threading.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, lambda *_: stopped.set())
    return run_agent(config, stopped)


def prepare_logging() -> None:
    logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(asctime)s %(message)s")
    # FFmpeg's own lines hold addresses, and passwords with them.
    av.logging.set_level(None)


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="sowa-agent", description=__doc__)
    options.add_argument("what", choices=("run", "check", "discover"), nargs="?", default="run")
    options.add_argument("--config", type=Path, default=Path(DEFAULT_FILE), help="the configuration, in TOML")
    options.add_argument("--source", help="instead of a configuration: rtsp://…, a video file or a folder of JPEGs")
    options.add_argument("--url", default="http://127.0.0.1:8000", help="with --source: where the cloud is")
    options.add_argument("--sn", default="", help="with --source: of a camera in stock; its secret is in $SECRET")
    options.add_argument("--spool", type=Path, default=Path(SPOOL_FOLDER), help="with --source: what waits lies there")
    options.add_argument("--host", default="", help="with discover: this host alone, where no multicast comes to it")
    return options


def _config(chosen: argparse.Namespace) -> Config:
    if chosen.source:
        return config_of(chosen.url, chosen.sn, os.environ.get("SECRET", ""), chosen.source, chosen.spool)
    return read_config(chosen.config)


if __name__ == "__main__":
    sys.exit(main())
