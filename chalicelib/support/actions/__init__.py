"""Use cases of support: one module for each concern."""
