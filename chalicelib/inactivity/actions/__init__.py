"""Use cases of accounts that nobody uses: one module for each concern."""
