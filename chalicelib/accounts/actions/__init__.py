"""Use cases of accounts: one module for each concern."""
