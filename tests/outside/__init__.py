"""Tests with browsers, players and servers that others made."""
