"""How much memory each function has, as memory.yaml declares it."""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DECLARED = Path(__file__).with_name("memory.yaml")
_content: dict[str, Any] = yaml.safe_load(DECLARED.read_text())
# With so many megabytes comes one vCPU, and with fewer a share of it.
VCPU_MB: int = _content["vcpu_mb"]
# What Lambda's own part of a container takes, beside the process of the interpreter with what we import.
RUNTIME_MB: int = _content["runtime_mb"]


class Undeclared(LookupError):
    """A function is in no class, or in two."""


@cache
def _classes() -> dict[str, dict[str, Any]]:
    named = [(function, one) for one in _content["classes"] for function in one["functions"]]
    twice = [function for function, count in Counter(function for function, _ in named).items() if count > 1]
    if twice:
        raise Undeclared(twice)
    return dict(named)


def declared() -> frozenset[str]:
    """The entry points that have any."""
    return frozenset(_classes())


def megabytes_of(entry_point: str) -> int:
    """Raises Undeclared."""
    return int(_of(entry_point)["megabytes"])


def reason_of(entry_point: str) -> str:
    """Raises Undeclared."""
    return str(_of(entry_point)["why"])


def _of(entry_point: str) -> dict[str, Any]:
    try:
        return _classes()[entry_point]
    except KeyError:
        raise Undeclared(entry_point) from None
