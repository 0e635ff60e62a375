"""Telling a person's terminals that something happened."""
