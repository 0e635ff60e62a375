"""An environment of its own for ONVIF: the agent's library and ipycam, pinned with hashes, which nothing else needs."""

from __future__ import annotations

from pathlib import Path

from tests.outside.environments import ROOT, python_with

REQUIREMENTS = Path(__file__).with_name("requirements-onvif.txt")


def onvif_python() -> str:
    """The interpreter that has them; empty where they cannot be had."""
    return python_with(REQUIREMENTS)


def worker_command() -> tuple[str, ...]:
    """The agent's process for ONVIF in that environment, and with no other module of this one than the agent's."""
    agent = ROOT / "infra" / "agent"
    run = "runpy.run_module('sowa_agent.onvif.worker', run_name='__main__')"
    return onvif_python(), "-E", "-c", f"import sys, runpy; sys.path.insert(0, {str(agent)!r}); {run}"
