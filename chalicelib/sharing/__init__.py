"""Sharing of cameras with other people."""
