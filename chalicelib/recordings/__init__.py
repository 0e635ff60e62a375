"""Recordings: video that a plan keeps, in objects of up to a minute whose names are its index."""
