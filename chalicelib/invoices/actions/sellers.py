"""The seller, as the installation's settings name it."""

from __future__ import annotations

import msgspec

from chalicelib.invoices.rules.parties import Seller
from chalicelib.settings import settings


def seller() -> Seller:
    """Whom invoices name as the seller."""
    return msgspec.convert({**settings.seller, "country": settings.seller_country}, Seller)
