"""Letting other people use one's cameras."""
