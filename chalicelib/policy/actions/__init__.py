"""Use cases of the policy: one module for each concern."""
