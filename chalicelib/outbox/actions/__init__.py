"""Use cases of mails: one module for each concern."""
