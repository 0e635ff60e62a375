"""Durations that erasures wait for, apart from what erases: whoever has to wait as long imports no catalogue."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LONGEST_FUNCTION: Final = timedelta(seconds=60)
"""A function that began before a tombstone may write until its time-out; then nobody does."""
