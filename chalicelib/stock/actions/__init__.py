"""Use cases of cameras: one module for each concern."""
