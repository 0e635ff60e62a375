"""Bounds of clips: how long and how large one is, and how many are made at once."""

from __future__ import annotations

from datetime import timedelta

LONGEST = timedelta(minutes=30)
KEPT = timedelta(hours=24)
# What a function's disk holds beside one segment; 30 minutes at the highest rate that a segment's bounds allow.
MOST_BYTES = 32 * 64 * 1024 * 1024
AT_ONCE, A_DAY = 3, 50
MP4 = "video/mp4"
