"""Use cases of campaigns: one module for each concern."""
