"""Clients of AWS, one file a service."""
