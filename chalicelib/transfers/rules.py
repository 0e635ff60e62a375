"""Rules of offers to hand a device over."""

from __future__ import annotations

from datetime import timedelta

OFFER_LIFE = timedelta(days=7)
MOST_OFFERS = 5
