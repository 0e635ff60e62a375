"""Clips: what was recorded, as one MP4 file to keep."""
