"""Invariants of everything stored, at rest, whatever happened before: checked on a raw dump."""

from __future__ import annotations

from typing import Any

from tests.worlds.invariants import (  # noqa: F401  # each declares its own
    campaigns,
    erasure,
    gift_cards,
    media,
    money,
    newsletter,
    owners,
)
from tests.worlds.invariants.stored import INVARIANTS
from tests.worlds.invariants.stored import Row as Row
from tests.worlds.invariants.stored import Stored as Stored


def violations(dump: dict[str, Any]) -> list[str]:
    """Each sentence begins with the name of what does not hold."""
    stored = Stored(dump)
    return [f"{name}: {found}" for name, check in INVARIANTS.items() for found in check(stored)]
