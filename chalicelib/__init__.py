"""Sowa: a camera cloud whose deletion can be proved."""

import gc

# What is imported stays. To look through it for garbage, again and again while it grows, is a fortieth of a cold start.
gc.set_threshold(500_000)
