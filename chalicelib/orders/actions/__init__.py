"""Use cases of orders: one module for each concern."""
