"""Use cases of signing in: one module for each concern."""
