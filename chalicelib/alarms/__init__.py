"""What the cameras saw: snapshots that live for seven days."""
