"""Use cases of the newsletter: one module for each concern."""
