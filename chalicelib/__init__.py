"""Sowa: a camera cloud whose deletion can be proved."""
