"""Avatars: the picture that people may give of themselves."""
