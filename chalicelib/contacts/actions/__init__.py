"""Use cases of contacts: one module for each concern."""
