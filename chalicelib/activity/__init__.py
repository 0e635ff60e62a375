"""Audit log of accounts and devices, for their owners to read."""
