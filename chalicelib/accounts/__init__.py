"""Accounts of people: registration, profile, addresses, and proof of them."""
