"""Alarms of the cameras: snapshots that live for seven days."""
