"""Playback: looking back at what was recorded, by days, on a line of time, and in any player."""
