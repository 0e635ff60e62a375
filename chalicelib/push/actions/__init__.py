"""Use cases of pushes."""
