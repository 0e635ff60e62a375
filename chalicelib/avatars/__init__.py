"""The picture that people may give of themselves."""
