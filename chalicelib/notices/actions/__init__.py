"""Use cases of notices: one module for each concern."""
