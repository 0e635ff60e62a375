"""Buying a plan, and the invoice for it."""
