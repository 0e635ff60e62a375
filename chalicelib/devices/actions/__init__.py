"""Use cases of devices: one module for each concern."""
