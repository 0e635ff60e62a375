"""Sowa: a camera cloud whose deletion can be proved."""

import gc

# What is imported stays. To look through it for garbage, again and again while it grows, is a fortieth of a cold start.
gc.set_threshold(500_000)

from chalicelib.store import models_alone as models_alone  # noqa: E402  # before any record is declared, and counted
