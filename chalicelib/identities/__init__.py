"""Identities: signing in with another platform."""
