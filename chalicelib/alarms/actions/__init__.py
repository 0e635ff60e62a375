"""Use cases of alarms: one module for each concern."""
